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
    const auto place = member.place;
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(place));
    candidates_.erase(candidates_.begin() + static_cast<std::ptrdiff_t>(place));
    for (auto moved = place; moved < members_.size(); ++moved) members_[moved]->place = moved;
    chooser_->left(place, members_.size());
    if (election.elected == &member) election.elected = nullptr;
}

bool Group::has_ready() const noexcept {
    return std::ranges::any_of(candidates_, [](const Candidate& candidate) {
        return candidate.fitness >= Candidate::Fitness::behind;
    });
}

}  // namespace shared_subscription
