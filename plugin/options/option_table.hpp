// The options as one table. By it they are parsed and checked (options.cpp); from it come what
// errors say is allowed, and the documents (tests/documents).
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "options/options.hpp"

namespace shared_subscription {

/// A word that an option takes.
struct Choice {
    std::string_view name;
    std::string_view meaning;
};

/// `help` and meanings are plain text, in ASCII; `` ` `` stands around what is written as it is.
struct OptionRow {
    using Number = std::size_t& (*)(Options&);
    using Switch = bool& (*)(Options&);
    /// Sets it. Otherwise says what is wrong and what is allowed, which it is given; empty:
    /// nothing.
    using Words = std::string (*)(Options&, std::string_view value, const std::string& allowed);
    struct Obsolete {};  ///< had a meaning once; whatever it is set to

    std::string_view name;   ///< without `plugin_opt_`
    std::string_view value;  ///< as in a synopsis
    std::variant<Number, Switch, Words, Obsolete> set;

    std::size_t least = 0;  ///< of a number
    std::size_t most = std::numeric_limits<std::size_t>::max();
    std::span<const Choice> choices{};
    std::string_view form{};  ///< of words that are no choices

    std::string_view default_value{};            ///< empty: it is none that a line could hold
    std::string_view default_words{};            ///< what it is then
    std::array<std::string_view, 2> examples{};  ///< of values, where there is no default

    bool is_repeatable = false;
    std::string_view only_on{};  ///< "2.0" or "2.1": without effect on the other
    std::string_view help{};
};

/// In the order in which documents name them.
[[nodiscard]] std::span<const OptionRow> option_table() noexcept;

/// "allowed are ...".
[[nodiscard]] std::string allowed_values(const OptionRow& row);

[[nodiscard]] inline bool is_obsolete(const OptionRow& row) noexcept {
    return std::holds_alternative<OptionRow::Obsolete>(row.set);
}

}  // namespace shared_subscription
