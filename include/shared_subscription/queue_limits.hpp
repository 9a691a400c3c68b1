// What administrators set for the queues of the groups.
#pragma once

#include <cstddef>

namespace shared_subscription {

/// Of each group's queue.
struct QueueLimits {
    std::size_t messages = 1000;  ///< 0: no limit
    std::size_t bytes = 0;        ///< of topics, payloads and properties; 0: no limit
    std::size_t seconds = 0;      ///< how long a message waits; 0: no limit
    bool takes_qos0 = false;      ///< whether QoS 0 messages wait, too
    bool operator==(const QueueLimits&) const = default;
};

}  // namespace shared_subscription
