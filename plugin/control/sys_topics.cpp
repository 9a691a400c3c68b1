#include "control/sys_topics.hpp"

#include <algorithm>

#include "control/metrics.hpp"
#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::string_view kRoot = "$SYS/broker/shared-subscriptions/";

// In one round of the main loop.
constexpr std::size_t kMaxMessages = 100;
constexpr std::size_t kMaxGroups = 1000;
constexpr std::size_t kFewestGroups = 4;

constexpr std::int64_t kMillisecondsBetween = 10;  // from one part of a sweep to the next

constexpr std::array<std::string_view, 9> kTotalNames{"groups",
                                                      "members",
                                                      "members/connected",
                                                      "messages/dispatched",
                                                      "messages/queued",
                                                      "messages/redispatched",
                                                      "messages/dropped",
                                                      "messages/expired",
                                                      "messages/abandoned"};

std::string group_topic(std::uint64_t digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string topic(kRoot);
    topic += "group/";
    for (unsigned shift = 64; shift > 0; shift -= 4) topic += kDigits[digits >> (shift - 4) & 0xFU];
    return topic;
}

// The broker keeps it for as long as the group is there.
void shorten(Json& text) {
    constexpr std::size_t kLongest = 1000;  // bytes
    const auto& whole = text.get_ref<const std::string&>();
    if (whole.size() > kLongest) text = whole.substr(0, kLongest) + "...";
}

}  // namespace

// All groups are visited in half of the interval.
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
    const std::array values{census.groups,    census.members, census.connected,
                            since.dispatched, census.queued,  since.redispatched,
                            since.dropped,    since.expired,  since.abandoned};
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
        if (known != groups_.end() && (is_last || known->first < (*group)->number)) {
            next_group_ = known->first + 1;
            clear(known->first, known->second);
            groups_.erase(known);
        } else if (is_last) {
            return false;
        } else {
            next_group_ = (*group)->number + 1;
            publish(**group);
        }
    }
    return true;
}

// A share name holds no '/'. What a group that has ended had, the next of the same name has.
std::uint64_t SysTopics::take_digits(const Group& group) {
    auto digits = stable_hash(group.name() + '/' + group.filter().text);
    while (true) {
        const auto [topic, is_new] = topics_.try_emplace(digits, group.number);
        if (is_new || !registry_.groups().contains(topic->second)) {
            topic->second = group.number;
            return digits;
        }
        ++digits;
    }
}

void SysTopics::publish(Group& group) {
    auto& known = groups_[group.number];
    if (known.value == 0) known.digits = take_digits(group);
    auto metrics = identify(group);
    for (auto& text : metrics) shorten(text);
    add_metrics(metrics, group, {broker_.now(), published_});
    const auto value = to_text(metrics);
    const auto hash = stable_hash(value);
    if (known.value != hash) publish(group_topic(known.digits), value);
    known.value = hash;
}

// Where a new group has its topic, that has said what is true now.
void SysTopics::clear(std::uint64_t number, const Published& ended) {
    const auto topic = topics_.find(ended.digits);
    if (topic == topics_.end() || topic->second != number) return;
    topics_.erase(topic);
    publish(group_topic(ended.digits), {});
}

}  // namespace shared_subscription
