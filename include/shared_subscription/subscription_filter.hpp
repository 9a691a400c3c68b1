// What a client asks for in SUBSCRIBE and UNSUBSCRIBE: a non-shared topic filter, or a place in a
// group. Rules: MQTT 5, 4.8.2 Shared Subscriptions; `$queue/` as on EMQX, one group without a name.
#pragma once

#include <string>
#include <string_view>

#include "shared_subscription/state.hpp"

namespace shared_subscription {

/// The share name of the group that `$queue/<filter>` means. `$share/$queue/<filter>` is the same
/// group.
inline constexpr std::string_view kQueueShareName = "$queue";

enum class FilterKind {
    non_shared,  ///< none of ours: the broker's own business
    shared,      ///< `$share/<share name>/<topic filter>` or `$queue/<topic filter>`
    malformed,   ///< begins like a shared subscription and is none: to be refused
};

/// The parts of a subscription's filter. The views point into the string that was parsed.
struct SubscriptionFilter {
    FilterKind kind;
    std::string_view share_name;    ///< shared: the name of the group; otherwise empty
    std::string_view topic_filter;  ///< what topics are matched against; malformed: empty
    const char* problem;            ///< malformed: what is wrong, for a person; otherwise null
};

/// Takes a filter apart. The broker has checked its wildcards and its UTF-8 before.
[[nodiscard]] SubscriptionFilter parse_subscription(std::string_view filter) noexcept;

/// Whether a group can have that name: it is not empty, and has no '/', '+' and '#'.
[[nodiscard]] bool is_share_name(std::string_view text) noexcept;

/// What is wrong with that name and filter of a group, for a person; null: nothing. Unlike what
/// clients ask for, nobody has checked the filter before.
[[nodiscard]] const char* find_problem(const GroupName& name) noexcept;

/// Whether a topic filter matches a topic name (MQTT 5, 4.7).
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic) noexcept;

/// An order of filters. Of two that match one topic, Mosquitto comes to `one` before `other`, as
/// FilterTree::match does.
[[nodiscard]] bool precedes(std::string_view one, std::string_view other) noexcept;

/// Whether a topic name begins like a shared subscription, which nobody can receive:
/// `$queue`, `$queue/...`, `$share`, `$share/...`.
[[nodiscard]] bool has_group_prefix(std::string_view topic) noexcept;

/// What a direct member is subscribed to (BrokerTraits::direct_from): what it asked for, with the
/// prefix in capitals. No client may publish to such a topic, so nobody gets anything by that, and
/// it is no longer than what the broker has.
[[nodiscard]] std::string direct_filter(const GroupName& group);
/// The group of such a filter, as if it had been asked for; `non_shared`: it is none.
[[nodiscard]] SubscriptionFilter parse_direct(std::string_view filter) noexcept;
/// Whether a topic name begins like one.
[[nodiscard]] bool has_direct_prefix(std::string_view topic) noexcept;

}  // namespace shared_subscription
