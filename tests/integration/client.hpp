// A well-behaved MQTT client (libmosquitto), driven by the test's own thread.
//
// A call that waits for an answer of the broker drives all clients of its Loop meanwhile, so that
// each of them receives and acknowledges as a client in a process of its own would.

#pragma once

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "message.hpp"

namespace integration {

class Client;

class Loop {
  public:
    // Drives the clients until `done`. Throws DeadlinePassed, naming what was waited for.
    void run_until(const std::string& what, const std::function<bool()>& done);

  private:
    friend Client;
    std::vector<Client*> clients_;
};

// Where a broker listens: a port of the loopback interface, or a socket in the file system.
struct Endpoint {
    std::string host = "127.0.0.1";
    int port = 0;
    std::string mount_point = {};  // of the broker's listener
};

inline Endpoint loopback(std::uint16_t port) {
    return {.port = port};
}
inline Endpoint unix_socket(const std::string& path) {
    return {.host = path};
}

struct ClientOptions {
    int protocol = MQTT_PROTOCOL_V5;
    bool clean_start = true;           // clean session in MQTT 3
    std::uint32_t session_expiry = 0;  // seconds, MQTT 5; the session of MQTT 3 ends if clean
    std::optional<Message> will = {};  // its properties need MQTT 5
    std::uint32_t will_delay = 0;      // seconds, MQTT 5
    std::string username = {};
    std::string password = {};
    // MQTT 5. Not libmosquitto's own 20: the broker 2.0.11 exceeds it at times, a client then ends
    // the connection.
    std::uint16_t receive_maximum = 65535;
    std::uint32_t maximum_packet_size = 0;
};

// Options of a client whose session outlives its connection.
ClientOptions persistent(int protocol = MQTT_PROTOCOL_V5);

class Client {
  public:
    Client(Loop& loop, Endpoint endpoint, std::string id, ClientOptions options = {});
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // CONNECT, again after disconnect() or drop(); returns CONNACK's session present. Throws if
    // the broker refuses.
    bool connect();
    // With DISCONNECT. Returns when the broker has ended the connection: it has read all that the
    // client sent before. What it wrote meanwhile is lost, unacknowledged.
    void disconnect();
    // The same without DISCONNECT: the connection just ends. The client keeps its side of the
    // session.
    void drop();
    // Returns when the broker has read all that this client sent: mosquitto 2.0 reads one packet of
    // a client in each turn of its main loop. (PUBACK comes, too, where access control denies.)
    void flush() { finish_publish(start_flush()); }
    int start_flush();
    bool connected() const { return connected_; }

    // Return the reason code of SUBACK for each filter: the QoS granted, or 128 and above.
    // `options` are MQTT_SUB_OPT_..., `identifier` is the subscription identifier (MQTT 5).
    int subscribe(const std::string& filter, int qos = 2, int options = 0,
                  std::uint32_t identifier = 0);
    std::vector<int> subscribe(const std::vector<std::string>& filters, int qos = 2);
    // Returns when UNSUBACK is there.
    void unsubscribe(const std::string& filter);

    // Return when the broker has taken over the responsibility: for QoS 0 when it was sent, for
    // QoS 1 and 2 with the reason code of PUBACK, PUBREC or PUBCOMP.
    int publish(const Message& message);
    int publish(const std::string& topic, const std::string& payload, int qos = 0);
    // All at once, as far as the receive maximum goes.
    void publish(const std::vector<Message>& messages);
    // In two steps.
    int start_publish(const Message& message);
    int finish_publish(int packet);

    const std::string& id() const { return id_; }
    const std::string& mount_point() const { return endpoint_.mount_point; }
    // What has arrived since the last take_...(), fences excepted.
    const std::vector<Message>& messages() const { return messages_; }
    std::vector<std::string> payloads() const;
    std::vector<Message> take_messages();
    std::vector<std::string> take_payloads();
    // Returns when that many messages() are there.
    void wait_for_messages(std::size_t count);

    // See BrokerTest::settle(). With a $, so that nobody's # matches it.
    std::string fence_topic() const { return "$fence/" + id_; }
    void wait_for_fence(const std::string& payload);

  private:
    friend Loop;
    void on_message(const mosquitto_message& message, const mosquitto_property* properties);
    void set_will(const Message& will);
    void set_callbacks();
    PropertyList connect_properties() const;
    // Like Loop::run_until(); throws at once if the connection ends before.
    void wait_for(const std::string& what, const std::function<bool()>& done);

    Loop& loop_;
    Endpoint endpoint_;
    std::string id_;
    ClientOptions options_;
    mosquitto* mosquitto_;
    bool connected_ = false;
    std::optional<int> connack_;
    bool session_present_ = false;
    std::map<int, std::vector<int>> subacks_;  // by packet identifier
    std::map<int, int> published_;
    std::vector<int> unsubacks_;
    std::vector<Message> messages_;
    std::string last_fence_;
};

}  // namespace integration
