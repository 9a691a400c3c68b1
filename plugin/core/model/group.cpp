#include "core/model/group.hpp"

#include <algorithm>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Group::join(Member& member, const Candidate& candidate) {
    // Most groups are small and many: they have little to spare.
    const auto size = members_.size();
    if (size == members_.capacity()) members_.reserve(size + 1 + size / 8);
    candidates_.push_back(candidate);
    members_.push_back(&member);
    member.place = static_cast<std::uint32_t>(members_.size() - 1);
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

// In the ring it is the turn of the first who is ready; if nobody is, of the first anyway where the
// fittest is not much fitter.
Member* Group::choose(const Ballot& ballot) {
    auto* member = ring.first();
    for (auto left = ring.size(); left > 0; --left, member = member->in_ring.after) {
        if (fitness(*member) == Candidate::Fitness::ready) return member;
    }
    auto* chosen = choose_by_strategy(ballot);
    if (!chosen || !member) return chosen;
    const auto& first = candidates_[member->place];
    const auto& fittest = candidates_[chosen->place];
    const bool is_as_fit =
        first.fitness == fittest.fitness && first.held_back <= fittest.held_back + 1;
    return is_as_fit ? member : chosen;
}

bool Group::has_ready() const noexcept {
    return std::ranges::any_of(candidates_, [](const Candidate& candidate) {
        return candidate.fitness >= Candidate::Fitness::window_full;
    });
}

}  // namespace shared_subscription
