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

// A copy that meets nobody this often is given up: its group has members that the broker does not
// have.
constexpr int kMaxTries = 8;

std::string describe(const Member& member) {
    return "client " + quote(member.subscription->session.id) + " of group " +
           quote(member.group->name()) + " on " + quote(member.subscription->filter.text);
}

}  // namespace

void FanOut::open_election(Group& group) {
    if (group.election.fan_out == number_) return;
    group.election = {.fan_out = number_};
    elections_.push_back(&group);
    if (group.strategy() == Strategy::hash_topic && ballot_.topic == 0)
        ballot_.topic = stable_hash(topic_);
    auto* elected = choose(group);
    group.election.elected = elected;
    if (elected && !directed_ && is_uncertain(*elected)) {
        spares_.push_back(
            copy_for({.session = {}, .filter = group.filter().text, .share_name = group.name()}));
    }
}

Answer FanOut::let_through(const Member& member) {
    deliveries_.expect(member, std::min(message_.qos, member.qos));
    return is_judged(member) ? Answer::allow : Answer::untouched;
}

bool FanOut::wins(Member& member, bool proven_now) {
    auto& group = *member.group;
    open_election(group);
    auto& election = group.election;
    if (election.served) return false;
    if (election.elected != &member && (proven_now || !election.elected)) {
        // It was not thought to be there when the election was held. Had it been, would it have
        // won?
        auto* again = choose(group);
        if (again == &member || !election.elected) election.elected = again;
    }
    if (election.elected != &member || refused_at_its_leaf(member)) return false;
    serve(member);
    return true;
}

// Connected members were asked about when they were chosen; of others only the broker's own call
// shows a context.
bool FanOut::refused_at_its_leaf(Member& member) {
    if (is_judged(member) || judge(member)) return false;
    exclude(member);
    auto& election = member.group->election;
    election.elected = choose(*member.group);
    if (election.elected &&
        election.elected->called_in == number_) {  // the broker will not come back to it
        auto& late = *election.elected;
        serve(late);
        dispatch_copy(late.subscription->session, *late.subscription, late.group->name());
    }
    return true;
}

Member* FanOut::choose(Group& group) {
    while (auto* member = group.choose(ballot_)) {
        if (may_get(*member)) return member;
        exclude(*member);
    }
    return nullptr;
}

bool FanOut::may_get(Member& member) {
    const auto& session = member.subscription->session;
    if (!is_asked_for(*member.subscription)) return false;
    if (session.connected) return judge(member);
    // Only 2.1 can tell that the context of a disconnected client is still there to be asked about.
    return broker_.has_session(session.id) && (!traits_.announces_sessions || judge(member));
}

// Asks whoever else decides, so that no message goes to a member that may not read it.
bool FanOut::judge(Member& member) {
    if (!broker_.others_decide()) return true;
    const auto* context = member.subscription->session.context;
    const auto verdict = broker_.ask_others_to_read(context, message_);
    if (verdict == Verdict::unknown) return true;
    if (verdict == Verdict::allowed) {
        member.judged_in = number_;
        member.judged_as = context;
        return true;
    }
    if (!std::exchange(member.refused, true)) {
        broker_.log(LogLevel::notice, describe(member) +
                                          " is passed over: access control does not let it read " +
                                          quote(topic_) + ".");
    }
    return false;
}

// On 2.0 a session may have expired without a word, and No Local cannot be seen.
bool FanOut::is_uncertain(const Member& member) const noexcept {
    if (traits_.announces_sessions) return false;
    const auto& session = member.subscription->session;
    return !session.connected ||
           (session.protocol_version == 5 && session.key == publication_.publisher);
}

void FanOut::exclude(Member& member) {
    member.group->set_fitness(member, Candidate::Fitness::unfit);
    excluded_.push_back(&member);
}

void FanOut::serve(Member& member) {
    member.group->election.served = true;
    member.group->served(member);
}

Dispatch FanOut::copy_for(Addressee to) const {
    const auto* payload = static_cast<const char*>(message_.payload);
    return {.topic = std::string(message_.topic),
            .payload = {payload, payload + message_.payload_size},
            .qos = message_.qos,
            .properties = broker_.keep_properties(message_.properties),
            .publisher = publication_.publisher,
            .to = std::move(to)};
}

void FanOut::dispatch_copy(Session& session, const Subscription& subscription,
                           std::string_view share_name) {
    send(copy_for({.session = session.id,
                   .filter = subscription.filter.text,
                   .share_name = std::string(share_name)}));
}

void FanOut::send(Dispatch dispatch) {
    broker_.publish(dispatch.message());
    dispatches_.push(std::move(dispatch));
}

void FanOut::not_taken(Member& member) {
    auto& subscription = *member.subscription;
    if (subscription.session.key == publication_.publisher) {
        subscription.no_local =
            true;  // the only reason not to ask for a client that is publishing right now
        return;
    }
    registry_.set_standing(subscription, Standing::doubtful);
    broker_.log(LogLevel::notice,
                describe(member) + " is passed over: the broker no longer has its subscription.");
}

// Nobody is left to want it; or this fan-out has served its group, or met nobody who may read it.
bool FanOut::is_settled(const Addressee& to) const noexcept {
    const auto* group = registry_.find_group(to.share_name, to.filter);
    if (!group) return true;
    const auto& election = group->election;
    return election.fan_out == number_ && (election.served || !election.elected);
}

void FanOut::dispatch_missed() {
    if (missed_.empty()) return;
    const auto missed_now = std::exchange(missed_, {});
    for (const auto& dispatch : missed_now) missed(dispatch);
}

void FanOut::missed(Dispatch dispatch) {
    auto& to = dispatch.to;
    if (to.share_name.empty() || !registry_.find_group(to.share_name, to.filter))
        return;  // nobody is left to want it
    if (++dispatch.tries > kMaxTries) {
        broker_.log(LogLevel::warning, "a message on " + quote(dispatch.topic) +
                                           " is lost for group " + quote(to.share_name) + " on " +
                                           quote(to.filter) + ": none of its members took it.");
        return;
    }
    to.session.clear();
    dispatch.ticks = 0;
    send(std::move(dispatch));
}

}  // namespace shared_subscription
