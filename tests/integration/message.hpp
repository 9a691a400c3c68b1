// A message as a test writes it down and as a client received it.

#pragma once

#include <mosquitto.h>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace integration {

// The MQTT 5 properties of a PUBLISH; the other versions have none.
struct Properties {
    std::optional<std::uint8_t> payload_format = {};  // 1: UTF-8
    std::vector<std::pair<std::string, std::string>> user = {};
    std::optional<std::string> content_type = {};
    std::optional<std::string> response_topic = {};
    std::optional<std::string> correlation_data = {};
    std::optional<std::uint32_t> expiry = {};  // seconds
    std::vector<std::uint32_t> subscription_identifiers = {};

    bool operator==(const Properties&) const = default;
};

struct Message {
    std::string topic = {};
    std::string payload = {};
    int qos = 0;
    bool retain = false;
    Properties properties = {};

    bool operator==(const Message&) const = default;
};

std::ostream& operator<<(std::ostream& stream, const Message& message);

// libmosquitto's list of properties.
struct FreeProperties {
    void operator()(mosquitto_property* list) const { mosquitto_property_free_all(&list); }
};
using PropertyList = std::unique_ptr<mosquitto_property, FreeProperties>;

PropertyList to_list(const Properties& properties);
Properties from_list(const mosquitto_property* list);

// Appends; throws std::runtime_error where libmosquitto refuses.
void add_int32(PropertyList& list, int identifier, std::uint32_t value);
void add_varint(PropertyList& list, int identifier, std::uint32_t value);

}  // namespace integration
