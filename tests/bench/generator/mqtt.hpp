// The little of MQTT 3.1.1 that a load generator sends and reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench::mqtt {

enum class Type : std::uint8_t {
    connack = 2,
    publish = 3,
    puback = 4,
    suback = 9,
    pingresp = 13,
};

/// One packet as it was received; views into the buffer it was read from.
struct Packet {
    Type type;
    std::uint8_t flags;
    std::string_view body;  // without the fixed header
};

struct Publication {
    std::uint8_t qos;
    std::uint16_t packet_id;  // 0 with QoS 0
    std::string_view payload;
};

/// Takes the first packet off `bytes`; nothing if it is not there as a whole.
std::optional<Packet> take_packet(std::string_view& bytes);

/// All of these throw std::runtime_error if the packet is malformed or says that something failed.
void check_connack(const Packet& packet);
void check_suback(const Packet& packet);
Publication read_publish(const Packet& packet);
std::uint16_t read_packet_id(const Packet& packet);

/// Appended to `out`, which is a connection's output.
void add_connect(std::string& out, std::string_view client_id);
void add_subscribe(std::string& out, std::uint16_t packet_id, std::string_view filter,
                   std::uint8_t qos);
void add_publish(std::string& out, std::string_view topic, const Publication& publication);
void add_puback(std::string& out, std::uint16_t packet_id);
void add_pingreq(std::string& out);
void add_disconnect(std::string& out);

/// Numbers within a payload, in network byte order.
void add_number(std::string& out, std::uint64_t number);
std::uint64_t read_number(std::string_view bytes);

}  // namespace bench::mqtt
