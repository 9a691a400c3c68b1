// Names made fit for people: in a log line, on a terminal, in an error.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace shared_subscription {

[[nodiscard]] constexpr bool is_control_character(char character) noexcept {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7f;
}

/// "a, b, c": what `name` says of each entry of a table.
template <class Table, class Name>
[[nodiscard]] std::string list_names(const Table& table, const Name& name) {
    std::string text;
    for (const auto& entry : table) {
        if (!text.empty()) text += ", ";
        text += std::invoke(name, entry);
    }
    return text;
}

/// The text in quotes; control characters as '?', and cut where it is longer than a log line can
/// use.
[[nodiscard]] inline std::string quote(std::string_view text) {
    constexpr std::size_t kMaxShown = 120;
    std::string shown = "'";
    for (const char character : text.substr(0, kMaxShown))
        shown += is_control_character(character) ? '?' : character;
    if (text.size() > kMaxShown) shown += "...";
    return shown + "'";
}

}  // namespace shared_subscription
