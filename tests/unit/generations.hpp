// The generations of the broker, as the core knows them.
#pragma once

#include "shared_subscription/broker.hpp"

namespace shared_subscription {

inline constexpr BrokerTraits kBroker20{
    .separate_leaves = false, .announces_sessions = false, .removes_duplicates = false};
/// 2.0.15 and later with `per_listener_settings`.
inline constexpr BrokerTraits kBroker20WithListenerSettings{.separate_leaves = false,
                                                            .announces_sessions = false,
                                                            .has_listener_settings = true,
                                                            .removes_duplicates = false};
/// Where all but the first member of a group are direct.
inline constexpr BrokerTraits kBroker20Direct{.separate_leaves = false,
                                              .announces_sessions = false,
                                              .direct_from = 1,
                                              .removes_duplicates = false};
inline constexpr BrokerTraits kBroker21{
    .separate_leaves = true, .announces_sessions = true, .removes_duplicates = false};

/// The same, where large groups stand in a ring; here all of two members and more.
inline constexpr BrokerTraits kBroker21WithRings{.separate_leaves = true,
                                                 .announces_sessions = true,
                                                 .rotates_from = 2,
                                                 .removes_duplicates = false};

}  // namespace shared_subscription
