// Control packets of MQTT 3.1.1 and 5 as bytes and back: also those that no client library would
// send.

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "../integration/packet.hpp"

namespace fuzz {

using integration::Packet;
using integration::PacketType;

// MQTT 5 section 2.2.2.2.
namespace property {
constexpr std::uint8_t payload_format = 1, message_expiry = 2, content_type = 3, response_topic = 8,
                       correlation_data = 9, subscription_identifier = 11, session_expiry = 17,
                       will_delay = 24, receive_maximum = 33, topic_alias_maximum = 34,
                       topic_alias = 35, user = 38, maximum_packet_size = 39;
}

struct Property {
    std::uint8_t identifier = 0;
    std::uint32_t number = 0;  // of those that are numbers
    std::string text = {};     // of the others; the name of a user property
    std::string value = {};    // of a user property
};
using Properties = std::vector<Property>;

struct Message {
    std::string topic = {};
    std::string payload = {};
    int qos = 0;
    bool retain = false;
    Properties properties = {};
    std::uint16_t identifier = 0;
    bool dup = false;
};

// What the broker sent is no MQTT.
struct BadPacket : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string byte(unsigned value);
std::string two_bytes(std::size_t value);
std::string four_bytes(std::uint32_t value);
std::string text(std::string_view value);  // its length before it
std::string variable(std::size_t value);   // MQTT 5 section 1.5.5

std::string encode(const Properties& properties);  // the length of all before them
std::string frame(PacketType type, unsigned flags, std::string_view body);
std::string encode_publish(const Message& message, int protocol);

// Both throw BadPacket.
Message decode_publish(const Packet& packet, int protocol);
std::uint16_t identifier_of(const Packet& packet);
// Of SUBACK and UNSUBACK; none before MQTT 5 for the latter.
std::vector<int> reason_codes(const Packet& packet, int protocol);
// Removes the first packet from the bytes; false if it is not complete.
bool take_packet(std::string& bytes, Packet& packet);

// One line: what a subscriber can tell of it, topic alias and packet identifier apart.
std::string describe(const Message& message);
// Short and printable.
std::string shown(std::string_view value, std::size_t most = 40);

}  // namespace fuzz
