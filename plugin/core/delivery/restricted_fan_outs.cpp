#include "core/delivery/restricted_fan_outs.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::int64_t kSecondsUntilDrained = 2;

}  // namespace

bool RestrictedFanOut::is(const Message& other) const noexcept {
    return other.qos == message->qos && !other.retain && is_same_content(*message, other);
}

bool RestrictedFanOuts::publish(RestrictedFanOut fan_out) {
    auto message = fan_out.message->message();
    message.retain = false;  // or the broker would keep it
    const auto is_like_it = [&message](const auto& other) { return other.is(message); };
    if (std::ranges::any_of(under_way_, is_like_it)) return false;
    fan_out.sent_at = broker_.now();
    broker_.publish(message);
    under_way_.push_back(std::move(fan_out));
    return true;
}

RestrictedFanOut* RestrictedFanOuts::find(const Message& message) noexcept {
    const auto found = std::ranges::find_if(under_way_, [&message](const auto& fan_out) {
        const bool is_elsewhere = fan_out.was_shown() && fan_out.shown_at != message.topic.data();
        return !is_elsewhere && fan_out.is(message);
    });
    return found == under_way_.end() ? nullptr : &*found;
}

std::vector<RestrictedFanOut> RestrictedFanOuts::take_ended(bool all_drained) {
    const auto before = broker_.now() - kSecondsUntilDrained;
    const auto over = std::ranges::stable_partition(under_way_, [&](const auto& fan_out) {
        const bool is_drained = fan_out.in_turns ? all_drained : fan_out.sent_at <= before;
        return !fan_out.was_shown() && !is_drained;
    });
    std::vector<RestrictedFanOut> ended(std::make_move_iterator(over.begin()),
                                        std::make_move_iterator(over.end()));
    under_way_.erase(over.begin(), over.end());
    return ended;
}

}  // namespace shared_subscription
