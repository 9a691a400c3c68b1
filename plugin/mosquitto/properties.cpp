// The properties of a PUBLISH as values, and back.
#include <cstdlib>
#include <memory>
#include <string>

#include "mosquitto/headers.hpp"
#include "mosquitto/look_up.hpp"
#include "mosquitto/mosquitto_broker.hpp"

extern "C" {
#include <mqtt_protocol.h>
}

namespace shared_subscription {
namespace {

struct Free {
    void operator()(void* memory) const noexcept { std::free(memory); }
};
template <class Value>
using Owned = std::unique_ptr<Value, Free>;

// What reads a property. 2.0.19 and later, and builds of 2.0 by make, export to plugins only what
// makes properties (src/linker.syms), but the client library of the same release has these, too.
struct Reader {
    decltype(&mosquitto_property_next) next = nullptr;
    decltype(&mosquitto_property_identifier) identifier = nullptr;
    decltype(&mosquitto_property_read_byte) read_byte = nullptr;
    decltype(&mosquitto_property_read_string) read_string = nullptr;
    decltype(&mosquitto_property_read_binary) read_binary = nullptr;
    decltype(&mosquitto_property_read_string_pair) read_string_pair = nullptr;

    [[nodiscard]] bool is_complete() const noexcept {
        return next && identifier && read_byte && read_string && read_binary && read_string_pair;
    }
};

Reader reader_in(void* library) {
    return {
        look_up<decltype(Reader::next)>("mosquitto_property_next", library),
        look_up<decltype(Reader::identifier)>("mosquitto_property_identifier", library),
        look_up<decltype(Reader::read_byte)>("mosquitto_property_read_byte", library),
        look_up<decltype(Reader::read_string)>("mosquitto_property_read_string", library),
        look_up<decltype(Reader::read_binary)>("mosquitto_property_read_binary", library),
        look_up<decltype(Reader::read_string_pair)>("mosquitto_property_read_string_pair", library),
    };
}

const Reader& reader() {
    static const Reader found = [] {
        const auto of_broker = reader_in(RTLD_DEFAULT);
        if (of_broker.is_complete()) return of_broker;
        void* library = dlopen("libmosquitto.so.1", RTLD_NOW | RTLD_LOCAL);
        return library ? reader_in(library) : Reader();
    }();
    return found;
}

std::string to_string(const char* text) {
    return text ? text : "";
}

/// Of this very property; nothing in it if it is none that a PUBLISH is forwarded with.
SavedProperty read(const mosquitto_property* property) {
    const int identifier = reader().identifier(property);
    SavedProperty saved{.identifier = identifier};
    switch (identifier) {
        case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR: {
            std::uint8_t value = 0;
            reader().read_byte(property, identifier, &value, false);
            saved.value.assign(1, static_cast<char>(value));
            return saved;
        }
        case MQTT_PROP_CONTENT_TYPE:
        case MQTT_PROP_RESPONSE_TOPIC: {
            char* value = nullptr;
            reader().read_string(property, identifier, &value, false);
            saved.value = to_string(Owned<char>(value).get());
            return saved;
        }
        case MQTT_PROP_CORRELATION_DATA: {
            void* value = nullptr;
            std::uint16_t size = 0;
            reader().read_binary(property, identifier, &value, &size, false);
            const Owned<void> owned(value);
            if (value) saved.value.assign(static_cast<const char*>(value), size);
            return saved;
        }
        case MQTT_PROP_USER_PROPERTY: {
            char* name = nullptr;
            char* value = nullptr;
            reader().read_string_pair(property, identifier, &name, &value, false);
            saved.name = to_string(Owned<char>(name).get());
            saved.value = to_string(Owned<char>(value).get());
            return saved;
        }
        default:
            return {};
    }
}

void add(mosquitto_property** list, const SavedProperty& saved) {
    const int identifier = saved.identifier;
    switch (identifier) {
        case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR:
            if (saved.value.empty()) return;
            mosquitto_property_add_byte(list, identifier,
                                        static_cast<std::uint8_t>(saved.value.front()));
            return;
        case MQTT_PROP_CONTENT_TYPE:
        case MQTT_PROP_RESPONSE_TOPIC:
            mosquitto_property_add_string(list, identifier, saved.value.c_str());
            return;
        case MQTT_PROP_CORRELATION_DATA:
            mosquitto_property_add_binary(list, identifier, saved.value.data(),
                                          static_cast<std::uint16_t>(saved.value.size()));
            return;
        case MQTT_PROP_USER_PROPERTY:
            mosquitto_property_add_string_pair(list, identifier, saved.name.c_str(),
                                               saved.value.c_str());
            return;
        default:
            return;
    }
}

}  // namespace

std::vector<SavedProperty> MosquittoBroker::list_properties(const void* properties) {
    std::vector<SavedProperty> all;
    if (!properties || !reader().is_complete()) return all;
    const auto* property = static_cast<const mosquitto_property*>(properties);
    for (; property; property = reader().next(property)) {
        auto saved = read(property);
        if (saved.identifier != 0) all.push_back(std::move(saved));
    }
    return all;
}

// Each is a structure and up to two pieces of memory, which the allocator rounds up.
std::size_t MosquittoBroker::size_of_properties(const void* properties) {
    constexpr std::size_t kOfEach = 96;
    std::size_t size = 0;
    for (const auto& saved : list_properties(properties))
        size += kOfEach + saved.name.size() + saved.value.size();
    return size;
}

mosquitto_property* MosquittoBroker::make_list(const std::vector<SavedProperty>& properties) {
    mosquitto_property* list = nullptr;
    for (const auto& saved : properties) add(&list, saved);
    return list;
}

KeptProperties MosquittoBroker::make_properties(const std::vector<SavedProperty>& properties) {
    return own(make_list(properties));
}

}  // namespace shared_subscription
