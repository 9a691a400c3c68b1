#include "core/delivery/collector.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

namespace {

constexpr std::int64_t kSecondsUntilReleased = 60;

/// Whether there is somebody whom the broker is sure to ask for. The publisher may have No Local,
/// which 2.0 does not show.
bool is_anybody_asked_for(const Group& group, std::uint64_t publisher) noexcept {
    return std::ranges::any_of(group.members(), [publisher](const Member* member) {
        return is_asked_for(*member) && member->subscription->session.key != publisher;
    });
}

/// Whether the broker may ask about nobody of a group that is there.
bool may_collect(const Group& group) noexcept {
    return group.declared || group.direct > 0;
}

}  // namespace

// That a message of QoS 2 is released may show by nothing else than being asked: unless the broker
// is sure to ask about somebody then, it is collected when it is received.
bool Collector::collects(const Group& group, std::uint8_t qos, std::uint64_t publisher,
                         bool is_received) const noexcept {
    if (group.direct > 0 || is_received) return !is_anybody_asked_for(group, publisher);
    return !group.has_ready() && backlog_.takes(qos);
}

void Collector::match(std::string_view topic) {
    topic_.assign(topic);
    registry_.match(topic_, filters_);
    version_ = registry_.version();
    may_want_ = std::ranges::any_of(filters_, [](const Filter* filter) {
        return std::ranges::any_of(filter->groups,
                                   [](const auto& group) { return may_collect(*group); });
    });
}

bool Collector::find_groups(const Client& client, const Message& message, bool is_received) {
    groups_.clear();
    expecting_.clear();
    pending_.reset();
    if (!is_known(message.topic)) match(message.topic);
    const bool may_want_later = is_received && may_get_direct_members();
    if (!may_want_ && !may_want_later) return false;
    const auto publisher = stable_hash(client.id);
    for (const auto* filter : filters_) {
        for (const auto& group : filter->groups) {
            const bool is_wanted = may_collect(*group);
            if (is_wanted && collects(*group, message.qos, publisher, is_received)) {
                groups_.push_back(group->number);
            } else if (is_wanted ? group->direct > 0 || is_received : may_want_later) {
                expecting_.push_back(group->number);
            }
        }
    }
    return !groups_.empty();
}

void Collector::keep(const Client& client, const Message& message) {
    pending_ = backlog_.keep(message, stable_hash(client.id));
    received_ = nullptr;
    fan_out_ = registry_.fan_out;
}

// A control topic is shown to nobody else, and fanned out to nobody.
void Collector::announce(const Client& client, const Message& message) {
    constexpr std::string_view kControl = "$CONTROL/";
    if (message.topic.starts_with(kControl)) return;
    const bool is_for_any = find_groups(client, message);
    expecting_.clear();  // others may refuse it
    if (!is_for_any) return;
    if (broker_.others_decide()) {
        registry_.asks_others = true;
        const auto verdict = broker_.ask_others_to_write(client.context, message);
        registry_.asks_others = false;
        if (verdict != Verdict::allowed) return;
    }
    keep(client, message);
}

Collected Collector::receive(const Client& client, const Message& message) {
    if (message.qos == 2) return receive_unreleased(client, message);
    const bool is_for_any = find_groups(client, message);
    if (is_for_any) collect_before();
    if (!expecting_.empty()) fan_out_ = registry_.fan_out;
    if (is_for_any) keep(client, message);
    return {};
}

Collected Collector::receive_unreleased(const Client& client, const Message& message) {
    const bool is_for_any = find_groups(client, message, true);
    if (is_for_any) collect_before();
    const auto waiting = std::exchange(expecting_, {});  // its fan-out comes later
    if (!is_for_any && waiting.empty()) return {};
    keep(client, message);
    publisher_id_.assign(client.id);
    received_ = message.topic.data();
    Collected collected{.by = groups_};
    if (!waiting.empty()) {
        collected.unreleased =
            std::make_unique<Unreleased>(Unreleased{.message = pending_,
                                                    .groups = waiting,
                                                    .since = registry_.now,
                                                    .received = registry_.clock()});
    }
    return collected;
}

// In the order of being received, in which a publisher releases them. Whether it has been released
// in the meantime does not matter: the broker has asked about nobody then.
void Collector::collect_unreleased(std::int64_t now) {
    seen_departures_ = registry_.departures;
    swept_ = now;
    publications_.visit_unreleased([this, now](Publication& publication, Unreleased& unreleased) {
        return collect_unasked(publication, unreleased) &&
               unreleased.since + kSecondsUntilReleased > now;
    });
}

void Collector::collect_before() {
    if (!publications_.has_unreleased() || seen_departures_ == registry_.departures) return;
    if (sweeps_left_ == 0) return;
    --sweeps_left_;
    collect_unreleased(registry_.now);
}

void Collector::release(const char* topic) {
    publications_.visit_unreleased(topic, [this](Publication& publication, Unreleased& unreleased) {
        return collect_unasked(publication, unreleased);
    });
}

bool Collector::collect_unasked(Publication& publication, Unreleased& unreleased) {
    std::erase_if(unreleased.groups, [&](std::uint64_t number) {
        auto* group = registry_.find_group(number);
        if (!group) return true;
        const bool may_be_another = !group->declared && unreleased.received < group->anew_since;
        const bool waits = !may_collect(*group) || may_be_another ||
                           is_anybody_asked_for(*group, unreleased.message->publisher);
        if (waits) return false;
        backlog_.add(*group, {.id = backlog_.next_id(), .message = unreleased.message});
        publication.collected_by.push_back(number);
        return true;
    });
    return !unreleased.groups.empty();
}

// The broker shows it as it showed the first one, which it keeps, and then drops it by its packet
// identifier, which it does not show (handle__publish). So one that is gone while another with the
// same content is still there is that one again.
bool Collector::is_sent_again() {
    const auto session = received_ ? broker_.find_session(publisher_id_) : nullptr;
    bool is_there = false;
    bool is_another_there = false;
    const auto see = [&](const Message& received) {
        if (received.topic.data() == received_)
            is_there = true;
        else if (is_same_content(*pending_, received))
            is_another_there = true;
    };
    if (session) broker_.visit_received(session, see);
    return is_another_there && !is_there;
}

// Where the broker has asked about somebody, the fan-out has.
bool Collector::has_seen_to(const Group& group) const noexcept {
    return group.election.fan_out > fan_out_ || group.held_in > fan_out_;
}

// Its leaves may be gone; or the broker has refused the message.
void Collector::note_silence() {
    for (const auto number : expecting_) {
        auto* group = registry_.find_group(number);
        if (group && !has_seen_to(*group)) group->silent = true;
    }
    expecting_.clear();
}

void Collector::collect() {
    const bool is_known = is_sent_again();
    const auto message = std::exchange(pending_, nullptr);
    if (is_known) {
        publications_.forget_unreleased(received_);
        return;
    }
    for (const auto number : groups_) {
        auto* group = registry_.find_group(number);
        if (!group) continue;
        // One of QoS 2 that has been received has no fan-out before its PUBREL: it was another's.
        if (has_seen_to(*group) && !received_) continue;
        backlog_.add(*group, {.id = backlog_.next_id(), .message = message});
    }
}

}  // namespace shared_subscription
