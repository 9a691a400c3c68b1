#include "core/placement/ghosts.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "shared_subscription/subscription_filter.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What ends in one round of the main loop is freed at the top of the next (context__free_disused),
// or of the one after, if it ended before the TICK.
constexpr int kTicks = 2;

}  // namespace

// Non-shared subscriptions first.
bool Ghosts::comes_before(const Leaf& one, const Leaf& other) noexcept {
    const bool is_shared = !one.group.share_name.empty();
    if (is_shared == other.group.share_name.empty()) return !is_shared;
    return precedes(one.group.filter, other.group.filter);
}

void Ghosts::leave(const Session& session) {
    Ghost ghost{.client_id = session.id, .key = session.key, .leaves = {}};
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            const auto& group = *member->group;
            if (group.placement.rotates && !member->stands) continue;
            ghost.leaves.push_back({.group = name_of(group), .in_ring = group.placement.rotates});
        }
        if (!subscription->non_shared) continue;
        ghost.leaves.push_back({.group = {.share_name = {}, .filter = subscription->filter.text},
                                .no_local = subscription->no_local});
    }
    std::ranges::stable_sort(ghost.leaves, comes_before);
    ghosts_.insert_or_assign(session.context, std::move(ghost));
}

// A connection whose will is delayed has ended its session, but goes only with the will
// (context__disconnect).
bool Ghosts::lingers(Context context, const Ghost& ghost) const {
    return broker_.find_session(ghost.client_id) == context;
}

void Ghosts::take_out(const Ghost& ghost) {
    for (const auto& leaf : ghost.leaves) {
        if (leaf.group.share_name.empty()) continue;
        std::ignore = broker_.remove_leaf(ghost.client_id, leaf.group,
                                          leaf.in_ring ? LeafKind::joint : LeafKind::own);
    }
}

void Ghosts::tick() {
    for (auto next = ghosts_.begin(); next != ghosts_.end();) {
        auto& [context, ghost] = *next;
        const bool stays = lingers(context, ghost);
        if (stays) take_out(ghost);
        next = stays || ++ghost.ticks >= kTicks ? ghosts_.erase(next) : std::next(next);
    }
}

bool Ghosts::ring_was_asked(const Leaf& leaf, std::uint64_t fan_out) const {
    if (const auto* group = group_of(leaf)) return group->ring.was_asked_in(fan_out);
    return std::ranges::any_of(ghosts_, [&](const auto& one) {
        return std::ranges::any_of(one.second.leaves, [&](const Leaf& other) {
            return other.in_ring && other.asked_in == fan_out && other.group == leaf.group;
        });
    });
}

std::optional<Group*> Ghosts::ask(Context context, std::string_view topic, std::uint64_t publisher,
                                  std::uint64_t fan_out) {
    auto& ghost = ghosts_.at(context);
    const auto is_next = [&](const Leaf& leaf) {
        return leaf.asked_in != fan_out && matches(leaf.group.filter, topic) &&
               !(leaf.no_local && ghost.key == publisher) &&
               !(leaf.in_ring && ring_was_asked(leaf, fan_out));
    };
    const auto leaf = std::ranges::find_if(ghost.leaves, is_next);
    if (leaf == ghost.leaves.end()) return std::nullopt;
    leaf->asked_in = fan_out;
    auto* group = group_of(*leaf);
    if (group && leaf->in_ring) group->ring.ask_nobody(fan_out);
    return group;
}

}  // namespace shared_subscription
