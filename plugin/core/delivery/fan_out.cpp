#include "core/delivery/fan_out.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/prefetch.hpp"
#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kColdRing = 64;

}  // namespace

void FanOut::enter(const Message& message) {
    if (continues(message)) return;
    settle();
    begin(message);
}

// Where the broker asks about nobody who is offline, it may ask about nobody at all; of a ring it
// asks about one.
void FanOut::foresee(const Message& message) {
    if (!has_to_foresee()) return;
    enter(message);
    certain_ = false;  // it may not be fanned out
    if (traits_.passes_over_offline()) hold_for_offline();
    if (has_to_judge()) judge_rings();
}

Answer FanOut::ask(Session* session, const Message& message) {
    deliveries_.conclude();
    if (!session) return shown_restricted_ ? Answer::deny : Answer::untouched;
    certain_ = true;
    if (traits_.passes_over_offline()) hold_for_offline();

    const auto leaf = next_leaf(*session, message);
    if (!leaf.subscription) return shown_restricted_ ? Answer::deny : Answer::untouched;
    if (!shown_restricted_ && session->member_count == 0) return Answer::untouched;

    auto& subscription = *leaf.subscription;
    const bool proven_now = subscription.standing == Standing::unconfirmed;
    // Nothing tells when the session of a client that is offline expires.
    const bool may_expire = !session->connected && !traits_.announces_sessions;
    if (proven_now && !may_expire) registry_.set_standing(subscription, Standing::present);
    if (proven_now && std::exchange(subscription.pending, Request::none) != Request::none)
        registry_.journal.note(*session);
    subscription.called_in = number_;
    for (const auto& member : leaf.members) member->called_in = number_;
    auto* in_ring = leaf.members.size() == 1 && leaf.members[0]->group->placement.rotates
                        ? leaf.members[0].get()
                        : nullptr;
    if (in_ring) in_ring->group->ring.ask(*in_ring, number_);
    const auto answer =
        shown_restricted_ ? answer_restricted(*session, leaf) : vote(*session, leaf, proven_now);
    if (in_ring) turn_ring(*in_ring->group);
    if (session->sole_group) note_answered(*session->sole_group);
    return answer;
}

std::optional<Answer> FanOut::ask_at_once(Session& session, const ShownMessage& message) {
    const bool goes_on = shows_again(message);
    if (goes_on && !is_same_text(leaves_.topic(), message.topic)) return {};
    if (goes_on && loses_at_once(session)) return Answer::deny;
    disturb();
    auto* member = session.sole;
    const bool is_non_shared = member && restricted_.empty() && !deliveries_.expects() &&
                               !traits_.passes_over_offline() && message.qos < 2;
    if (!is_non_shared) return {};
    if (!goes_on) {
        if (open_ || !publications_.is_announced(message.topic)) return {};
        // Of one group among many, nothing is in the processor's cache.
        prefetch(member, sizeof(Member));
        prefetch(session.sole_group, Group::kElection);
        message_ = message.measured(publications_.topic().size());
        begin(&publications_.take_announced());
        member->group->prefetch_candidates();
        prefetch(member->subscription);
    }
    auto& group = *member->group;
    const bool is_meant = session.asked.fan_out != number_ && certain_ &&
                          leaves_.has(group.filter()) && leaves_.is_asked_about(*member);
    if (!is_meant) return {};
    session.asked.fan_out = number_;
    session.asked.calls = 1;
    session.asked.got_message = false;
    member->subscription->called_in = member->called_in = number_;
    if (group.placement.rotates) group.ring.ask(*member, number_);
    auto answer = Answer::deny;
    if (wins(*member, false)) {
        serve(*member);
        session.asked.got_message = true;
        answer = let_through(*member);
    }
    if (group.placement.rotates) turn_ring(group);
    note_answered(group);
    return answer;
}

void FanOut::note_answered(Group& group) noexcept {
    auto& election = group.election;
    const bool is_decided = election.served || election.waits || election.elected;
    // Of a ring, the broker asks for one: this one.
    const bool is_clear = election.fan_out == number_ && is_decided && !group.placement.rotates;
    election.decided_in = is_clear ? number_ : 0;
    quiet_ = open_ && !shown_restricted_ && !deliveries_.expects();
}

void FanOut::turn_ring(Group& group) {
    group.ring.answered();
    auto& next = *group.ring.first();
    if (group.fitness(next) != Candidate::Fitness::ready) registry_.rings.note_unaligned(group);
    if (group.ring.size() >= kColdRing) look_ahead(next);
}

// In a large group nothing of a member is left in the processor's cache when its turn comes again.
void FanOut::look_ahead(const Member& next) noexcept {
    next_ = &next.subscription->session;
    next_seen_ = registry_.addresses.ended();
    prefetch(next_, sizeof(Session));
    const auto& second = *next.in_ring.after;
    prefetch(second.subscription, sizeof(Subscription));
    prefetch(second.in_ring.after, sizeof(Member));
}

void FanOut::ask_ghost(Context context, const Message& message) {
    enter(message);
    const auto group = ghosts_.ask(context, leaves_.topic(), publication_.publisher(), number_);
    if (group && *group && !shown_restricted_) hold_for(**group);
}

