#include "raw_client.hpp"

#include <ostream>
#include <stdexcept>

namespace integration {
namespace {

std::string byte(unsigned value) {
    return std::string(1, static_cast<char>(value));
}
std::string two_bytes(std::size_t value) {
    return byte(static_cast<unsigned>(value >> 8 & 0xFF)) +
           byte(static_cast<unsigned>(value & 0xFF));
}
std::string text(std::string_view value) {
    return two_bytes(value.size()) += value;
}

std::string frame(PacketType type, unsigned flags, const std::string& body) {
    std::string result = byte(static_cast<unsigned>(type) << 4 | flags);
    std::size_t rest = body.size();
    do {  // MQTT 5 section 1.5.5
        const auto low = static_cast<unsigned>(rest % 128);
        rest /= 128;
        result += byte(rest > 0 ? low | 0x80 : low);
    } while (rest > 0);
    return result += body;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t position) {
    if (position >= bytes.size()) throw std::runtime_error("the packet is too short");
    return static_cast<std::uint8_t>(bytes[position]);
}

std::uint16_t two_bytes_at(std::string_view bytes, std::size_t position) {
    return static_cast<std::uint16_t>(byte_at(bytes, position) << 8 | byte_at(bytes, position + 1));
}

// Where what follows the properties begins; they begin at `position`.
std::size_t after_properties(std::string_view bytes, std::size_t position) {
    std::size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
        const auto next = byte_at(bytes, position++);
        size |= static_cast<std::size_t>(next & 0x7F) << shift;
        if ((next & 0x80) == 0) return position + size;
    }
}

std::string connect_packet(const std::string& id, const RawOptions& options) {
    constexpr std::size_t keep_alive = 60;
    std::string body = text(options.protocol == 3 ? "MQIsdp" : "MQTT");
    body += byte(static_cast<unsigned>(options.protocol));
    body += byte(options.clean_start ? 2 : 0) + two_bytes(keep_alive);
    if (options.protocol == 5) {
        constexpr unsigned session_expiry_interval = 17;
        constexpr unsigned receive_maximum = 33;
        std::string properties = byte(session_expiry_interval) +
                                 two_bytes(options.session_expiry >> 16) +
                                 two_bytes(options.session_expiry & 0xFFFF);
        if (options.receive_maximum != 0) {
            properties += byte(receive_maximum) + two_bytes(options.receive_maximum);
        }
        body += byte(static_cast<unsigned>(properties.size())) + properties;
    }
    return frame(PacketType::connect, 0, body + text(id));
}

std::vector<int> codes(const Packet& packet, int protocol) {
    const std::size_t first = protocol == 5 ? after_properties(packet.body, 2) : 2;
    std::vector<int> result;
    for (auto i = first; i < packet.body.size(); ++i) result.push_back(byte_at(packet.body, i));
    return result;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Publish& publish) {
    return stream << publish.topic << " '" << publish.payload << "' QoS " << publish.qos << " #"
                  << publish.identifier << (publish.dup ? " dup" : "")
                  << (publish.retain ? " retain" : "");
}

std::uint16_t identifier_of(const Packet& packet) {
    return two_bytes_at(packet.body, 0);
}

RawClient::RawClient(std::uint16_t port, const std::string& id, RawOptions options)
    : stream_(options.websocket ? websocket_stream(port) : tcp_stream(port)), options_(options) {
    send_bytes(connect_packet(id, options_));
    const Packet connack = expect(PacketType::connack);
    if (byte_at(connack.body, 1) != 0) throw std::runtime_error("the broker refuses " + id);
    session_present_ = (byte_at(connack.body, 0) & 1) != 0;
}

void RawClient::send_subscribe(const std::vector<std::string>& filters, std::uint8_t options) {
    std::string body = two_bytes(++last_identifier_);
    if (options_.protocol == 5) body += byte(0);
    for (const auto& filter : filters) body += text(filter) + byte(options);
    send_bytes(frame(PacketType::subscribe, 2, body));
}

std::vector<int> RawClient::subscribe(const std::vector<std::string>& filters,
                                      std::uint8_t options) {
    send_subscribe(filters, options);
    return codes(expect(PacketType::suback), options_.protocol);
}

void RawClient::send_unsubscribe(const std::vector<std::string>& filters) {
    std::string body = two_bytes(++last_identifier_);
    if (options_.protocol == 5) body += byte(0);
    for (const auto& filter : filters) body += text(filter);
    send_bytes(frame(PacketType::unsubscribe, 2, body));
}

std::vector<int> RawClient::unsubscribe(const std::vector<std::string>& filters) {
    send_unsubscribe(filters);
    return codes(expect(PacketType::unsuback), options_.protocol);
}

void RawClient::publish(const Publish& publish) {
    const auto flags = static_cast<unsigned>(publish.qos << 1) | (publish.dup ? 8U : 0U) |
                       (publish.retain ? 1U : 0U);
    std::string body = text(publish.topic);
    if (publish.qos > 0) body += two_bytes(publish.identifier);
    if (options_.protocol == 5) body += byte(0);
    send_bytes(frame(PacketType::publish, flags, body + publish.payload));
}

void RawClient::send(PacketType type, std::uint16_t identifier) {
    send_bytes(frame(type, type == PacketType::pubrel ? 2 : 0, two_bytes(identifier)));
}

void RawClient::send_bytes(std::string_view bytes) {
    stream_->send(bytes);
}

std::optional<Packet> RawClient::read_packet() {
    std::string bytes;
    if (!stream_->receive(1, bytes)) return std::nullopt;
    const auto first = byte_at(bytes, 0);
    std::size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (!stream_->receive(1, bytes)) return std::nullopt;
        const auto next = byte_at(bytes, 0);
        size |= static_cast<std::size_t>(next & 0x7F) << shift;
        if ((next & 0x80) == 0) break;
    }
    if (!stream_->receive(size, bytes)) return std::nullopt;
    return Packet{.type = static_cast<PacketType>(first >> 4),
                  .flags = static_cast<std::uint8_t>(first & 0x0F),
                  .body = bytes};
}

