#include "options/option_table.hpp"

#include "options/option_words.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription {
namespace {

using Number = OptionRow::Number;
using Switch = OptionRow::Switch;

// What MQTT counts seconds with.
constexpr std::size_t kMostSeconds = 4'294'967'295;

constexpr OptionRow kTable[] = {
    {.name = "strategy",
     .value = "<strategy>",
     .set = &set_strategy,
     .choices = kStrategyChoices,
     .default_value = "round_robin",
     .help = "How the member of a group that gets a message is chosen. What `setStrategy` has set "
             "counts more, and outlives a restart with `plugin_opt_persistence_file`."},
    {.name = "group_strategy",
     .value = "<strategy> <group>",
     .set = &set_group_strategy,
     .form = "pairs '<strategy> <group>', the group without '/', '+', '#'",
     .default_words = "that of `plugin_opt_strategy`",
     .examples = {"hash_clientid orders", "sticky $queue"},
     .is_repeatable = true,
     .help =
         "Another strategy, one of `plugin_opt_strategy`, for the groups of that name, whatever "
         "their filters. The name is the rest of the line and may hold spaces; `$queue` names "
         "the group of `$queue/<filter>`."},
    {.name = "declare_group",
     .value = "<group> <filter>",
     .set = &declare_group,
     .form = "pairs '<group> <filter>', the group without spaces, '/', '+', '#'",
     .default_words = "none",
     .examples = {"billing orders/#"},
     .is_repeatable = true,
     .help =
         "A group that collects messages whether it has members or not: before its first member "
         "and after its last. They wait in its queue, within its limits, and go to the first "
         "member that comes. `$queue` names the group of `$queue/<filter>`."},
    {.name = "max_queued_messages",
     .value = "<count>",
     .set = Number{[](Options& o) -> std::size_t& { return o.queue.messages.emplace(); }},
     .default_words = "1000 for each member of the group",
     .examples = {"1000"},
     .help = "How many messages wait for one group at most, while no member can take them; 0 is "
             "any number. What comes while the queue is full is lost for the group, and the log "
             "counts it."},
    {.name = "max_queued_bytes",
     .value = "<bytes>",
     .set = Number{[](Options& o) -> std::size_t& { return o.queue.bytes; }},
     .default_value = "0",
     .help = "How many bytes the topics, payloads and properties of what waits for one group have "
             "at most; 0 is any number. What comes while the queue is full is lost for the group, "
             "and the log counts it."},
    {.name = "max_queued_seconds",
     .value = "<seconds>",
     .set = Number{[](Options& o) -> std::size_t& { return o.queue.seconds; }},
     .default_value = "0",
     .help = "How long a message waits for a group at most; 0 is any time. The Message Expiry "
             "Interval of its publisher does not count meanwhile: the broker shows it to no "
             "plugin."},
    {.name = "max_held_back",
     .value = "<count>",
     .set = Number{[](Options& o) -> std::size_t& { return o.queue.held_back; }},
     .least = 1,
     .default_value = "4",
     .only_on = "2.1",
     .help = "How many messages the broker holds back for a member whose in-flight window is full. "
             "The rest waits for the group, and goes to whoever has room first."},
    {.name = "direct_from",
     .value = "<members>",
     .set = Number{[](Options& o) -> std::size_t& { return o.direct_from; }},
     .default_value = "0",
     .only_on = "2.0",
     .help =
         "Who joins a group that has so many members already is served by the plugin alone, so "
         "that the broker need not ask about each of them; 0 is nobody. What they get has no "
         "Message Expiry Interval; docs/rules.md says what else is different."},
    {.name = "queue_qos0_messages",
     .value = "true|false",
     .set = Switch{[](Options& o) -> bool& { return o.queue.takes_qos0; }},
     .default_value = "false",
     .help = "Whether messages of QoS 0 wait for a group, too."},
    {.name = "max_group_name_bytes",
     .value = "<bytes>",
     .set = Number{[](Options& o) -> std::size_t& { return o.membership.group_name; }},
     .default_value = "256",
     .help = "How long a group's name may be; 0 is as long as a filter. Who asks for a longer one "
             "is refused, and the log says why."},
    {.name = "max_groups_per_client",
     .value = "<count>",
     .set = Number{[](Options& o) -> std::size_t& { return o.membership.groups_of_a_client; }},
     .default_value = "2500",
     .help = "In how many groups one client may be; 0 is any number. Who asks for more is refused, "
             "and the log says why."},
    {.name = "max_members",
     .value = "<count>",
     .set = Number{[](Options& o) -> std::size_t& { return o.membership.members; }},
     .default_value = "1000000",
     .help = "How many members all groups together may have; 0 is any number. Who asks for more is "
             "refused, and the log says why."},
    {.name = "persistence_file",
     .value = "<path>",
     .set = &set_persistence_file,
     .form = "paths that begin with '/'",
     .default_words = "none, so that a restart forgets the groups",
     .examples = {"/var/lib/mosquitto/shared-subscription.db"},
     .help = "An SQLite database that keeps groups, members, whose turn it is, and what waits over "
             "restarts of the broker. It is made if it is not there; the broker's user must be "
             "allowed to write in its directory. Members are kept if the broker keeps their "
             "sessions (`persistence true`)."},
    {.name = "redispatch",
     .value = "true|false",
     .set = Switch{[](Options& o) -> bool& { return o.redispatch.emplace(); }},
     .default_words = "`true`",
     .examples = {"true"},
     .only_on = "2.1",
     .help = "Whether other members get what a member leaves behind: as soon as it is offline "
             "messages of QoS 1 and 2 that were never sent to it, and when its session ends those "
             "of QoS 1 that it has not acknowledged. Brokers built by make do not let a plugin ask "
             "what that is; the log says so."},
    {.name = "sys_interval",
     .value = "<seconds>",
     .set = Number{[](Options& o) -> std::size_t& { return o.sys_interval; }},
     .most = kMostSeconds,
     .default_value = "10",
     .help = "How often metrics that have changed are published below "
             "`$SYS/broker/shared-subscriptions/`; 0 is never."},
    {.name = "control",
     .value = "true|false",
     .set = Switch{[](Options& o) -> bool& { return o.control.emplace(); }},
     .default_words = "`true` where other access control is configured, otherwise `false`",
     .examples = {"true"},
     .help = "Whether requests on `$CONTROL/shared-subscription/v1` are carried out. Other access "
             "control says who may write there; without it everybody could. On 2.1 an `acl_file` "
             "and the dynamic-security plugin count as such, without `per_listener_settings`."},
    {.name = "access_control",
     .value = "auto|none|defer|first",
     .set = &set_access_control,
     .choices = kAccessControlChoices,
     .default_value = "auto",
     .help = "Whether other access control is configured, which decides what the plugin answers to "
             "access checks that are none of the groups' business. The log says at start which "
             "answer was taken, and why."},
    {.name = "parking", .value = "<anything>", .set = OptionRow::Obsolete{}, .is_repeatable = true},
    {.name = "redispatch_window",
     .value = "<anything>",
     .set = OptionRow::Obsolete{},
     .is_repeatable = true},
};

std::string allowed_values(const OptionRow& row, Number) {
    constexpr auto kAnyNumber = std::numeric_limits<std::size_t>::max();
    const auto end = row.most == kAnyNumber ? " on" : " to " + std::to_string(row.most);
    return "whole numbers from " + std::to_string(row.least) + end;
}

std::string allowed_values(const OptionRow&, Switch) {
    return "true and false";
}

std::string allowed_values(const OptionRow& row, OptionRow::Words) {
    return row.choices.empty() ? std::string(row.form) : list_names(row.choices, &Choice::name);
}

std::string allowed_values(const OptionRow&, OptionRow::Obsolete) {
    return "any";
}

}  // namespace

std::span<const OptionRow> option_table() noexcept {
    return kTable;
}

std::string allowed_values(const OptionRow& row) {
    return std::visit([&row](auto set) { return allowed_values(row, set); }, row.set);
}

}  // namespace shared_subscription
