// The elections of a fan-out, and what becomes of copies.
#include <algorithm>
#include <string>
#include <utility>

#include "shared_subscription/fan_out.hpp"
#include "shared_subscription/hash.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

std::string describe(const Member& member) {
    return "client " + quote(member.subscription->session.id) + " of group " +
           quote(member.group->name()) + " on " + quote(member.subscription->filter.text);
}

}  // namespace

void FanOut::open_election(Group& group) {
    if (group.election.fan_out == number_) return;
    group.election = {.fan_out = number_};
    auto& election = group.election;
    const auto& queue = group.queue;
    election.waits =
        directed_ ? directed_->is_queued && queue.has_to_wait(directed_->id) : queue.is_moving();
    if (!election.waits) {
        elections_.push_back(&group);
        fill_ballot(group.strategy());
        election.elected = choose(group);
    }
    if (directed_) return;
    if (election.waits) {
        wait_behind(group);
        return;
    }
    const auto* elected = election.elected;
    // The broker asks for nobody else of a ring: what is another's goes out again.
    const bool is_missed = elected && group.rotates && elected != group.ring.asked();
    if (!elected || is_missed || is_uncertain(*elected)) hold_for(group);
}

// Many copies come in a row, without an event between them in which the ring could be put right.
bool FanOut::will_do(Member& asked) {
    const auto& group = *asked.group;
    return directed_ && group.rotates && group.is_little_behind(asked) &&
           wants(*asked.subscription) && may_read(asked);
}

// Few strategies need a hash.
void FanOut::fill_ballot(Strategy strategy) noexcept {
    if (strategy == Strategy::hash_clientid) ballot_.publisher = publication_.publisher();
    if (strategy == Strategy::hash_topic && ballot_.topic == 0) ballot_.topic = stable_hash(topic_);
}

Answer FanOut::let_through(const Member& member) {
    deliveries_.expect(member, directed_ ? directed_->id : backlog_.next_id(), message_,
                       publication_);
    return is_judged(member) ? Answer::allow : Answer::untouched;
}

bool FanOut::wins(Member& member, bool proven_now) {
    auto& group = *member.group;
    open_election(group);
    auto& election = group.election;
    if (election.served || election.waits) return false;
    if (directed_ && directed_->is_queued && group.queue.has_to_wait(directed_->id)) return false;
    if (election.elected != &member && (proven_now || !election.elected)) {
        // It was not thought to be there when the election was held. Had it been, would it have
        // won?
        auto* again = choose(group);
        if (again == &member || !election.elected) election.elected = again;
    }
    if (election.elected && election.elected != &member && will_do(member))
        election.elected = &member;
    if (election.elected != &member || refused_at_its_leaf(member)) return false;
    serve(member);
    return true;
}

// Connected members were asked about when they were chosen; of others only the broker's own call
// shows a context.
bool FanOut::refused_at_its_leaf(Member& member) {
    if (may_read(member)) return false;
    exclude(member);
    auto& election = member.group->election;
    election.elected = choose(*member.group);
    // The broker will not come back to one that it has asked for.
    if (election.elected && called_in(*election.elected) == number_) {
        auto& late = *election.elected;
        serve(late);
        dispatch_copy(late.subscription->session, *late.subscription, late.group->name());
    }
    return true;
}

Member* FanOut::choose(Group& group) {
    while (auto* member = group.choose(ballot_)) {
        // The full come last.
        const bool is_full = group.fitness(*member) == Candidate::Fitness::full;
        if (is_full && backlog_.takes(message_.qos)) return nullptr;
        if (wants(*member->subscription) && may_read(*member)) return member;
        exclude(*member);
    }
    return nullptr;
}

