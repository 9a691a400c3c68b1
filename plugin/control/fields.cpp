#include "control/fields.hpp"

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

std::string to_text(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* Fields::find(const char* key) const {
    const auto found = command_.find(key);
    return found == command_.end() ? nullptr : &*found;
}

std::optional<std::string> Fields::text(const char* key) {
    const auto* value = find(key);
    if (!value) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    fail("field " + quote(key) + " is not a string.");
    return std::nullopt;
}

std::string Fields::required_text(const char* key) {
    if (!find(key)) fail("field " + quote(key) + " is missing.");
    return text(key).value_or("");
}

bool Fields::flag(const char* key) {
    const auto* value = find(key);
    if (!value) return false;
    if (!value->is_boolean()) fail("field " + quote(key) + " is neither true nor false.");
    return value->is_boolean() && value->get<bool>();
}

std::size_t Fields::number(const char* key, std::size_t fallback, std::size_t least,
                           std::size_t most) {
    const auto* value = find(key);
    if (!value) return fallback;
    if (value->is_number_unsigned()) {
        const auto number = value->get<std::size_t>();
        if (number >= least && number <= most) return number;
    }
    fail("field " + quote(key) + " is no whole number from " + std::to_string(least) + " to " +
         std::to_string(most) + ".");
    return fallback;
}

}  // namespace shared_subscription
