#include "core/placement/ring_changes.hpp"

#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// Above that, a change would be felt.
constexpr std::size_t kTooMany = 1000;

}  // namespace

// Of the ring only its beginning counts, and who could be in it.
void RingChanges::note(const Member& member) {
    auto& group = *member.group;
    if (!group.placement.rotates) return;
    const auto is_ready = [&group](const Member& one) {
        return group.fitness(one) == Candidate::Fitness::ready;
    };
    if (!group.ring.first() || !is_ready(*group.ring.first())) note_unaligned(group);
    auto& noted = *group.members()[member.place];
    if (!member.stands && is_ready(member) && !std::exchange(noted.returns, true))
        returning_.push_back(&noted);
}

// Where all are offline, each keeps a leaf, if they are not so many that the change would be felt:
// the session of the one that stands may expire without a word. In two rings on one filter, nothing
// would tell for which a client is asked.
bool RingChanges::shall_rotate(const Group& group) const noexcept {
    // Half of it, so that a group does not change with each member that comes and goes.
    const auto enough = group.placement.rotates ? rotates_from_ / 2 : rotates_from_;
    const bool is_there = group.connected > 0 || group.size() > kTooMany;
    return rotates_from_ > 0 && group.size() >= enough && is_there &&
           group.placement.in_others == 0 && group.placement.refused == 0 &&
           !group.placement.unsteady && group.strategy() == Strategy::round_robin &&
           !group.filter().text.starts_with('$');
}

std::vector<Group*> RingChanges::take_unaligned() {
    for (auto* group : unaligned_) group->placement.unaligned = false;
    return std::exchange(unaligned_, {});
}

std::vector<Member*> RingChanges::take_returning() {
    for (auto* member : returning_) member->returns = false;
    return std::exchange(returning_, {});
}

void RingChanges::end(Group& group) {
    if (group.placement.rotates) --count;
    if (group.placement.unaligned) std::erase(unaligned_, &group);
    if (group.placement.changes) std::erase(changing_, &group);
}

}  // namespace shared_subscription
