// The plugin's own options: `plugin_opt_*` lines behind the `plugin` line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/strategy_table.hpp"
#include "shared_subscription/membership_limits.hpp"
#include "shared_subscription/queue_limits.hpp"
#include "shared_subscription/state.hpp"

namespace shared_subscription {

/// What `plugin_opt_access_control` says of other access control.
enum class AccessControl : std::uint8_t {
    automatic,  ///< `auto`: read it from the broker's configuration
    none,       ///< nobody else decides
    defer,      ///< somebody else decides, perhaps before the plugin is asked
    first,      ///< nobody is asked before the plugin
};

struct Options {
    StrategyTable strategies;
    AccessControl access_control = AccessControl::automatic;
    QueueLimits queue;
    std::vector<GroupName> declared;  ///< groups that are there without members, too
    MembershipLimits membership;
    std::size_t direct_from = 0;             ///< as BrokerTraits
    std::optional<bool> redispatch;          ///< none: where the broker lets that be asked
    std::filesystem::path persistence_file;  ///< empty: none
    std::size_t sys_interval = 10;           ///< seconds; 0: never
    std::optional<bool> control;             ///< none: where other access control decides
    std::vector<std::string> obsolete;       ///< options that had a meaning once
    bool operator==(const Options&) const = default;
};

/// A key without `plugin_opt_`, and its value.
using Option = std::pair<std::string_view, std::string_view>;

/// Nothing, and `problem` names option, value and what is allowed, if one of them is wrong.
[[nodiscard]] std::optional<Options> parse_options(std::span<const Option> options,
                                                   std::string& problem);

}  // namespace shared_subscription
