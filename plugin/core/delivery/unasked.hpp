// What it means that the broker did not ask about somebody: a leaf that it does not have any more,
// or somebody's No Local.
#pragma once

#include <cstdint>
#include <vector>

#include "core/delivery/publications.hpp"
#include "core/delivery/restricted_fan_outs.hpp"
#include "core/model/registry.hpp"
#include "core/queue/backlog.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Unasked {
  public:
    Unasked(Registry& registry, RestrictedFanOuts& restricted, Backlog& backlog, Broker& broker,
            const BrokerTraits& traits)
        : registry_(registry),
          restricted_(restricted),
          backlog_(backlog),
          broker_(broker),
          traits_(traits) {}

    /// The member was elected in a fan-out, which is over, and not asked about.
    void doubt(Member& member, const Publication& publication);

    /// The unconfirmed subscriptions by these filters end that a fan-out, which is over, has shown
    /// to be gone. `ends(Group&)` is told of each group that ends with them.
    template <class Ends>
    void end_gone(const std::vector<Filter*>& filters, std::uint64_t fan_out,
                  const Publication& publication, const Ends& ends) {
        find_gone(filters, fan_out, publication);
        erase_gone(ends);
    }

    /// Draws the conclusions from restricted fan-outs that are over. `all_drained`: as
    /// RestrictedFanOuts::take_ended.
    void settle_restricted(bool all_drained) {
        if (!restricted_.empty()) settle_ended(all_drained);
    }

  private:
    /// Whether the broker would have asked for this subscription if it were there.
    [[nodiscard]] bool is_shown(const Subscription& subscription) const noexcept {
        const auto& session = subscription.session;
        return session.connected || session.presence.moved || !traits_.passes_over_offline();
    }
    void find_gone(const std::vector<Filter*>& filters, std::uint64_t fan_out,
                   const Publication& publication);
    template <class Ends>
    void erase_gone(const Ends& ends) {
        for (auto* subscription : gone_) {
            for (const auto& member : subscription->members) {
                if (member->group->size() == 1) ends(*member->group);
            }
            registry_.erase(*subscription);
        }
        gone_.clear();
    }
    void settle_ended(bool all_drained);
    void settle(const RestrictedFanOut& fan_out);
    void not_shown(Group& group, const RestrictedFanOut& fan_out);
    void not_shown(const Filter& filter, const RestrictedFanOut& roll_call);

    Registry& registry_;
    RestrictedFanOuts& restricted_;
    Backlog& backlog_;
    Broker& broker_;
    const BrokerTraits& traits_;
    std::vector<Subscription*> gone_;
};

}  // namespace shared_subscription
