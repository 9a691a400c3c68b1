// What the plugin and its client have to agree on.
#pragma once

#include <cstddef>

namespace shared_subscription {

inline constexpr const char* kControlTopic = "$CONTROL/shared-subscription/v1";
inline constexpr const char* kControlResponseTopic = "$CONTROL/shared-subscription/v1/response";

/// So many groups, or members, are in one response at most.
inline constexpr std::size_t kMostInResponse = 1000;

}  // namespace shared_subscription
