// Control packets of MQTT, as far as every client of the tests knows them.

#pragma once

#include <cstdint>
#include <string>

namespace integration {

// MQTT 5 section 2.1.2.
enum class PacketType : std::uint8_t {
    connect = 1,
    connack,
    publish,
    puback,
    pubrec,
    pubrel,
    pubcomp,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    pingreq,
    pingresp,
    disconnect,
};

struct Packet {
    PacketType type{};
    std::uint8_t flags = 0;
    std::string body = {};  // what follows the fixed header
};

}  // namespace integration
