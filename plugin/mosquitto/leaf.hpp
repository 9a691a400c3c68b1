// What 2.1 stores for a membership: a native share group that has this client alone as member, so
// that its leaves never merge and 2.1 replays no retained message. The name is the same after a
// restart. Topics that begin with `$` cannot have one (BrokerTraits::merges_uses).
#pragma once

#include <string>
#include <string_view>

namespace shared_subscription::v2_1 {

/// What the share name of a client's leaves ends with.
[[nodiscard]] std::string leaf_suffix(std::string_view client_id);

[[nodiscard]] std::string leaf_filter(std::string_view client_id, std::string_view share_name,
                                      std::string_view topic_filter);

}  // namespace shared_subscription::v2_1
