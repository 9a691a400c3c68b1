#include "mosquitto/mount_points.hpp"

#include <algorithm>

namespace shared_subscription {

MountPoints::Shown MountPoints::parse(char* filter) const {
    const std::string_view whole(filter);
    for (const auto& mount_point : all_) {
        if (!whole.starts_with(mount_point)) continue;
        const auto below = parse_subscription(whole.substr(mount_point.size()));
        if (below.kind == FilterKind::malformed) return {below};
        if (below.kind == FilterKind::non_shared) continue;
        std::rotate(filter, filter + mount_point.size(),
                    filter + (whole.size() - below.topic_filter.size()));
        return {parse_subscription(whole), true};
    }
    return {parse_subscription(whole)};
}

}  // namespace shared_subscription
