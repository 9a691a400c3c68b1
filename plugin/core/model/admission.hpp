// Who may join a group, as far as limits say so. Access control is not asked here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/membership_limits.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {

class Admission {
  public:
    Admission(Registry& registry, Broker& broker) : registry_(registry), broker_(broker) {}

    void set_limits(const MembershipLimits& limits) noexcept { limits_ = limits; }

    /// False: a limit is reached, and the log says which, once in ten seconds for each. A member
    /// may.
    [[nodiscard]] bool may_join(const Client& client, const SubscriptionFilter& group);

  private:
    enum Limit : std::uint8_t { group_name, groups_of_a_client, members, count };
    [[nodiscard]] bool refuse(Limit limit, const Client& client, const SubscriptionFilter& group,
                              const std::string& why);

    Registry& registry_;
    Broker& broker_;
    MembershipLimits limits_;
    std::array<std::int64_t, Limit::count> said_{};  // when, by Broker::now
};

}  // namespace shared_subscription
