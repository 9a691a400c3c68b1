#include "core/delivery/collector.hpp"

#include <string>
#include <utility>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

bool Collector::find_groups(const Message& message) {
    groups_.clear();
    pending_.reset();
    if (!backlog_.takes(message.qos)) return false;
    registry_.match(message.topic, filters_);
    for (const auto* filter : filters_) {
        for (const auto& group : filter->groups) {
            if (group->declared && !group->has_ready()) groups_.push_back(group->number);
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
    if (message.topic.starts_with(kControl) || !find_groups(message)) return;
    if (broker_.others_decide()) {
        registry_.asks_others = true;
        const auto verdict = broker_.ask_others_to_write(client.context, message);
        registry_.asks_others = false;
        if (verdict != Verdict::allowed) return;
    }
    keep(client, message);
}

std::vector<std::uint64_t> Collector::receive(const Client& client, const Message& message) {
    if (!find_groups(message)) return {};
    if (message.qos == 2) {
        // Who is away is asked about when it is released.
        std::erase_if(groups_, [this](std::uint64_t number) {
            return registry_.find_group(number)->size() > 0;
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

// Where the broker has asked about somebody, the fan-out has seen to it.
void Collector::collect() {
    const bool is_known = is_sent_again();
    const auto message = std::exchange(pending_, nullptr);
    if (is_known) return;
    for (const auto number : groups_) {
        auto* group = registry_.find_group(number);
        if (!group) continue;
        const bool has_seen_one = group->election.fan_out > fan_out_ || group->held_in > fan_out_;
        // One of QoS 2 that has been received has no fan-out before its PUBREL: it was another's.
        if (has_seen_one && !received_) continue;
        backlog_.add(*group, {.id = backlog_.next_id(), .message = message});
    }
}

}  // namespace shared_subscription
