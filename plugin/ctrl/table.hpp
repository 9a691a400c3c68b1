// Answers as text for persons.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ctrl/command.hpp"

namespace shared_subscription::ctrl {

struct Column {
    std::string heading;
    bool number = false;  ///< aligned at the right
};

/// Two blanks between columns, none at the end of a line. What is not `printable` is shown as '?'.
[[nodiscard]] std::string table(const std::vector<Column>& columns,
                                const std::vector<std::vector<std::string>>& rows);

/// The answer to a command of this kind.
[[nodiscard]] std::string shown(const Command& command, const Json& data);

/// One picture of `watch`: the statistics in a line, and the groups.
[[nodiscard]] std::string shown_live(const Json& statistics, const Json& groups);

/// The text, of whole lines, as it overwrites a terminal of that many lines and columns (at least
/// 1), from its upper left corner; the last line says how much there was no place for.
[[nodiscard]] std::string redraw(std::string_view text, std::size_t lines, std::size_t columns);

}  // namespace shared_subscription::ctrl
