#include "core/delivery/restricted_fan_outs.hpp"

#include <algorithm>
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
    if (find(message)) return false;
    fan_out.sent_at = broker_.now();
    broker_.publish(message);
    under_way_.push_back(std::move(fan_out));
    return true;
}

RestrictedFanOut* RestrictedFanOuts::find(const Message& message) noexcept {
    const auto found = std::ranges::find_if(
        under_way_, [&message](const auto& fan_out) { return fan_out.is(message); });
    return found == under_way_.end() ? nullptr : &*found;
}

template <class IsOver>
std::vector<RestrictedFanOut> RestrictedFanOuts::take(const IsOver& is_over) {
    std::vector<RestrictedFanOut> over;
    std::vector<RestrictedFanOut> left;
    for (auto& fan_out : under_way_) (is_over(fan_out) ? over : left).push_back(std::move(fan_out));
    under_way_ = std::move(left);
    return over;
}

std::vector<RestrictedFanOut> RestrictedFanOuts::take_ended(bool all_drained) {
    return take([all_drained](const auto& fan_out) { return all_drained || fan_out.was_shown; });
}

std::vector<RestrictedFanOut> RestrictedFanOuts::take_old() {
    const auto before = broker_.now() - kSecondsUntilDrained;
    return take(
        [before](const auto& fan_out) { return fan_out.was_shown || fan_out.sent_at <= before; });
}

}  // namespace shared_subscription
