#include "core/placement/ghosts.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared_subscription/subscription_filter.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What ends in one round of the main loop is freed at the top of the next (context__free_disused),
// or of the one after, if it ended before the TICK.
constexpr int kTicks = 2;

/// A copy in `text`, which has room for it.
std::string_view keep(std::vector<char>& text, std::string_view part) {
    const auto begin = text.insert(text.end(), part.begin(), part.end());
    return {begin, begin + static_cast<std::ptrdiff_t>(part.size())};
}

}  // namespace

// As the broker comes to them: non-shared subscriptions first.
void Ghosts::leave(const Session& session) {
    std::vector<const Subscription*> all;
    all.reserve(session.subscriptions.size());
    for (const auto& subscription : session.subscriptions) all.push_back(subscription.get());
    std::ranges::sort(all, precedes,
                      [](const Subscription* one) -> std::string_view { return one->filter.text; });
    std::size_t size = 0;
    for (const auto* subscription : all) {
        size += 2 * subscription->filter.text.size();
        for (const auto& member : subscription->members) size += member->group->name().size();
    }
    Ghost ghost{.client_id = session.id, .key = session.key};
    ghost.text.reserve(size);
    ghost.leaves.reserve(all.size() + session.member_count);
    for (const auto* subscription : all) {
        if (!subscription->non_shared) continue;
        ghost.leaves.push_back({.share_name = {},
                                .filter = keep(ghost.text, subscription->filter.text),
                                .no_local = subscription->no_local});
    }
    for (const auto* subscription : all) {
        const auto filter = keep(ghost.text, subscription->filter.text);
        for (const auto& member : subscription->members) {
            const auto& group = *member->group;
            if (group.placement.rotates && !member->stands) continue;
            ghost.leaves.push_back({.share_name = keep(ghost.text, group.name()),
                                    .filter = filter,
                                    .in_ring = group.placement.rotates});
        }
    }
    ghosts_.insert_or_assign(session.context, std::move(ghost));
}

// A connection whose will is delayed has ended its session, but goes only with the will
// (context__disconnect).
bool Ghosts::lingers(Context context, const Ghost& ghost) const {
    return broker_.find_session(ghost.client_id) == context;
}

void Ghosts::take_out(const Ghost& ghost) {
    for (const auto& leaf : ghost.leaves) {
        if (leaf.share_name.empty()) continue;
        const GroupName group{std::string(leaf.share_name), std::string(leaf.filter)};
        std::ignore = broker_.remove_leaf(ghost.client_id, group,
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
            return other.in_ring && other.asked_in == fan_out &&
                   other.share_name == leaf.share_name && other.filter == leaf.filter;
        });
    });
}

std::optional<Group*> Ghosts::ask(Context context, std::string_view topic, std::uint64_t publisher,
                                  std::uint64_t fan_out) {
    auto& ghost = ghosts_.at(context);
    const auto is_next = [&](const Leaf& leaf) {
        return leaf.asked_in != fan_out && matches(leaf.filter, topic) &&
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
