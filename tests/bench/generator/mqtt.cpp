#include "mqtt.hpp"

#include <stdexcept>

namespace bench::mqtt {
namespace {

constexpr std::size_t kLongestRemainingLength = 4;

std::uint8_t byte(std::string_view bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

void add_byte(std::string& out, std::size_t value) {
    out.push_back(static_cast<char>(value & 0xff));
}

void add_two_bytes(std::string& out, std::size_t value) {
    add_byte(out, value >> 8);
    add_byte(out, value);
}

void add_text(std::string& out, std::string_view text) {
    add_two_bytes(out, text.size());
    out.append(text);
}

void add_fixed_header(std::string& out, std::uint8_t first, std::size_t length) {
    add_byte(out, first);
    for (; length > 0x7f; length >>= 7) add_byte(out, length | 0x80);
    add_byte(out, length);
}

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error(what);
}

std::size_t read_two_bytes(std::string_view bytes) {
    if (bytes.size() < 2) fail("the broker sent a packet that is too short");
    return static_cast<std::size_t>(byte(bytes, 0) << 8 | byte(bytes, 1));
}

}  // namespace

std::optional<Packet> take_packet(std::string_view& bytes) {
    std::size_t length = 0;
    for (std::size_t at = 1; at <= kLongestRemainingLength && at < bytes.size(); ++at) {
        length |= static_cast<std::size_t>(byte(bytes, at) & 0x7f) << (7 * (at - 1));
        if (byte(bytes, at) & 0x80) continue;
        if (bytes.size() - at - 1 < length) return std::nullopt;
        const Packet packet{static_cast<Type>(byte(bytes, 0) >> 4),
                            static_cast<std::uint8_t>(byte(bytes, 0) & 0x0f),
                            bytes.substr(at + 1, length)};
        bytes.remove_prefix(at + 1 + length);
        return packet;
    }
    if (bytes.size() > kLongestRemainingLength) fail("the broker sent a malformed length");
    return std::nullopt;
}

void check_connack(const Packet& packet) {
    if (packet.type != Type::connack) fail("the broker did not answer CONNECT with CONNACK");
    if (packet.body.size() != 2 || packet.body[1] != 0) fail("the broker refused a connection");
}

void check_suback(const Packet& packet) {
    if (packet.type != Type::suback) fail("the broker did not answer SUBSCRIBE with SUBACK");
    if (packet.body.size() != 3 || byte(packet.body, 2) > 2) fail("a subscription was refused");
}

Publication read_publish(const Packet& packet) {
    const auto qos = static_cast<std::uint8_t>(packet.flags >> 1 & 3);
    auto rest = packet.body;
    const auto after_topic = 2 + read_two_bytes(rest);
    if (rest.size() < after_topic) fail("the broker sent a PUBLISH that is too short");
    rest.remove_prefix(after_topic);
    if (qos == 0) return {qos, 0, rest};
    const auto packet_id = static_cast<std::uint16_t>(read_two_bytes(rest));
    return {qos, packet_id, rest.substr(2)};
}

std::uint16_t read_packet_id(const Packet& packet) {
    return static_cast<std::uint16_t>(read_two_bytes(packet.body));
}

void add_connect(std::string& out, std::string_view client_id) {
    constexpr std::string_view kProtocol("\x00\x04MQTT\x04", 7);
    constexpr std::uint8_t kCleanSession = 0x02;
    constexpr std::size_t kNoKeepAlive = 0;
    add_fixed_header(out, 0x10, kProtocol.size() + 1 + 2 + 2 + client_id.size());
    out.append(kProtocol);
    add_byte(out, kCleanSession);
    add_two_bytes(out, kNoKeepAlive);
    add_text(out, client_id);
}

void add_subscribe(std::string& out, std::uint16_t packet_id, std::string_view filter,
                   std::uint8_t qos) {
    add_fixed_header(out, 0x82, 2 + 2 + filter.size() + 1);
    add_two_bytes(out, packet_id);
    add_text(out, filter);
    add_byte(out, qos);
}

void add_publish(std::string& out, std::string_view topic, const Publication& publication) {
    const std::size_t id_size = publication.qos > 0 ? 2 : 0;
    add_fixed_header(out, static_cast<std::uint8_t>(0x30 | publication.qos << 1),
                     2 + topic.size() + id_size + publication.payload.size());
    add_text(out, topic);
    if (publication.qos > 0) add_two_bytes(out, publication.packet_id);
    out.append(publication.payload);
}

void add_puback(std::string& out, std::uint16_t packet_id) {
    add_fixed_header(out, 0x40, 2);
    add_two_bytes(out, packet_id);
}

void add_pingreq(std::string& out) {
    add_fixed_header(out, 0xc0, 0);
}

void add_disconnect(std::string& out) {
    add_fixed_header(out, 0xe0, 0);
}

void add_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) add_byte(out, number >> shift);
}

std::uint64_t read_number(std::string_view bytes) {
    if (bytes.size() < 8) fail("the broker delivered a payload that is too short");
    std::uint64_t number = 0;
    for (std::size_t at = 0; at < 8; ++at) number = number << 8 | byte(bytes, at);
    return number;
}

}  // namespace bench::mqtt