// Asks whoever else decides, so that no message goes to a member that may not read it.
bool FanOut::judge(Member& member) {
    const auto* context = member.subscription->session.context;
    const auto verdict = broker_.ask_others_to_read(context, message_);
    if (verdict == Verdict::unknown) return true;
    if (verdict == Verdict::allowed) {
        member.judged_in = number_;
        member.judged_as = context;
        return true;
    }
    if (!std::exchange(member.refused, true)) {
        ++member.group->refused;
        registry_.note_change(*member.group);
        broker_.log(LogLevel::notice, describe(member) +
                                          " is passed over: access control does not let it read " +
                                          quote(topic_) + ".");
    }
    return false;
}

// No Local cannot be seen on 2.0.
bool FanOut::is_uncertain(const Member& member) const noexcept {
    if (traits_.announces_sessions) return false;
    const auto& session = member.subscription->session;
    return session.protocol_version == 5 && session.key == publication_.publisher();
}

void FanOut::exclude(Member& member) {
    member.group->set_fitness(member, Candidate::Fitness::unfit);
    excluded_.push_back(&member);
}

void FanOut::serve(Member& member) {
    member.group->election.served = true;
    member.group->served(member);
    ++member.dispatched;
    ++member.group->dispatched;
    ++registry_.statistics.dispatched;
    registry_.note(*member.group);
}

const SharedMessage& FanOut::keep() {
    if (!kept_) {
        const auto* payload = static_cast<const char*>(message_.payload);
        kept_ = std::make_shared<const StoredMessage>(
            StoredMessage{.topic = topic_,
                          .payload = std::string(payload, payload + message_.payload_size),
                          .qos = message_.qos,
                          .properties = broker_.keep_properties(message_.properties),
                          .publisher = publication_.publisher()});
    }
    return kept_;
}

// Lets those come first that may read the message.
void FanOut::judge_rings() {
    for (const auto* filter : matches_) {
        for (const auto& group : filter->groups) {
            if (!group->rotates || group->queue.is_moving()) continue;
            if (auto* next = choose(*group)) parking_.let_come_first(*next);
        }
    }
}

// Who gets it, if anybody, shows when all have been asked for; the message is shown only now.
void FanOut::hold_for(Group& group) {
    if (!may_wait_for(group)) return;
    if (std::exchange(group.held_in, number_) == number_) return;
    keep();
    held_.push_back(&group);
}

// It goes out with those that it waits for, if any are under way: before anything that clients
// publish in the next turn, which would have to wait for this one otherwise, and so on. What is no
// client's message comes in between copies itself, and the first copy comes after a boundary.
void FanOut::wait_behind(Group& group) {
    if (std::exchange(group.held_in, number_) == number_) return;
    if (!may_wait_for(group)) {
        ++registry_.statistics.dropped;
        return;
    }
    backlog_.add(group, {.id = backlog_.next_id(), .message = keep()});
    if (announced_ && !dispatches_.empty()) backlog_.drain(group);
}

// For groups about which the broker will not ask: whoever is left in them is away.
void FanOut::hold_for_away() {
    if (directed_ || std::exchange(held_for_away_, true)) return;
    for (auto* filter : matches_) {
        for (const auto& group : filter->groups) {
            if (group->has_ready()) continue;
            if (backlog_.takes(message_.qos)) {
                hold_for(*group);
            } else if (std::exchange(group->held_in, number_) != number_) {
                ++registry_.statistics.dropped;
            }
        }
    }
}

void FanOut::dispatch_copy(Session& session, const Subscription& subscription,
                           std::string_view share_name) {
    dispatches_.send({.message = keep(),
                      .to = {.session = session.id,
                             .filter = subscription.filter.text,
                             .share_name = std::string(share_name)},
                      .id = backlog_.next_id()});
}

void FanOut::not_taken(Member& member) {
    auto& subscription = *member.subscription;
    if (subscription.session.key == publication_.publisher()) {
        // The only reason not to ask for a client that is publishing right now.
        registry_.set_no_local(subscription, true);
        return;
    }
    registry_.set_standing(subscription, Standing::doubtful);
    broker_.log(LogLevel::notice,
                describe(member) + " is passed over: the broker no longer has its subscription.");
}

