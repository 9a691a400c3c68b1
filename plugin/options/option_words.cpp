#include "options/option_words.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "shared_subscription/strategy.hpp"
#include "shared_subscription/subscription_filter.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription {
namespace {

std::string refuse(std::string_view problem, const std::string& allowed) {
    return std::string(problem) + "; allowed are " + allowed + ".";
}

// The first word, and all behind the spaces that follow it.
std::pair<std::string_view, std::string_view> split(std::string_view value) {
    const auto space = value.find(' ');
    const auto begin = value.find_first_not_of(' ', space);
    const bool has_rest = begin != std::string_view::npos;
    return {value.substr(0, space), has_rest ? value.substr(begin) : std::string_view{}};
}

}  // namespace

std::string set_strategy(Options& options, std::string_view value, const std::string& allowed) {
    const auto strategy = parse_strategy(value);
    if (!strategy) return refuse("unknown strategy", allowed);
    options.strategies.set_fallback(*strategy);
    return {};
}

std::string set_group_strategy(Options& options, std::string_view value,
                               const std::string& allowed) {
    const auto [name, group] = split(value);
    const auto strategy = parse_strategy(name);
    if (!strategy) {
        return refuse("unknown strategy", allowed + ", the strategy one of " +
                                              list_names(kStrategyChoices, &Choice::name));
    }
    if (!is_share_name(group)) return refuse("no group name", allowed);
    if (options.strategies.set(group, *strategy)) return {};
    return "group " + quote(group) + " has a strategy already; allowed is one for each group.";
}

std::string declare_group(Options& options, std::string_view value, const std::string& allowed) {
    const auto [group, filter] = split(value);
    GroupName name{std::string(group), std::string(filter)};
    if (const auto* problem = find_problem(name)) return refuse(problem, allowed);
    if (std::ranges::find(options.declared, name) != options.declared.end())
        return "given twice; allowed is once for each group.";
    options.declared.push_back(std::move(name));
    return {};
}

std::string set_access_control(Options& options, std::string_view value,
                               const std::string& allowed) {
    const auto* found = std::ranges::find(kAccessControlChoices, value, &Choice::name);
    if (found == kAccessControlChoices.end()) return refuse("unknown value", allowed);
    options.access_control = static_cast<AccessControl>(found - kAccessControlChoices.begin());
    return {};
}

std::string set_persistence_file(Options& options, std::string_view value,
                                 const std::string& allowed) {
    if (!value.starts_with('/')) return refuse("no file", allowed);
    options.persistence_file = value;
    return {};
}

}  // namespace shared_subscription
