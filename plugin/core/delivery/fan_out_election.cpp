// The elections of a fan-out, and what becomes of what nobody got in it.
#include <algorithm>
#include <string>
#include <utility>

#include "core/delivery/fan_out.hpp"
#include "shared_subscription/hash.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
void FanOut::open_election(Group& group) {
    if (group.election.fan_out == number_) return;
    group.election = {.fan_out = number_};
    auto& election = group.election;
    election.waits = group.queue.is_moving();
    if (election.waits) {
        wait_behind(group);
        return;
    }
    elections_.push_back(&group);
    election.elected = elector_.choose(group);
    const auto* elected = election.elected;
    // The broker asks for nobody else of a ring, and for no direct member: what is theirs goes out
    // from the queue.
    const bool is_missed = elected && ((registry_.has_direct_members() && is_direct(*elected)) ||
                                       (group.placement.rotates && elected != group.ring.asked()));
    if (!elected || is_missed || is_uncertain(*elected)) hold_for(group);
}

void FanOut::open_direct_elections() {
    for (const auto* filter : leaves_.filters()) {
        for (const auto& group : filter->groups) {
            if (group->direct > 0) open_election(*group);
        }
    }
}

Answer FanOut::let_through(Member& member) {
    deliveries_.expect(member, backlog_.next_id(), message_, publication_, number_);
    return elector_.is_judged(member) ? Answer::allow : Answer::untouched;
}

bool FanOut::wins(Member& member, bool proven_now) {
    auto& group = *member.group;
    open_election(group);
    auto& election = group.election;
    if (election.served || election.waits) return false;
    if (election.elected != &member && (proven_now || !election.elected)) {
        // It was not thought to be there when the election was held. Had it been, would it have
        // won?
        auto* again = elector_.choose(group);
        if (again == &member || !election.elected) election.elected = again;
    }
    return election.elected == &member && !refused_at_its_leaf(member);
}

// Connected members were asked about when they were chosen; of others only the broker's own call
// shows a context.
bool FanOut::refused_at_its_leaf(Member& member) {
    if (elector_.may_read(member)) return false;
    elector_.exclude(member);
    auto& group = *member.group;
    group.election.elected = elector_.choose(group);
    // The broker will not come back to one that it has asked for.
    const auto* elected = group.election.elected;
    if (elected && (is_direct(*elected) || asked_in(*elected) == number_)) pass_on(group);
    return true;
}

void FanOut::pass_on(Group& group) {
    group.election.waits = true;
    if (std::exchange(group.held_in, number_) == number_) std::erase(held_, &group);
    backlog_.add(group, {.id = backlog_.next_id(), .message = keep()});
}

// No Local cannot be seen on 2.0.
bool FanOut::is_uncertain(const Member& member) const noexcept {
    if (traits_.announces_sessions) return false;
    const auto& session = member.subscription->session;
    return session.protocol_version == 5 && session.key == publication_.publisher();
}

void FanOut::serve(Member& member) {
    member.group->election.served = true;
    member.group->served(member);
    ++member.dispatched;
    ++member.group->dispatched;
    ++registry_.statistics.dispatched;
    registry_.journal.note(*member.group);
}

const SharedMessage& FanOut::keep() {
    if (!kept_) kept_ = backlog_.keep(message_, publication_.publisher());
    return kept_;
}

// Lets those come first that may read the message.
void FanOut::judge_rings() {
    for (const auto* filter : leaves_.filters()) {
        for (const auto& group : filter->groups) {
            if (!group->placement.rotates || group->queue.is_moving()) continue;
            if (auto* next = elector_.choose(*group)) parking_.let_come_first(*next);
        }
    }
}

// Who gets it, if anybody, shows when all have been asked for; the message is shown only now.
void FanOut::hold_for(Group& group) {
    if (std::exchange(group.held_in, number_) == number_) return;
    if (may_wait_for(group)) keep();
    held_.push_back(&group);
}

// Behind those that are under way it goes out at once: in the broker's queue it comes after them,
// and what is published in the next round need not wait for it, and so on.
void FanOut::wait_behind(Group& group) {
    if (std::exchange(group.held_in, number_) == number_) return;
    if (!may_wait_for(group)) {
        registry_.count_dropped(group);
        return;
    }
    backlog_.add(group, {.id = backlog_.next_id(), .message = keep()});
    if (traits_.announces_sessions && broker_.can_judge()) backlog_.drain(group);
}

// For groups about which the broker will not ask: whoever is left in them is offline.
void FanOut::hold_for_offline() {
    if (shown_restricted_ || std::exchange(held_for_offline_, true)) return;
    for (auto* filter : leaves_.filters()) {
        for (const auto& group : filter->groups) {
            if (!group->has_ready()) hold_for(*group);
        }
    }
}

void FanOut::settle_held() {
    for (auto* group : held_) {
        const auto& election = group->election;
        const bool was_opened = election.fan_out == number_;
        if (was_opened && election.served) continue;
        const bool may_wait = kept_ && may_wait_for(*group);
        if (may_wait && ((was_opened && election.waits) || elector_.may_want(*group))) {
            backlog_.add(*group, {.id = backlog_.next_id(), .message = kept_});
        } else {
            registry_.count_dropped(*group);
        }
    }
    held_.clear();
}

}  // namespace shared_subscription
