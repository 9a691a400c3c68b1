#include "shared_subscription/ghosts.hpp"

#include "shared_subscription/subscription_filter.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What ends in one turn of the main loop is freed at the top of the next (context__free_disused),
// or of the one after, if it ended before the TICK.
constexpr int kTicks = 2;

}  // namespace

// Ordinary subscriptions first.
bool Ghosts::comes_before(const Leaf& one, const Leaf& other) noexcept {
    const bool is_shared = !one.group.share_name.empty();
    if (is_shared == other.group.share_name.empty()) return !is_shared;
    return precedes(one.group.filter, other.group.filter);
}

void Ghosts::leave(const Session& session) {
    const auto before = static_cast<std::ptrdiff_t>(leaves_.size());
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            const bool rotates = member->group->rotates;
            if (rotates && !member->stands) continue;
            leaves_.push_back(
                {.context = session.context, .group = name_of(*member->group), .in_ring = rotates});
        }
        if (!subscription->ordinary) continue;
        leaves_.push_back({.context = session.context,
                           .group = {.share_name = {}, .filter = subscription->filter.text}});
    }
    std::ranges::stable_sort(leaves_.begin() + before, leaves_.end(), comes_before);
}

void Ghosts::tick() {
    std::erase_if(leaves_, [](Leaf& leaf) { return ++leaf.ticks >= kTicks; });
}

std::optional<Group*> Ghosts::ask(Context context, std::string_view topic, std::uint64_t fan_out) {
    for (auto& leaf : leaves_) {
        if (leaf.context != context || leaf.asked_in == fan_out) continue;
        if (!matches(leaf.group.filter, topic)) continue;
        auto* group = registry_.find_group(leaf.group.share_name, leaf.group.filter);
        if (group && leaf.in_ring) {
            if (group->ring.was_asked_in(fan_out)) continue;
            group->ring.ask_nobody(fan_out);
        }
        leaf.asked_in = fan_out;
        return group;
    }
    return std::nullopt;
}

}  // namespace shared_subscription
