// Who stands in the broker's tree (2.1), apart from who is next.
//
// A small group's members all stand, each with a leaf of its own, and the broker asks for all of
// them for each message. The members of a large one stand in one ring, of which the broker asks for
// the first alone. A member that cannot be next is parked when it comes first: its leaf goes, and
// comes back at the end when it can. One stays in any case, so that the broker shows the group's
// messages.
//
// A session whose leaf is parked keeps another that matches nothing, so that the broker still says
// whether a client that is back has resumed it (Broker::subscription_count).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Parking {
  public:
    Parking(Registry& registry, Broker& broker) : registry_(registry), broker_(broker) {}

    /// Lets those come first who can be next. Not while the broker stands on a leaf: a plugin may
    /// end a connection in the middle of a fan-out, which it goes on with afterwards, so that the
    /// leaf that was asked for last is left alone.
    void align() {
        if (registry_.rings.has_unaligned()) align_all(false);
    }
    /// The same where nothing is fanned out for certain: in MESSAGE.
    void align_freely() {
        if (registry_.rings.has_unaligned()) align_all(true);
    }
    /// The same in a TICK: groups change to the ring and back, too.
    void tick();

    /// Makes the broker ask for this member next. Not while anything is fanned out. False: not yet,
    /// as `untouchable` comes before it, or one whose session has expired, or too many do.
    bool let_come_first(Member& next, const Member* untouchable = nullptr);

    /// The clients of which that was seen.
    [[nodiscard]] std::vector<std::string> take_expired() noexcept {
        return std::exchange(expired_, {});
    }

    /// Gives a parked member its leaf back.
    void stand(Member& member);
    /// The broker has done so, or is about to.
    void stands_again(Member& member);

  private:
    void change_some();
    void align_all(bool nothing_fanned_out);
    void align(Group& group, bool nothing_fanned_out);
    [[nodiscard]] bool note_if_expired(const Member& member);
    void park(Member& member);
    void form_ring(Group& group);
    void dissolve_ring(Group& group);

    Registry& registry_;
    Broker& broker_;
    std::vector<std::string> expired_;
};

}  // namespace shared_subscription
