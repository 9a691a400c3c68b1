// 2.0: who is there in groups for whose messages the broker asks about nobody: direct members, and
// the others where all of them are away, or seem to be there. A message is published to a topic
// that the filter matches by which the broker has them: a restricted fan-out for nobody, in which
// the broker asks about each whose session there is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/delivery/restricted_fan_outs.hpp"
#include "core/model/registry.hpp"

namespace shared_subscription {

class RollCall {
  public:
    RollCall(Registry& registry, RestrictedFanOuts& restricted)
        : registry_(registry), restricted_(restricted) {}

    /// Calls those once in a second of whom it is not known whether they are there; no more in one
    /// turn than the broker can be asked about in passing. `now`: as in Engine::tick.
    void tick(std::int64_t now) {
        if (!registry_.has_direct_members()) return;
        if (is_through_ && now != begun_) {
            is_through_ = false;
            last_.clear();
            begun_ = now;
        }
        if (!is_through_) call_some();
    }

  private:
    void call_some();
    /// Those whose subscriptions have that filter, of one group or of any. Returns what that costs,
    /// in questions.
    std::size_t call(const Filter& filter, std::string_view share_name = {});

    Registry& registry_;
    RestrictedFanOuts& restricted_;
    bool is_through_ = true;
    std::string last_;         // of Registry::direct_filters, in this second
    std::int64_t begun_ = -1;  // second of the first
    std::uint64_t count_ = 0;
};

}  // namespace shared_subscription
