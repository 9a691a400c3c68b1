#include "core/delivery/collector.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

namespace {

/// Whether there is somebody whom the broker asks for. The publisher may have No Local, which 2.0
/// does not show.
bool is_anybody_asked_for(const Group& group, std::string_view publisher_id) noexcept {
    return std::ranges::any_of(group.members(), [publisher_id](const Member* member) {
        return is_asked_for(*member) && member->subscription->session.id != publisher_id;
    });
}

}  // namespace

bool Collector::collects(const Group& group, const Message& message,
                         std::string_view publisher_id) const noexcept {
    if (group.direct > 0) return !is_anybody_asked_for(group, publisher_id);
    return group.declared && !group.has_ready() && backlog_.takes(message.qos);
}

bool Collector::find_groups(const Client& client, const Message& message) {
    groups_.clear();
    expecting_.clear();
    pending_.reset();
    if (version_ != registry_.version() || !is_same_text(topic_, message.topic)) {
        topic_.assign(message.topic);
        registry_.match(topic_, filters_);
        version_ = registry_.version();
    }
    for (const auto* filter : filters_) {
        for (const auto& group : filter->groups) {
            if (collects(*group, message, client.id)) {
                groups_.push_back(group->number);
            } else if (group->direct > 0) {
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

std::vector<std::uint64_t> Collector::receive(const Client& client, const Message& message) {
    const bool is_for_any = find_groups(client, message);
    if (message.qos == 2) expecting_.clear();  // its fan-out comes later
    if (!expecting_.empty()) fan_out_ = registry_.fan_out;
    if (!is_for_any) return {};
    if (message.qos == 2) {
        // Who is away is asked about when it is released.
        std::erase_if(groups_, [this](std::uint64_t number) {
            const auto& group = *registry_.find_group(number);
            return group.size() > 0 && group.direct == 0;
        });
        if (groups_.empty()) return {};
    }
    keep(client, message);
    if (message.qos < 2) return {};
    publisher_id_.assign(client.id);
    received_ = message.topic.data();
    return groups_;
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
    if (is_known) return;
    for (const auto number : groups_) {
        auto* group = registry_.find_group(number);
        if (!group) continue;
        // One of QoS 2 that has been received has no fan-out before its PUBREL: it was another's.
        if (has_seen_to(*group) && !received_) continue;
        backlog_.add(*group, {.id = backlog_.next_id(), .message = message});
    }
}

}  // namespace shared_subscription
