#include "shared_subscription/sys_topics.hpp"

#include <algorithm>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::string_view kRoot = "$SYS/broker/shared-subscriptions/";

// In one turn of the main loop.
constexpr std::size_t kMaxMessages = 100;
constexpr std::size_t kMaxGroups = 1000;
constexpr std::size_t kFewestGroups = 4;

constexpr std::int64_t kMillisecondsBetween = 10;  // from one part of a round to the next

constexpr std::array<std::string_view, 8> kTotalNames{"groups",
                                                      "members",
                                                      "members/connected",
                                                      "messages/dispatched",
                                                      "messages/queued",
                                                      "messages/redispatched",
                                                      "messages/dropped",
                                                      "messages/expired"};
constexpr std::array<std::string_view, 5> kFigureNames{"members", "connected", "dispatched",
                                                       "queued", "strategy"};

std::string group_topic(const GroupName& name, std::string_view figure) {
    std::string topic(kRoot);
    topic += "group/";
    topic += to_topic_level(name.share_name);
    topic += '/';
    topic += to_topic_level(name.filter);
    topic += '/';
    topic += figure;
    return topic;
}

}  // namespace

std::string to_topic_level(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kReserved = "/+#%";
    std::string level;
    for (const char character : text) {
        if (is_control_character(character) || kReserved.find(character) != kReserved.npos) {
            const auto byte = static_cast<unsigned char>(character);
            level += '%';
            level += kDigits[byte >> 4U];
            level += kDigits[byte & 0x0FU];
        } else {
            level += character;
        }
    }
    return level;
}

// All groups have their turn in half of the interval.
int SysTopics::tick(std::int64_t milliseconds) {
    if (interval_ == 0) return 0;
    sent_ = 0;
    if (!goes_on_) {
        const auto now = milliseconds / 1000;
        if (began_ && now - *began_ < interval_) return 0;
        began_ = now;
        published_ = milliseconds - kMillisecondsBetween;
        next_group_ = 0;
        publish_totals();
    }
    if (const auto passed = milliseconds - published_; passed >= kMillisecondsBetween) {
        published_ = milliseconds;
        const auto all = std::max(registry_.groups().size(), groups_.size());
        const auto part =
            all * static_cast<std::size_t>(passed) / static_cast<std::size_t>(interval_ * 1000 / 2);
        goes_on_ = publish_groups(std::clamp(part, kFewestGroups, kMaxGroups));
    }
    return goes_on_ ? kMillisecondsBetween : 0;
}

void SysTopics::publish(const std::string& topic, const std::string& value) {
    ++sent_;
    broker_.publish({.topic = topic,
                     .payload = value.data(),
                     .payload_size = static_cast<std::uint32_t>(value.size()),
                     .retain = true});
}

void SysTopics::publish_totals() {
    const auto census = registry_.census();
    const auto& since = registry_.statistics;
    const std::array values{census.groups, census.members,     census.connected, since.dispatched,
                            census.queued, since.redispatched, since.dropped,    since.expired};
    for (std::size_t index = 0; index < kTotals; ++index) {
        auto value = std::to_string(values[index]);
        if (totals_[index] == value) continue;
        publish(std::string(kRoot).append(kTotalNames[index]), value);
        totals_[index] = std::move(value);
    }
}

bool SysTopics::publish_groups(std::size_t most) {
    for (std::size_t seen = 0; seen < most && sent_ < kMaxMessages; ++seen) {
        const auto group = registry_.groups().lower_bound(next_group_);
        const auto known = groups_.lower_bound(next_group_);
        const bool is_last = group == registry_.groups().end();
        if (known != groups_.end() && (is_last || known->first < group->first)) {
            next_group_ = known->first + 1;
            clear(known->second);
            groups_.erase(known);
        } else if (is_last) {
            return false;
        } else {
            next_group_ = group->first + 1;
            publish(*group->second);
        }
    }
    return true;
}

void SysTopics::publish(const Group& group) {
    auto& known = groups_[group.number];
    if (known.name.filter.empty()) known.name = name_of(group);
    std::array<std::string, kFigures> values{
        std::to_string(group.size()), std::to_string(group.connected),
        std::to_string(group.dispatched), std::to_string(group.queue.size()),
        std::string(name_of(group.strategy()))};
    for (std::size_t index = 0; index < kFigures; ++index) {
        if (known.values[index] != values[index])
            publish(group_topic(known.name, kFigureNames[index]), values[index]);
    }
    known.values = std::move(values);
}

// A new group of the same name has said, or will say, what is true now.
void SysTopics::clear(const Published& ended) {
    if (registry_.find_group(ended.name.share_name, ended.name.filter)) return;
    for (const auto figure : kFigureNames) publish(group_topic(ended.name, figure), {});
}

}  // namespace shared_subscription
