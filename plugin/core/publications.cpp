#include "shared_subscription/publications.hpp"

#include <utility>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::hash<std::string_view> hash_of;

}  // namespace

void Publications::announce(std::string_view publisher_id, std::string_view topic) {
    announced_.emplace();
    assign_text(topic_, topic);
    assign_text(publisher_id_, publisher_id);
}

void Publications::receive(std::string_view publisher_id, const Message& message,
                           KeptProperties kept) {
    if (message.qos < 2) {
        if (!is_announced(message) || !is_same_text(publisher_id_, publisher_id))
            announce(publisher_id, message.topic);
        announced_->properties = message.properties;
        if (!in_flight_.empty()) in_flight_.erase(message.topic.data());
        return;
    }
    announced_.reset();
    if (in_flight_.size() >= kMaxInFlight) in_flight_.erase(in_flight_.begin());
    const auto* properties = kept.get();
    in_flight_.insert_or_assign(
        message.topic.data(),
        InFlight{hash_of(message.topic), message.payload, message.payload_size,
                 Publication{stable_hash(publisher_id), properties, std::move(kept)}});
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
    announced_ = std::move(found->second.publication);
    topic_.assign(message.topic);
    publisher_id_.clear();
    in_flight_.erase(found);
    return true;
}

void Publications::forget_in_flight(const Message& message) noexcept {
    if (const auto found = find(message); found != in_flight_.end()) in_flight_.erase(found);
}

std::optional<Publication> Publications::take_announced(const Message& message) {
    if (!is_announced(message)) return std::nullopt;
    if (!publisher_id_.empty()) announced_->publisher = stable_hash(publisher_id_);
    return std::exchange(announced_, std::nullopt);
}

}  // namespace shared_subscription
