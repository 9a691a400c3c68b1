// What 2.1 stores for a membership: in a native share group of its own, so that the leaves of one
// client never merge, or in one with the other members (LeafKind). In neither case does 2.1 replay
// retained messages. The names are the same after a restart. Topics that begin with `$` cannot have
// such a leaf (BrokerTraits::merges_uses).
#pragma once

#include <string>
#include <string_view>

#include "shared_subscription/broker.hpp"

namespace shared_subscription::v2_1 {

/// What the share name of a leaf ends with.
[[nodiscard]] std::string leaf_suffix(std::string_view client_id, LeafKind kind);

[[nodiscard]] std::string leaf_filter(std::string_view client_id, std::string_view share_name,
                                      std::string_view topic_filter, LeafKind kind);

/// A filter that matches no topic, as a leaf of this client alone (Broker::add_placeholder).
[[nodiscard]] std::string placeholder_filter(std::string_view client_id);

}  // namespace shared_subscription::v2_1
