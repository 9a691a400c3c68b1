#include "shared_subscription/group.hpp"

#include <algorithm>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Group::join(Member& member, const Candidate& candidate) {
    members_.reserve(members_.size() + 1);
    candidates_.push_back(candidate);
    members_.push_back(&member);
    member.place = members_.size() - 1;
}

void Group::leave(Member& member) {
    ring.remove(member);
    const auto place = member.place;
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(place));
    candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(place));
    for (auto moved = place; moved < members_.size(); ++moved) members_[moved]->place = moved;
    chooser_->left(place, members_.size());
    if (election.elected == &member) election.elected = nullptr;
}

// In the ring it is the turn of the first; if nobody is ready, of the least behind, about.
Member* Group::choose(const Ballot& ballot) {
    auto* member = ring.first();
    for (auto left = ring.size(); left > 0; --left, member = member->ring_after) {
        if (fitness(*member) == Candidate::Fitness::ready) return member;
    }
    const auto place = chooser_->choose(candidates_, ballot);
    if (place == Chooser::kNobody) return nullptr;
    if (member && fitness(*member) == Candidate::Fitness::behind &&
        candidates_[place].fitness == Candidate::Fitness::behind &&
        candidates_[member->place].held_back <= candidates_[place].held_back + 1)
        return member;
    return members_[place];
}

bool Group::has_ready() const noexcept {
    return std::ranges::any_of(candidates_, [](const Candidate& candidate) {
        return candidate.fitness >= Candidate::Fitness::behind;
    });
}

}  // namespace shared_subscription
