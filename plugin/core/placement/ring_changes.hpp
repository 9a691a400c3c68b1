// Which rings are to be put right, and which groups shall become rings or be none any more: noted
// here as it shows, done by Parking when that is safe.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "core/model/records.hpp"

namespace shared_subscription {

class RingChanges {
  public:
    /// Groups of so many members rotate; 0: none. False: that is so already.
    bool let_rotate(std::size_t members) noexcept {
        return std::exchange(rotates_from_, members) != members;
    }
    [[nodiscard]] bool shall_rotate(const Group& group) const noexcept;
    /// Whether it does may have to change: in the next TICK.
    void check(Group& group) {
        if (group.placement.rotates != shall_rotate(group)) note_change(group);
    }
    void note_change(Group& group) {
        if (!std::exchange(group.placement.changes, true)) changing_.push_back(&group);
    }
    /// The first in its ring may not be the next.
    void note_unaligned(Group& group) {
        if (!std::exchange(group.placement.unaligned, true)) unaligned_.push_back(&group);
    }
    /// The member can be next from now on, or no longer.
    void note(const Member& member);
    /// The member is leaving its group; the group ends.
    void end(Member& member) {
        if (member.returns) std::erase(returning_, &member);
    }
    void end(Group& group);

    [[nodiscard]] std::vector<Group*>& changing() noexcept { return changing_; }
    [[nodiscard]] bool has_unaligned() const noexcept {
        return !unaligned_.empty() || !returning_.empty();
    }
    [[nodiscard]] std::vector<Group*> take_unaligned();
    /// Parked members that can be next.
    [[nodiscard]] std::vector<Member*> take_returning();

    std::size_t count = 0;  ///< groups that rotate

  private:
    std::size_t rotates_from_ = 0;
    std::vector<Group*> changing_;
    std::vector<Group*> unaligned_;
    std::vector<Member*> returning_;
};

}  // namespace shared_subscription
