#include "core/delivery/publications.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::hash<std::string_view> hash_of;

}  // namespace

void Publications::set_topic(std::string_view topic) {
    if (is_same_text(topic_, topic)) return;
    assign_text(topic_, topic);
    ++topic_number_;
}

void Publications::announce_by_last() {
    is_announced_ = true;
    shown_ = nullptr;
    announced_.clear();
    announced_.publisher_id_ = publisher_id_;
}

void Publications::announce(std::string_view publisher_id, std::string_view topic,
                            Context connection) {
    set_topic(topic);
    assign_text(publisher_id_, publisher_id);
    connection_ = connection;
    announce_by_last();
}

void Publications::announce_again(const char* topic) {
    if (!is_same_text(topic_, topic)) set_topic(topic);
    announce_by_last();
}

void Publications::receive(std::string_view publisher_id, const Message& message,
                           KeptProperties kept, Collected collected) {
    if (message.qos < 2) {
        if (!is_announced(publisher_id, message.topic)) announce(publisher_id, message.topic);
        show(message.topic.data(), message.properties);
        return;
    }
    is_announced_ = false;
    if (in_flight_.size() >= kMaxInFlight) in_flight_.erase(in_flight_.begin());
    auto& in_flight =
        in_flight_
            .insert_or_assign(
                message.topic.data(),
                InFlight{hash_of(message.topic), message.payload, message.payload_size,
                         Publication(stable_hash(publisher_id), std::move(kept)),
                         std::move(collected.unreleased)})
            .first->second;
    in_flight.publication.collected_by = std::move(collected.by);
    if (in_flight.unreleased) in_flight.unreleased->number = ++last_unreleased_;
}

Publications::Map::iterator Publications::find(const Message& message) noexcept {
    if (message.qos != 2) return in_flight_.end();
    const auto found = in_flight_.find(message.topic.data());
    if (found == in_flight_.end()) return found;
    const auto& known = found->second;
    const bool is_it = known.payload == message.payload &&
                       known.payload_size == message.payload_size &&
                       known.topic == hash_of(message.topic);
    return is_it ? found : in_flight_.end();
}

bool Publications::release(const Message& message) {
    const auto found = find(message);
    if (found == in_flight_.end()) return false;
    is_announced_ = true;
    shown_ = message.topic.data();
    announced_ = std::move(found->second.publication);
    set_topic(message.topic);
    in_flight_.erase(found);
    return true;
}

void Publications::forget_unreleased(const char* topic) noexcept {
    if (const auto found = in_flight_.find(topic); found != in_flight_.end())
        found->second.unreleased.reset();
}

void Publications::visit_unreleased(const char* topic, const VisitUnreleased& visit) {
    const auto found = in_flight_.find(topic);
    if (found == in_flight_.end() || !found->second.unreleased) return;
    auto& in_flight = found->second;
    if (!visit(in_flight.publication, *in_flight.unreleased)) in_flight.unreleased.reset();
}

void Publications::visit_unreleased(const VisitUnreleased& visit) {
    std::vector<InFlight*> all;
    for (auto& [topic, in_flight] : in_flight_)
        if (in_flight.unreleased) all.push_back(&in_flight);
    std::ranges::sort(all, {}, [](const auto* one) { return one->unreleased->number; });
    bool is_any_left = false;
    for (auto* one : all) {
        const bool is_left = visit(one->publication, *one->unreleased);
        if (!is_left) one->unreleased.reset();
        is_any_left |= is_left;
    }
    if (!is_any_left) last_unreleased_ = 0;
}

void Publications::forget_in_flight(const Message& message) noexcept {
    if (const auto found = find(message); found != in_flight_.end()) in_flight_.erase(found);
}

}  // namespace shared_subscription
