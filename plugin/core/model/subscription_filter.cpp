#include "shared_subscription/subscription_filter.hpp"

#include <algorithm>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::string_view kShare = "$share";
constexpr std::string_view kDirectShare = "$SHARE";
constexpr std::string_view kDirectQueue = "$QUEUE";

bool begins_with_level(std::string_view text, std::string_view level) noexcept {
    return text.starts_with(level) && (text.size() == level.size() || text[level.size()] == '/');
}

SubscriptionFilter malformed(const char* problem) noexcept {
    return {FilterKind::malformed, {}, {}, problem};
}

SubscriptionFilter shared(std::string_view share_name, std::string_view topic_filter) noexcept {
    if (topic_filter.empty()) return malformed("the topic filter is missing");
    if (has_group_prefix(topic_filter)) return malformed("a group cannot be inside a group");
    return {FilterKind::shared, share_name, topic_filter, nullptr};
}

/// A subscription that is shared if it begins with one of these levels.
SubscriptionFilter parse(std::string_view filter, std::string_view queue,
                         std::string_view share) noexcept {
    if (begins_with_level(filter, queue)) {
        return shared(kQueueShareName, filter.substr(std::min(filter.size(), queue.size() + 1)));
    }
    if (!begins_with_level(filter, share)) return {FilterKind::non_shared, {}, filter, nullptr};

    const auto name_begin = std::min(filter.size(), share.size() + 1);
    const auto rest = filter.substr(name_begin);
    const auto slash = rest.find('/');
    const auto share_name = rest.substr(0, slash);
    if (share_name.empty()) return malformed("the share name is missing");  // [MQTT-4.8.2-1]
    if (share_name.find_first_of("+#") != std::string_view::npos) {         // [MQTT-4.8.2-2]
        return malformed("a share name cannot hold a wildcard");
    }
    if (slash == std::string_view::npos) return malformed("the topic filter is missing");
    return shared(share_name, rest.substr(slash + 1));
}

}  // namespace

SubscriptionFilter parse_subscription(std::string_view filter) noexcept {
    return parse(filter, kQueueShareName, kShare);
}

const char* find_problem(const GroupName& name) noexcept {
    constexpr std::size_t kLongest = 65535;   // MQTT 5, 1.5.4
    constexpr std::size_t kMostLevels = 200;  // TOPIC_HIERARCHY_LIMIT of the broker
    const std::string_view filter = name.filter;
    if (!is_share_name(name.share_name)) return "no group name";
    if (filter.empty() || filter.size() > kLongest) return "no topic filter";
    if (std::ranges::count(filter, '/') > static_cast<std::ptrdiff_t>(kMostLevels))
        return "a topic filter of too many levels";
    if (has_group_prefix(filter)) return "a topic filter that begins like a group";
    for (std::size_t place = 0; place < filter.size(); ++place) {
        const char character = filter[place];
        if (static_cast<unsigned char>(character) < ' ') return "no topic filter";
        if (character != '+' && character != '#') continue;
        const bool begins_level = place == 0 || filter[place - 1] == '/';
        const bool ends_level = place + 1 == filter.size() || filter[place + 1] == '/';
        const bool is_last = place + 1 == filter.size();
        if (!begins_level || !ends_level || (character == '#' && !is_last))
            return "a topic filter with a misplaced wildcard";
    }
    return nullptr;
}

bool is_share_name(std::string_view text) noexcept {
    return !text.empty() && text.find_first_of("/+#") == std::string_view::npos;
}

bool matches(std::string_view filter, std::string_view topic) noexcept {
    if (topic.starts_with('$') != filter.starts_with('$')) return false;
    std::size_t at = 0;  // in the topic, which has no wildcards
    for (std::size_t i = 0; i < filter.size(); ++i) {
        if (at < topic.size() && topic[at] == filter[i]) {
            ++at;
        } else if (filter[i] == '+') {
            at = std::min(topic.find('/', at), topic.size());
        } else {
            const bool ends = at == topic.size() && filter.substr(i) == "/#";
            return ends || filter[i] == '#';
        }
    }
    return at == topic.size();
}

bool precedes(std::string_view one, std::string_view other) noexcept {
    const auto [here, there] = std::ranges::mismatch(one, other);
    // What lies below a level, the level itself, and at one level what is literal, `+`, `#`.
    const auto rank = [](auto place, auto end) {
        constexpr int kPlus = 1000;
        if (place == end) return 1;
        if (*place == '/') return 0;
        if (*place == '+') return kPlus;
        return *place == '#' ? kPlus + 1 : 2 + static_cast<unsigned char>(*place);
    };
    return rank(here, one.end()) < rank(there, other.end());
}

bool has_group_prefix(std::string_view topic) noexcept {
    return begins_with_level(topic, kQueueShareName) || begins_with_level(topic, kShare);
}

std::string direct_filter(const GroupName& group) {
    if (group.share_name == kQueueShareName)
        return std::string(kDirectQueue).append("/").append(group.filter);
    return std::string(kDirectShare)
        .append("/")
        .append(group.share_name)
        .append("/")
        .append(group.filter);
}

SubscriptionFilter parse_direct(std::string_view filter) noexcept {
    return parse(filter, kDirectQueue, kDirectShare);
}

bool has_direct_prefix(std::string_view topic) noexcept {
    return begins_with_level(topic, kDirectQueue) || begins_with_level(topic, kDirectShare);
}

}  // namespace shared_subscription
