#include "control/metrics.hpp"

#include <algorithm>

#include "core/model/records.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

Json identify(const Group& group) {
    return {{"group", group.name()}, {"filter", group.filter().text}};
}

void add_metrics(Json& data, const Group& group, std::int64_t now) {
    const auto& queue = group.queue;
    const auto age = queue.empty() ? 0 : std::max<std::int64_t>(0, now - queue.front().queued);
    data["strategy"] = name_of(group.strategy());
    data["members"] = group.size();
    data["connected"] = group.connected;
    data["dispatched"] = group.dispatched;
    data["queued"] = queue.size();
    data["oldestMessageAge"] = age;
    data["dropped"] = group.dropped;
}

}  // namespace shared_subscription
