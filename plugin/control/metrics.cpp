#include "control/metrics.hpp"

#include <algorithm>
#include <cmath>

#include "core/model/records.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

Json identify(const Group& group) {
    return {{"group", group.name()}, {"filter", group.filter().text}};
}

double take_rate(Group& group, std::int64_t milliseconds) {
    constexpr std::int64_t kLeast = 1000, kRenewed = 5000;
    auto& last = group.sample;
    const auto passed = std::max(kLeast, milliseconds - last.at);
    if (passed < kRenewed && !last.is_first) return last.tenths / 10.0;
    const auto given = static_cast<double>(group.dispatched - last.dispatched);
    const auto tenths = std::round(given * 10'000 / static_cast<double>(passed));
    if (passed >= kRenewed)
        last = {milliseconds, group.dispatched, static_cast<std::uint32_t>(tenths), false};
    return tenths / 10;
}

void add_metrics(Json& data, Group& group, const Moment& now) {
    const auto& queue = group.queue;
    const auto age =
        queue.empty() ? 0 : std::max<std::int64_t>(0, now.seconds - queue.front().queued);
    data["strategy"] = name_of(group.strategy());
    data["members"] = group.size();
    data["connected"] = group.connected;
    data["dispatched"] = group.dispatched;
    data["rate"] = take_rate(group, now.milliseconds);
    data["queued"] = queue.size();
    data["oldestMessageAge"] = age;
    data["dropped"] = group.dropped;
}

}  // namespace shared_subscription
