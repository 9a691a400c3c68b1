// An MQTT client made of bare packets, for what a client library does not let one do: withhold
// acknowledgements, send a PUBLISH again with DUP, subscribe to malformed filters, read UNSUBACK's
// reason codes. It acknowledges nothing by itself and speaks MQTT 3.1, 3.1.1 and 5.

#pragma once

#include <cstdint>
#include <deque>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "packet.hpp"
#include "stream.hpp"

namespace integration {

// A PUBLISH packet, without its properties.
struct Publish {
    std::string topic = {};
    std::string payload = {};
    int qos = 0;
    std::uint16_t identifier = 0;
    bool dup = false;
    bool retain = false;

    bool operator==(const Publish&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Publish& publish);

struct RawOptions {
    int protocol = 5;  // 3 is MQTT 3.1, 4 is MQTT 3.1.1
    bool clean_start = true;
    std::uint32_t session_expiry = 0;   // seconds, MQTT 5
    std::uint16_t receive_maximum = 0;  // MQTT 5; 0 leaves it out
    bool websocket = false;
};

class RawClient {
  public:
    RawClient(std::uint16_t port, const std::string& id, RawOptions options = {});

    bool session_present() const { return session_present_; }

    // The options byte of each filter; its lowest two bits are the QoS. Returns SUBACK's codes.
    std::vector<int> subscribe(const std::vector<std::string>& filters, std::uint8_t options = 2);
    // Without waiting for SUBACK: for filters at which the broker ends the connection.
    void send_subscribe(const std::vector<std::string>& filters, std::uint8_t options = 2);
    void send_unsubscribe(const std::vector<std::string>& filters);
    // UNSUBACK's codes; none before MQTT 5.
    std::vector<int> unsubscribe(const std::vector<std::string>& filters);

    // Sends; the answer is up to the test.
    void publish(const Publish& publish);
    void send(PacketType type, std::uint16_t identifier);
    // The next packet of that type; those before it are kept if they are PUBLISH, or else dropped.
    Packet expect(PacketType type);
    // The first PUBLISH that was not returned yet; waits for it.
    Publish next_publish();
    // Everything else that was published to this client until now: a PINGREQ goes around.
    std::vector<Publish> received();
    // With DISCONNECT; returns when the broker has ended the connection, that is, has noticed.
    void disconnect();
    // True when the broker ends the connection. Reads on until then, or until the broker answers a
    // ping, which says that the connection lives.
    bool ended_by_broker();

    void send_bytes(std::string_view bytes);

  private:
    std::optional<Packet> read_packet();
    Publish parse_publish(const Packet& packet) const;

    std::unique_ptr<Stream> stream_;
    RawOptions options_;
    bool session_present_ = false;
    std::uint16_t last_identifier_ = 0;
    std::deque<Publish> publishes_;
};

// The identifier of PUBACK, PUBREC, PUBREL, PUBCOMP.
std::uint16_t identifier_of(const Packet& packet);

}  // namespace integration
