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

void Collector::keep(const Message& message, std::uint64_t publisher) {
    pending_ = backlog_.keep(message, publisher);
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
    keep(message, stable_hash(client.id));
}

std::vector<std::uint64_t> Collector::receive(const Message& message, std::uint64_t publisher) {
    if (!find_groups(message)) return {};
    if (message.qos == 2) {
        // Who is away is asked about when it is released.
        std::erase_if(groups_, [this](std::uint64_t number) {
            return registry_.groups().at(number)->size() > 0;
        });
        if (groups_.empty()) return {};
    }
    keep(message, publisher);
    return message.qos == 2 ? groups_ : std::vector<std::uint64_t>{};
}

// Where the broker has asked about somebody, the fan-out has seen to it.
void Collector::collect() {
    const auto message = std::exchange(pending_, nullptr);
    for (const auto number : groups_) {
        const auto found = registry_.groups().find(number);
        if (found == registry_.groups().end()) continue;
        auto& group = *found->second;
        if (group.election.fan_out > fan_out_ || group.held_in > fan_out_) continue;
        backlog_.add(group, {.id = backlog_.next_id(), .message = message});
    }
}

}  // namespace shared_subscription
