// Options whose values are words: each sets one, or says what is wrong with it and what is allowed
// (OptionRow::Words).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "options/option_table.hpp"

namespace shared_subscription {

/// In the order of kStrategyNames.
inline constexpr std::array<Choice, 8> kStrategyChoices{{
    {"round_robin", "strict turns, whoever publishes"},
    {"random", "each connected member with the same chance"},
    {"least_loaded",
     "the member with the fewest unacknowledged messages of QoS 1 and 2, in turn among those; "
     "Mosquitto 2.1 alone, 2.0 refuses it at start"},
    {"sticky", "one member until it leaves, then another"},
    {"hash_clientid", "always the same member for a publisher"},
    {"hash_topic", "always the same member for a topic"},
    {"round_robin_per_group", "`round_robin`, as EMQX calls it"},
    {"local", "`random`, for configurations that come from EMQX"},
}};

/// In the order of AccessControl.
inline constexpr std::array<Choice, 4> kAccessControlChoices{{
    {"auto",
     "found out from the configuration that the broker was started with: `none` if nothing else "
     "could decide (no `acl_file`, no other plugin), `first` if something could, `defer` if it "
     "cannot be read or does not name this plugin"},
    {"none",
     "nobody else decides: 2.0 allows, 2.1 does as if the plugin were not there. Right beside "
     "another plugin that does no access control, wrong and open to everyone beside one that does; "
     "refused beside an `acl_file`"},
    {"defer",
     "others decide, perhaps before this plugin is asked: left to them, and denied if none of them "
     "allows it"},
    {"first",
     "this plugin is listed before all others, which may decide: 2.0 leaves it to them, 2.1 does "
     "as if the plugin were not there"},
}};

std::string set_strategy(Options& options, std::string_view value, const std::string& allowed);
std::string set_group_strategy(Options& options, std::string_view value,
                               const std::string& allowed);
std::string declare_group(Options& options, std::string_view value, const std::string& allowed);
std::string set_access_control(Options& options, std::string_view value,
                               const std::string& allowed);
std::string set_persistence_file(Options& options, std::string_view value,
                                 const std::string& allowed);

}  // namespace shared_subscription
