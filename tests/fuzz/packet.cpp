#include "packet.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>

namespace fuzz {
namespace {

enum class Form { byte, two_bytes, four_bytes, variable, text, pair };

Form form_of(std::uint8_t identifier) {
    switch (identifier) {
        case 1:
        case 23:
        case 25:
        case 36:
        case 37:
        case 40:
        case 41:
        case 42:
            return Form::byte;
        case 19:
        case 33:
        case 34:
        case 35:
            return Form::two_bytes;
        case 2:
        case 17:
        case 24:
        case 39:
            return Form::four_bytes;
        case 11:
            return Form::variable;
        case 38:
            return Form::pair;
        default:
            return Form::text;
    }
}

// Reads from the front; throws BadPacket at the end.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    std::string_view rest() const { return bytes_; }
    std::string_view take(std::size_t count) {
        if (bytes_.size() < count) throw BadPacket("a packet of the broker is too short");
        const auto result = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return result;
    }
    std::uint32_t number(std::size_t size) {
        std::uint32_t result = 0;
        for (const char each : take(size)) result = result << 8 | static_cast<unsigned char>(each);
        return result;
    }
    std::uint32_t variable() {
        std::uint32_t result = 0;
        for (unsigned shift = 0; shift < 28; shift += 7) {
            const auto next = number(1);
            result |= (next & 0x7F) << shift;
            if ((next & 0x80) == 0) return result;
        }
        throw BadPacket("a length of the broker is too long");
    }
    std::string text() { return std::string(take(number(2))); }
    Properties properties() {
        Reader list(take(variable()));
        Properties result;
        while (!list.empty()) result.push_back(list.property());
        return result;
    }

  private:
    Property property() {
        Property result{.identifier = static_cast<std::uint8_t>(number(1))};
        switch (form_of(result.identifier)) {
            case Form::byte:
                result.number = number(1);
                break;
            case Form::two_bytes:
                result.number = number(2);
                break;
            case Form::four_bytes:
                result.number = number(4);
                break;
            case Form::variable:
                result.number = variable();
                break;
            case Form::text:
                result.text = text();
                break;
            case Form::pair:
                result.text = text();
                result.value = text();
                break;
        }
        return result;
    }

    std::string_view bytes_;
};

std::string encode(const Property& one) {
    const auto identifier = byte(one.identifier);
    switch (form_of(one.identifier)) {
        case Form::byte:
            return identifier + byte(one.number);
        case Form::two_bytes:
            return identifier + two_bytes(one.number);
        case Form::four_bytes:
            return identifier + four_bytes(one.number);
        case Form::variable:
            return identifier + variable(one.number);
        case Form::text:
            return identifier + text(one.text);
        case Form::pair:
            return identifier + text(one.text) + text(one.value);
    }
    return {};
}

}  // namespace

std::string byte(unsigned value) {
    return std::string(1, static_cast<char>(value & 0xFF));
}
std::string two_bytes(std::size_t value) {
    return byte(static_cast<unsigned>(value >> 8)) + byte(static_cast<unsigned>(value));
}
std::string four_bytes(std::uint32_t value) {
    return two_bytes(value >> 16) + two_bytes(value & 0xFFFF);
}
std::string text(std::string_view value) {
    return two_bytes(value.size()).append(value);
}
std::string variable(std::size_t value) {
    std::string result;
    do {
        const auto low = static_cast<unsigned>(value % 128);
        value /= 128;
        result += byte(value > 0 ? low | 0x80 : low);
    } while (value > 0);
    return result;
}

std::string encode(const Properties& properties) {
    std::string list;
    for (const auto& each : properties) list += encode(each);
    return variable(list.size()) + list;
}

std::string frame(PacketType type, unsigned flags, std::string_view body) {
    return (byte(static_cast<unsigned>(type) << 4 | flags) + variable(body.size())).append(body);
}

std::string encode_publish(const Message& message, int protocol) {
    const auto flags = static_cast<unsigned>(message.qos << 1) | (message.dup ? 8U : 0U) |
                       (message.retain ? 1U : 0U);
    std::string body = text(message.topic);
    if (message.qos > 0) body += two_bytes(message.identifier);
    if (protocol == 5) body += encode(message.properties);
    return frame(PacketType::publish, flags, body + message.payload);
}

Message decode_publish(const Packet& packet, int protocol) {
    Message result{.qos = packet.flags >> 1 & 3,
                   .retain = (packet.flags & 1) != 0,
                   .dup = (packet.flags & 8) != 0};
    Reader reader(packet.body);
    result.topic = reader.text();
    if (result.qos > 0) result.identifier = static_cast<std::uint16_t>(reader.number(2));
    if (protocol == 5) result.properties = reader.properties();
    result.payload = reader.rest();
    return result;
}

std::uint16_t identifier_of(const Packet& packet) {
    return static_cast<std::uint16_t>(Reader(packet.body).number(2));
}

std::vector<int> reason_codes(const Packet& packet, int protocol) {
    Reader reader(packet.body);
    reader.take(2);
    if (protocol == 5) reader.properties();
    std::vector<int> result;
    while (!reader.empty()) result.push_back(static_cast<int>(reader.number(1)));
    return result;
}

bool take_packet(std::string& bytes, Packet& packet) {
    std::size_t size = 0;
    std::size_t at = 1;
    for (unsigned shift = 0;; shift += 7, ++at) {
        if (at >= bytes.size()) return false;
        const auto next = static_cast<unsigned char>(bytes[at]);
        size |= static_cast<std::size_t>(next & 0x7F) << shift;
        if ((next & 0x80) == 0) break;
    }
    ++at;
    if (bytes.size() < at + size) return false;
    const auto first = static_cast<unsigned char>(bytes[0]);
    packet = {.type = static_cast<PacketType>(first >> 4),
              .flags = static_cast<std::uint8_t>(first & 0x0F),
              .body = bytes.substr(at, size)};
    bytes.erase(0, at + size);
    return true;
}

std::string describe(const Message& message) {
    std::string result = shown(message.topic) + " '" + shown(message.payload) + "' QoS " +
                         std::to_string(message.qos);
    if (message.retain) result += " retain";
    if (message.dup) result += " dup";
    std::size_t users = 0;
    for (const auto& each : message.properties) {
        if (each.identifier == property::topic_alias) continue;
        if (each.identifier == property::user && ++users > 10) continue;
        result += " " + std::to_string(each.identifier) + "=";
        // It counts down while a message waits.
        if (each.identifier == property::message_expiry) {
            result += "some";
        } else if (each.text.empty() && each.value.empty()) {
            result += std::to_string(each.number);
        } else {
            result += shown(each.text) + (each.value.empty() ? "" : ":" + shown(each.value));
        }
    }
    return users > 10 ? result + " ... (" + std::to_string(users) + ")" : result;
}

std::string shown(std::string_view value, std::size_t most) {
    std::string result;
    for (const char each : value.substr(0, most)) {
        const auto code = static_cast<unsigned char>(each);
        if (code >= 0x20 && code < 0x7F) {
            result += each;
        } else {
            char escaped[5];
            std::snprintf(escaped, sizeof escaped, "\\x%02X", code);
            result += escaped;
        }
    }
    if (value.size() > most) {
        result += "...(" + std::to_string(value.size()) + " bytes, " +
                  std::to_string(std::hash<std::string_view>()(value) % 10000) + ")";
    }
    return result;
}

}  // namespace fuzz
