// What administrators set for the queues of the groups.
#pragma once

#include <cstddef>
#include <optional>

namespace shared_subscription {

/// Of each group's queue.
struct QueueLimits {
    std::optional<std::size_t> messages{};  ///< 0: no limit; nothing: 1,000 for each member
    std::size_t bytes = 0;                  ///< of topics, payloads and properties; 0: no limit
    std::size_t seconds = 0;                ///< how long a message waits; 0: no limit
    /// For a member whose in-flight window is full, by the broker; at least 1 (2.1).
    std::size_t held_back = 4;
    bool takes_qos0 = false;  ///< whether QoS 0 messages wait, too
    bool operator==(const QueueLimits&) const = default;
};

}  // namespace shared_subscription
