#include "core/delivery/elector.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/hash.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

constexpr auto kWindowFull = Candidate::Fitness::window_full;

std::string describe(const Member& member) {
    return "client " + quote(member.subscription->session.id) + " of group " +
           quote(member.group->name()) + " on " + quote(member.group->filter().text);
}

// Few strategies need a hash.
void Elector::fill_ballot(Strategy strategy) noexcept {
    if (strategy == Strategy::hash_clientid) ballot_.publisher = publication_->publisher();
    if (strategy == Strategy::hash_topic && ballot_.topic == 0)
        ballot_.topic = stable_hash(message_->topic);
}

template <class Choose>
Member* Elector::choose(Group& group, Candidate::Fitness least, const Choose& choose_next) {
    fill_ballot(group.strategy());
    while (auto* member = choose_next()) {
        if (may_wait_ && group.fitness(*member) < least) return nullptr;
        const auto& session = member->subscription->session;
        const bool fits = session.flow.too_large == kAnySize || size() < session.flow.too_large;
        if (fits && wants(*member->subscription, *publication_) && may_read(*member)) return member;
        exclude(*member);
    }
    return nullptr;
}

Member* Elector::choose(Group& group) {
    const auto least = holds_back_ ? kWindowFull : Candidate::Fitness::ready;
    auto* member = choose(group, least, [&] { return group.choose(ballot_); });
    if (!member || !may_wait_ || is_sure_to_take(member->subscription->session, size()))
        return member;
    // Whether it is too large can be asked where it goes out from the queue.
    const bool can_ask =
        broker_.can_visit_held() && broker_.outgoing_qos(message_->qos, member->options) > 0;
    return can_ask ? nullptr : member;
}

// Who has a leaf and was not asked about may have No Local, which 2.0 does not show.
bool Elector::may_have_no_local(const Member& member) const {
    const auto& session = member.subscription->session;
    return member.group->direct > 0 && !is_direct(member) && session.protocol_version == 5 &&
           session.key == publication_->publisher();
}

Member* Elector::choose_from_queue(Group& group) {
    return choose(group, kWindowFull, [&] {
        auto* chosen = group.choose_by_strategy(ballot_);
        while (chosen && may_have_no_local(*chosen)) {
            exclude(*chosen);
            chosen = group.choose_by_strategy(ballot_);
        }
        return chosen;
    });
}

// Asks whoever else decides, so that no message goes to a member that may not read it.
bool Elector::judge(Member& member) {
    const auto* context = member.subscription->session.context;
    registry_.asks_others = true;
    const auto verdict = broker_.ask_others_to_read(context, *message_);
    registry_.asks_others = false;
    // The broker will ask them about all but direct members.
    if (verdict == Verdict::unknown) return !is_direct(member);
    using Judgement = Member::Judgement;
    if (verdict == Verdict::allowed) {
        if (member.judgement == Judgement::refused_last) member.judgement = Judgement::was_refused;
        member.let_read_in = number_;
        return true;
    }
    if (std::exchange(member.judgement, Judgement::refused_last) == Judgement::let_read) {
        ++member.group->placement.refused;
        registry_.rings.note_change(*member.group);
        broker_.log(LogLevel::notice, describe(member) +
                                          " is passed over: access control does not let it read " +
                                          quote(message_->topic) + ".");
    }
    return false;
}

void Elector::exclude(Member& member) {
    member.group->set_fitness(member, Candidate::Fitness::unfit);
    excluded_.push_back(&member);
}

bool Elector::may_want(const Group& group) const noexcept {
    if (group.size() == 0) return true;  // it is declared
    return std::ranges::any_of(group.members(), [&](const Member* member) {
        const auto& subscription = *member->subscription;
        const bool is_offline = !subscription.session.connected ||
                                subscription.standing == Standing::unconfirmed || member->paused;
        const bool is_excluded = group.fitness(*member) == Candidate::Fitness::unfit;
        return wants(subscription, *publication_) && (is_offline || !is_excluded);
    });
}

}  // namespace shared_subscription
