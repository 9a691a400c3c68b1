// What administrators set for those who join groups.
#pragma once

#include <cstddef>

namespace shared_subscription {

/// 0: no limit. Those who are members already stay.
struct MembershipLimits {
    /// Bytes of a group's name.
    std::size_t group_name = 256;
    /// What one client asks for is done in one go: when it subscribes, with each message that all
    /// of its groups match, and when its session ends.
    std::size_t groups_of_a_client = 2500;
    /// Of all groups together.
    std::size_t members = 1'000'000;
    bool operator==(const MembershipLimits&) const = default;
};

}  // namespace shared_subscription
