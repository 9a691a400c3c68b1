#include "message.hpp"

#include <mqtt_protocol.h>

#include <cstdlib>
#include <ostream>
#include <stdexcept>

namespace integration {
namespace {

void check(int result) {
    if (result != MOSQ_ERR_SUCCESS) throw std::runtime_error(mosquitto_strerror(result));
}

// The add functions of libmosquitto want the head of the list as an in-out pointer.
template <typename Add>
void append(PropertyList& list, Add add) {
    mosquitto_property* head = list.release();
    const int result = add(&head);
    list.reset(head);
    check(result);
}

void add_string(PropertyList& list, int identifier, const std::string& value) {
    append(list, [&](mosquitto_property** head) {
        return mosquitto_property_add_string(head, identifier, value.c_str());
    });
}

std::string take(char* text) {
    const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
    return text;
}

std::string read_string(const mosquitto_property* property, int identifier) {
    char* value = nullptr;
    mosquitto_property_read_string(property, identifier, &value, false);
    return take(value);
}

std::string read_binary(const mosquitto_property* property, int identifier) {
    void* value = nullptr;
    std::uint16_t size = 0;
    mosquitto_property_read_binary(property, identifier, &value, &size, false);
    const std::unique_ptr<void, decltype(&std::free)> owner(value, &std::free);
    return {static_cast<const char*>(value), size};
}

void read_one(const mosquitto_property* property, Properties& result) {
    const int identifier = mosquitto_property_identifier(property);
    std::uint32_t number = 0;
    switch (identifier) {
        case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR: {
            std::uint8_t format = 0;
            mosquitto_property_read_byte(property, identifier, &format, false);
            result.payload_format = format;
            break;
        }
        case MQTT_PROP_USER_PROPERTY: {
            char* name = nullptr;
            char* value = nullptr;
            mosquitto_property_read_string_pair(property, identifier, &name, &value, false);
            result.user.emplace_back(take(name), take(value));
            break;
        }
        case MQTT_PROP_CONTENT_TYPE:
            result.content_type = read_string(property, identifier);
            break;
        case MQTT_PROP_RESPONSE_TOPIC:
            result.response_topic = read_string(property, identifier);
            break;
        case MQTT_PROP_CORRELATION_DATA:
            result.correlation_data = read_binary(property, identifier);
            break;
        case MQTT_PROP_MESSAGE_EXPIRY_INTERVAL:
            mosquitto_property_read_int32(property, identifier, &number, false);
            result.expiry = number;
            break;
        case MQTT_PROP_SUBSCRIPTION_IDENTIFIER:
            mosquitto_property_read_varint(property, identifier, &number, false);
            result.subscription_identifiers.push_back(number);
            break;
        default:
            break;
    }
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Message& message) {
    stream << message.topic << " '" << message.payload << "' QoS " << message.qos
           << (message.retain ? " retain" : "");
    const Properties& properties = message.properties;
    for (const auto& [name, value] : properties.user) stream << ' ' << name << '=' << value;
    if (properties.payload_format) stream << " format " << int{*properties.payload_format};
    if (properties.content_type) stream << " type " << *properties.content_type;
    if (properties.response_topic) stream << " response " << *properties.response_topic;
    if (properties.correlation_data) stream << " correlation " << *properties.correlation_data;
    if (properties.expiry) stream << " expiry " << *properties.expiry;
    for (const auto identifier : properties.subscription_identifiers) {
        stream << " subscription " << identifier;
    }
    return stream;
}

void add_int32(PropertyList& list, int identifier, std::uint32_t value) {
    append(list, [&](mosquitto_property** head) {
        return mosquitto_property_add_int32(head, identifier, value);
    });
}

void add_varint(PropertyList& list, int identifier, std::uint32_t value) {
    append(list, [&](mosquitto_property** head) {
        return mosquitto_property_add_varint(head, identifier, value);
    });
}

PropertyList to_list(const Properties& properties) {
    PropertyList list;
    for (const auto& [name, value] : properties.user) {
        append(list, [&](mosquitto_property** head) {
            return mosquitto_property_add_string_pair(head, MQTT_PROP_USER_PROPERTY, name.c_str(),
                                                      value.c_str());
        });
    }
    if (const auto format = properties.payload_format) {
        append(list, [&](mosquitto_property** head) {
            return mosquitto_property_add_byte(head, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, *format);
        });
    }
    if (properties.content_type) add_string(list, MQTT_PROP_CONTENT_TYPE, *properties.content_type);
    if (properties.response_topic) {
        add_string(list, MQTT_PROP_RESPONSE_TOPIC, *properties.response_topic);
    }
    if (const auto& data = properties.correlation_data) {
        append(list, [&](mosquitto_property** head) {
            return mosquitto_property_add_binary(head, MQTT_PROP_CORRELATION_DATA, data->data(),
                                                 static_cast<std::uint16_t>(data->size()));
        });
    }
    if (properties.expiry) add_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, *properties.expiry);
    return list;
}

Properties from_list(const mosquitto_property* list) {
    Properties result;
    for (const auto* property = list; property != nullptr;
         property = mosquitto_property_next(property)) {
        read_one(property, result);
    }
    return result;
}

}  // namespace integration