void FanOut::begin(Publication* announcement) {
    number_ = ++registry_.fan_out;
    open_ = true;
    held_for_offline_ = false;
    if (kept_) kept_.reset();  // as `close` leaves it, but where it ran out of memory
    announced_ = announcement != nullptr;
    if (announced_) publication_.take(*announcement);
    if (shown_restricted_) {
        publications_.forget_in_flight(message_);
        shown_restricted_->shown_at = message_.topic.data();
    }
    certain_ = announced_ || shown_restricted_;
    // 2.1 shows them in READ. What MESSAGE showed is the same list only while it is the same
    // message; a list of another one may be gone.
    const bool is_shown = publication_.kept || publications_.has_shown(message_.topic.data());
    if (!traits_.announces_sessions && !message_.properties && is_shown)
        message_.properties = publication_.properties;
    leaves_.match(message_.topic, announced_ ? publications_.topic_number() : 0);
    // Of what goes out from here, nobody is the publisher.
    leaves_.begin(number_, shown_restricted_ ? nullptr : &publication_);
    elector_.begin(message_, publication_, number_, backlog_.takes(message_.qos));
    if (!publication_.collected_by.empty()) pass_over_collectors();
    if (registry_.has_direct_members() && !shown_restricted_) open_direct_elections();
}

void FanOut::pass_over_collectors() {
    for (const auto number : publication_.collected_by) {
        auto* group = registry_.find_group(number);
        if (!group) continue;
        group->election = {.fan_out = number_, .waits = true};
        group->held_in = number_;
    }
}

Leaf FanOut::next_leaf(Session& session, const Message& message) {
    bool is_first = session.asked.fan_out != number_;
    auto leaf = leaves_.at(session, is_first ? 0 : session.asked.calls);
    if (!leaf.subscription && is_next(session, is_first)) {
        settle();
        begin(message);
        is_first = true;
        leaf = leaves_.at(session, 0);
    }
    if (is_first) {
        session.asked.fan_out = number_;
        session.asked.calls = 0;
        session.asked.got_message = false;
    }
    ++session.asked.calls;
    return leaf;
}

// More questions than leaves: they are about another fan-out, or about leaves that are not known.
bool FanOut::is_next(Session& session, bool is_first) {
    const bool may_be = !shown_restricted_ && (!announced_ || traits_.announces_sessions);
    if (!may_be) return false;
    const bool was_asked_for_all = !is_first && leaves_.at(session, 0).subscription;
    const bool is_too_many = was_asked_for_all || leaves_.has_asked_ring(session);
    return is_too_many && !leaves_.has_unknown(session);
}

// A non-shared leaf is the broker's business. What a group's member wins on the same leaf, or where
// the broker would drop a further copy, goes out from the group's queue.
Answer FanOut::vote(Session& session, const Leaf& leaf, bool proven_now) {
    const bool once_only = is_once_only(session);
    bool is_taken = leaf.non_shared || (once_only && session.asked.got_message);
    if (leaf.non_shared && !(once_only && session.asked.got_message))
        expect_non_shared(session, leaf);
    if (leaf.non_shared) session.asked.got_message = true;
    auto answer = leaf.non_shared ? Answer::untouched : Answer::deny;
    for (const auto& member : leaf.members) {
        // By its leaf a direct member gets nothing.
        if (is_direct(*member) || !wins(*member, proven_now)) continue;
        if (is_taken || (once_only && leaves_.has_non_shared(session))) {
            pass_on(*member->group);
            continue;
        }
        serve(*member);
        is_taken = session.asked.got_message = true;
        answer = let_through(*member);
    }
    return answer;
}

// It waits in the same queue as what the client gets as a member. Where others decide, whether it
// gets it at all is not known.
void FanOut::expect_non_shared(Session& session, const Leaf& leaf) {
    const auto qos = broker_.outgoing_qos(message_.qos, leaf.subscription->options);
    const bool is_certain = !session.connected || !broker_.others_decide();
    if (qos > 0 && is_certain) deliveries_.expect_non_shared(session, qos, message_, number_);
}

// Others judge it. Which leaf it is decides its QoS.
Answer FanOut::answer_restricted(const Session& session, const Leaf& leaf) {
    auto& fan_out = *shown_restricted_;
    // Without TICKs nothing else may come that would tell its end.
    if (fan_out.is_probe() && !traits_.ticks) {
        for (const auto& member : leaf.members)
            if (member->group->name() == fan_out.group.share_name) backlog_.shown(*member);
    }
    const bool is_it = !fan_out.is_probe() && session.id == fan_out.client_id &&
                       leaf.subscription->filter.text == fan_out.group.filter;
    if (!is_it || fan_out.has_reached) return Answer::deny;
    for (const auto& member : leaf.members) {
        if (member->group->name() != fan_out.group.share_name) continue;
        fan_out.has_reached = true;
        serve(*member);
        deliveries_.expect(*member, fan_out.id, message_, publication_, number_);
        return Answer::untouched;
    }
    return Answer::deny;
}

void FanOut::close() {
    open_ = false;
    disturb();
    if (certain_ && registry_.unconfirmed_count > 0) prune();
    for (auto* group : elections_) {
        const auto& election = group->election;
        if (election.served || election.waits) continue;
        if (election.elected && !group->placement.rotates && !is_direct(*election.elected))
            unasked_.doubt(*election.elected, publication_);
        if (group->held_in != number_) registry_.count_dropped(*group);
    }
    if (!held_.empty()) settle_held();
    elector_.end();
    elections_.clear();
    publication_.clear();
    shown_restricted_ = nullptr;
    if (kept_) kept_.reset();
}

void FanOut::prune() {
    unasked_.end_gone(leaves_.filters(), number_, publication_,
                      [this](Group& group) { std::erase(held_, &group); });
}

}  // namespace shared_subscription
