#include "shared_subscription/dispatch.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// The broker's queue is drained once a turn. What is queued in one turn is gone after the next
// one's drain, which has a TICK behind it on 2.0 and on 2.1; one more for what is queued by a TICK
// itself.
constexpr int kMaxTicks = 3;

}  // namespace

Message Dispatch::message() const noexcept {
    return {.topic = topic,
            .payload = payload.data(),
            .payload_size = static_cast<std::uint32_t>(payload.size()),
            .qos = qos,
            .retain = false,
            .properties = properties.get()};
}

bool Dispatch::is(const Message& message) const noexcept {
    return message.qos == qos && !message.retain && message.payload_size == payload.size() &&
           message.topic == topic &&
           (payload.empty() || std::memcmp(message.payload, payload.data(), payload.size()) == 0);
}

std::optional<Dispatch> DispatchQueue::take(const Message& message, std::vector<Dispatch>& missed) {
    const auto found = std::ranges::find_if(
        waiting_, [&](const Dispatch& waiting) { return waiting.is(message); });
    if (found == waiting_.end()) return std::nullopt;
    std::move(waiting_.begin(), found, std::back_inserter(missed));
    auto taken = std::move(*found);
    waiting_.erase(waiting_.begin(), std::next(found));
    return taken;
}

bool DispatchQueue::contains(const Message& message) const noexcept {
    return std::ranges::any_of(waiting_,
                               [&message](const Dispatch& waiting) { return waiting.is(message); });
}

bool DispatchQueue::awaits(std::string_view client_id) const noexcept {
    return std::ranges::any_of(
        waiting_, [client_id](const Dispatch& waiting) { return waiting.to.session == client_id; });
}

void DispatchQueue::tick(std::vector<Dispatch>& missed) {
    for (auto& waiting : waiting_) ++waiting.ticks;
    while (!waiting_.empty() && waiting_.front().ticks >= kMaxTicks) {
        missed.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
}

}  // namespace shared_subscription
