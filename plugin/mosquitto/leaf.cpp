#include "mosquitto/leaf.hpp"

#include <cstdint>
#include <cstdio>

#include "shared_subscription/hash.hpp"

namespace shared_subscription::v2_1 {

std::string leaf_suffix(std::string_view client_id, LeafKind kind) {
    if (kind == LeafKind::joint) return "~";
    char suffix[1 + 2 * sizeof(std::uint64_t) + 1];
    std::snprintf(suffix, sizeof suffix, "~%016llx",
                  static_cast<unsigned long long>(stable_hash(client_id)));
    return suffix;
}

std::string leaf_filter(std::string_view client_id, std::string_view share_name,
                        std::string_view topic_filter, LeafKind kind) {
    if (topic_filter.starts_with('$')) return std::string(topic_filter);
    std::string leaf = "$share/";
    leaf.append(share_name).append(leaf_suffix(client_id, kind)).append("/");
    return leaf.append(topic_filter);
}

// Share groups are looked for below the root of other topics (sub__topic_tokenise), where no topic
// begins with `$`.
std::string placeholder_filter(std::string_view client_id) {
    return "$share/" + leaf_suffix(client_id, LeafKind::own) + "/$";
}

}  // namespace shared_subscription::v2_1