// Whether anybody in the group may take the message later. Not so if all are there and may not read
// it.
bool FanOut::may_want(const Group& group) const noexcept {
    return std::ranges::any_of(group.members(), [&](const Member* member) {
        const auto& subscription = *member->subscription;
        const bool is_away = !subscription.session.connected ||
                             subscription.standing == Standing::doubtful || member->paused;
        const bool is_excluded = group.fitness(*member) == Candidate::Fitness::unfit;
        return wants(subscription) && (is_away || !is_excluded);
    });
}

void FanOut::settle_held() {
    for (auto* group : held_) {
        const auto& election = group->election;
        const bool was_opened = election.fan_out == number_;
        if (was_opened && election.served) continue;
        if ((was_opened && election.waits) || may_want(*group)) {
            backlog_.add(*group, {.id = backlog_.next_id(), .message = kept_});
        } else {
            ++registry_.statistics.dropped;
        }
    }
    held_.clear();
}

void FanOut::settle_directed() {
    const auto dispatch = *std::exchange(directed_, std::nullopt);
    auto* group = registry_.find_group(dispatch.to.share_name, dispatch.to.filter);
    if (dispatch.to.share_name.empty() || !group) return;  // nobody is left to want it
    if (dispatch.is_question) {
        backlog_.answered(*group);
        return;
    }
    const auto& election = group->election;
    const bool was_opened = election.fan_out == number_;
    if (reached_ || (was_opened && election.served)) {
        if (dispatch.is_queued) backlog_.done(*group, dispatch.id);
    } else if (!was_opened) {
        not_shown(dispatch);
    } else if (election.waits || election.elected) {
        backlog_.try_again(*group, dispatch);
    } else if (may_want(*group)) {
        backlog_.put_back(*group, dispatch.id);
    } else {
        backlog_.done(*group, dispatch.id);
    }
}

// It has come since; or it has been asked for since, perhaps for this copy: two that are alike are
// not told apart.
bool FanOut::has_changed_since(const Member& member, const Dispatch& dispatch) noexcept {
    const auto& subscription = *member.subscription;
    return subscription.session.back_since > dispatch.sent ||
           subscription.subscribed > dispatch.sent || called_in(member) > dispatch.sent_after;
}

void FanOut::settle_missed() {
    for (const auto& dispatch : std::exchange(missed_, {})) not_shown(dispatch);
}

// The broker asked for nobody in the group, or not for the one client that the copy was for.
void FanOut::not_shown(const Dispatch& dispatch) {
    auto* group = registry_.find_group(dispatch.to.share_name, dispatch.to.filter);
    if (dispatch.to.share_name.empty() || !group) return;
    if (!dispatch.is_queued && !dispatch.is_question) {
        backlog_.add_again(*group, {.id = dispatch.id, .message = dispatch.message});
        return;
    }
    if (group->rotates) {
        if (!ghosts_.stand_in(*group)) parking_.note_unasked(*group);
        backlog_.try_again(*group, dispatch);
        return;
    }
    bool may_change = false;  // somebody would be asked for now
    for (auto* member : group->members()) {
        if (!is_shown(*member->subscription)) continue;
        if (has_changed_since(*member, dispatch)) {
            may_change |=
                !dispatch.is_question || member->subscription->standing == Standing::doubtful;
            continue;
        }
        if (member->subscription->standing == Standing::present) {
            not_taken(*member);
        } else {
            gone_.push_back(member->subscription);
        }
    }
    erase_gone();
    group = registry_.find_group(dispatch.to.share_name, dispatch.to.filter);
    if (!group) return;
    if (may_change) {
        backlog_.try_again(*group, dispatch);
    } else if (dispatch.is_question) {
        backlog_.answered(*group);
    } else {
        backlog_.put_back(*group, dispatch.id);
    }
}

}  // namespace shared_subscription
