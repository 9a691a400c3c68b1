#include "shared_subscription/publications.hpp"

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Publications::announce(std::string_view publisher_id, std::string_view topic) {
    announced_ = true;
    publisher_id_.assign(publisher_id);
    topic_.assign(topic);
    properties_ = nullptr;
}

void Publications::receive(std::string_view publisher_id, const Message& message,
                           KeptProperties kept) {
    if (message.qos < 2) {
        announce(publisher_id, message.topic);
        properties_ = message.properties;
        return;
    }
    announced_ = false;
    if (in_flight_.size() >= kMaxInFlight) in_flight_.erase(in_flight_.begin());
    const auto* properties = kept.get();
    in_flight_.insert_or_assign(
        message.topic.data(),
        InFlight{message.payload, message.payload_size,
                 Publication{stable_hash(publisher_id), properties, std::move(kept)}});
}

Publications::Map::const_iterator Publications::find(const Message& message) const noexcept {
    const auto found = in_flight_.find(message.topic.data());
    if (found == in_flight_.end()) return found;
    const auto& known = found->second;
    return known.payload == message.payload && known.payload_size == message.payload_size
               ? found
               : in_flight_.end();
}

std::optional<Publication> Publications::take_announced(const Message& message) {
    if (!announced_ || topic_ != message.topic) return std::nullopt;
    announced_ = false;
    return Publication{stable_hash(publisher_id_), properties_, nullptr};
}

std::optional<Publication> Publications::take_in_flight(const Message& message) {
    if (message.qos != 2) return std::nullopt;
    const auto found = find(message);
    if (found == in_flight_.end()) return std::nullopt;
    auto publication = found->second.publication;
    in_flight_.erase(found);
    return publication;
}

}  // namespace shared_subscription