Packet RawClient::expect(PacketType type) {
    while (auto packet = read_packet()) {
        if (packet->type == type) return *packet;
        if (packet->type == PacketType::publish) publishes_.push_back(parse_publish(*packet));
    }
    throw std::runtime_error("the broker ended the connection");
}

Publish RawClient::next_publish() {
    if (publishes_.empty()) return parse_publish(expect(PacketType::publish));
    const Publish result = publishes_.front();
    publishes_.pop_front();
    return result;
}

Publish RawClient::parse_publish(const Packet& packet) const {
    Publish result{.qos = packet.flags >> 1 & 3,
                   .dup = (packet.flags & 8) != 0,
                   .retain = (packet.flags & 1) != 0};
    const std::size_t topic_size = two_bytes_at(packet.body, 0);
    result.topic = packet.body.substr(2, topic_size);
    std::size_t position = 2 + topic_size;
    if (result.qos > 0) {
        result.identifier = two_bytes_at(packet.body, position);
        position += 2;
    }
    if (options_.protocol == 5) position = after_properties(packet.body, position);
    result.payload = packet.body.substr(position);
    return result;
}

std::vector<Publish> RawClient::received() {
    send_bytes(frame(PacketType::pingreq, 0, ""));
    expect(PacketType::pingresp);
    std::vector<Publish> result(publishes_.begin(), publishes_.end());
    publishes_.clear();
    return result;
}

void RawClient::disconnect() {
    send_bytes(frame(PacketType::disconnect, 0, ""));
    while (read_packet()) {
    }
}

bool RawClient::ended_by_broker() {
    send_bytes(frame(PacketType::pingreq, 0, ""));
    while (const auto packet = read_packet()) {
        if (packet->type == PacketType::pingresp) return false;
    }
    return true;
}

}  // namespace integration
