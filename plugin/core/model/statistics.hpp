// What administrators see: metrics of what has happened, and of what is there now.
#pragma once

#include <cstdint>

namespace shared_subscription {

/// Since the start of the broker, or since they were reset. A message counts once for each group.
struct Statistics {
    std::uint64_t dispatched = 0;    ///< messages given to a member
    std::uint64_t redispatched = 0;  ///< messages that a session left behind, given to its group
    std::uint64_t dropped = 0;       ///< messages that no member of a group got, or will get
    std::uint64_t expired = 0;       ///< messages that waited too long for a member
    std::uint64_t abandoned = 0;     ///< messages of QoS 2 that were in flight when a session ended
    bool operator==(const Statistics&) const = default;
};

/// What is there now.
struct Census {
    std::uint64_t groups = 0;
    std::uint64_t members = 0;    ///< memberships: a client in two groups counts twice
    std::uint64_t connected = 0;  ///< memberships of connected clients
    std::uint64_t queued = 0;     ///< messages that wait for groups
    bool operator==(const Census&) const = default;
};

}  // namespace shared_subscription
