// Names made fit for people: in a log line, on a terminal, in an error.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace shared_subscription {

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

/// The text with a '?' for each character that changes what a terminal shows of others: controls
/// (C0, DEL, C1), line and paragraph separators, marks and overrides of the direction (Unicode's
/// Bidi_Control), and for each byte that is no UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

/// That in quotes; cut where it is longer than a log line can use.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace shared_subscription
