#include "shared_subscription/dispatch.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// The broker's queue is drained once a turn. What is queued in one turn is gone after the next
// one's drain, which has a TICK behind it on 2.0 and on 2.1; one more for what is queued by a TICK
// itself.
constexpr int kMaxTicks = 3;

bool is_same(const StoredMessage& copy, const Message& other) noexcept {
    const auto& payload = copy.payload;
    return other.qos == copy.qos && !other.retain && other.payload_size == payload.size() &&
           other.topic == copy.topic &&
           (payload.empty() || std::memcmp(other.payload, payload.data(), payload.size()) == 0);
}

}  // namespace

bool Dispatch::is(const Message& other) const noexcept {
    return is_same(*message, other);
}

void DispatchQueue::send(Dispatch dispatch) {
    broker_.publish(dispatch.message->message());
    bytes_ += dispatch.message->payload.size();
    if (!dispatch.to.session.empty()) ++for_clients_;
    waiting_.push_back(std::move(dispatch));
}

Dispatch DispatchQueue::pop() {
    auto dispatch = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= dispatch.message->payload.size();
    if (!dispatch.to.session.empty()) --for_clients_;
    return dispatch;
}

std::optional<Dispatch> DispatchQueue::take(const Message& message, std::vector<Dispatch>& missed) {
    const auto found = std::ranges::find_if(
        waiting_, [&](const Dispatch& waiting) { return waiting.is(message); });
    if (found == waiting_.end()) return std::nullopt;
    for (auto before = found - waiting_.begin(); before > 0; --before) missed.push_back(pop());
    taken_.push_back(waiting_.front().message);
    return pop();
}

SharedMessage DispatchQueue::find_taken(const Message& message) const noexcept {
    for (const auto* taken : {&taken_, &taken_before_}) {
        const auto found = std::ranges::find_if(
            *taken, [&](const SharedMessage& copy) { return is_same(*copy, message); });
        if (found != taken->end()) return *found;
    }
    return nullptr;
}

bool DispatchQueue::contains(const Message& message) const noexcept {
    return std::ranges::any_of(waiting_,
                               [&message](const Dispatch& waiting) { return waiting.is(message); });
}

bool DispatchQueue::awaits(std::string_view client_id) const noexcept {
    return for_clients_ > 0 && std::ranges::any_of(waiting_, [client_id](const Dispatch& waiting) {
               return waiting.to.session == client_id;
           });
}

void DispatchQueue::tick(std::vector<Dispatch>& missed) {
    taken_before_ = std::exchange(taken_, {});
    for (auto& waiting : waiting_) ++waiting.ticks;
    while (!waiting_.empty() && waiting_.front().ticks >= kMaxTicks) missed.push_back(pop());
}

}  // namespace shared_subscription
