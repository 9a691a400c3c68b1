// Listeners with a `mount_point`: the broker puts that before each topic and filter of their
// clients, but for filters in UNSUBSCRIBE (handle__subscribe, handle__publish,
// handle__unsubscribe). A group there is the group on the filter below the mount point, and whoever
// subscribes to that elsewhere is in it, too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {

class MountPoints {
  public:
    MountPoints() = default;
    /// Of all listeners: which one a client comes by is not shown.
    explicit MountPoints(std::vector<std::string> all) : all_(std::move(all)) {}

    struct Shown {
        SubscriptionFilter filter;
        bool is_moved = false;
    };
    /// The filter of a SUBSCRIBE. `<mount point>$share/<group>/<filter>` becomes
    /// `$share/<group>/<mount point><filter>`, in place; with `$queue` likewise.
    [[nodiscard]] Shown parse(char* filter) const;

    /// The filter as it was subscribed, of a group in UNSUBSCRIBE: the first of those that `is_one`
    /// knows. Nothing: none.
    template <class IsOne>
    [[nodiscard]] std::optional<std::string> find(std::string_view topic_filter,
                                                  const IsOne& is_one) const {
        for (const auto& mount_point : all_) {
            auto whole = mount_point + std::string(topic_filter);
            if (is_one(whole)) return whole;
        }
        return std::nullopt;
    }

  private:
    std::vector<std::string> all_;
};

}  // namespace shared_subscription
