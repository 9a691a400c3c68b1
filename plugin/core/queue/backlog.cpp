#include "core/queue/backlog.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What goes out in one round of the main loop: so much that it is worth it, so little that nobody
// notices.
constexpr std::size_t kMessagesInATurn = 1000;
constexpr std::size_t kBytesInATurn = 1'000'000;

// Of what only passes through, as somebody is there to take it.
constexpr std::size_t kMostPassing = 1000;

// What waits where nobody has said how much may: as much as the broker holds for so many clients.
constexpr std::size_t kForEachMember = 1000;

constexpr std::size_t kForever = std::numeric_limits<std::int32_t>::max();  // seconds

constexpr std::int64_t kSecondsBetweenComplaints = 10;
constexpr std::size_t kComplaintsAtOnce = 10;

/// The client may have had what was written to it with QoS 2, and nobody else can know
/// [MQTT-4.8.2-5].
bool may_go_to_others(const Holding& holding) noexcept {
    return holding.member && (holding.qos == 1 || (holding.qos == 2 && !holding.was_written));
}

bool is_unsent(const Holding& holding) noexcept {
    return holding.state == Holding::State::held && !holding.was_written;
}

}  // namespace

const char* Backlog::full(const Group& group, std::size_t bytes) const noexcept {
    const auto& queue = group.queue;
    if (queue.size() < kMostPassing && group.has_ready()) return nullptr;
    const auto most =
        limits_.messages.value_or(kForEachMember * std::max<std::size_t>(group.size(), 1));
    if (most > 0 && queue.size() >= most) return "plugin_opt_max_queued_messages";
    if (limits_.bytes > 0 && queue.bytes() + bytes > limits_.bytes)
        return "plugin_opt_max_queued_bytes";
    return nullptr;
}

SharedMessage Backlog::keep(StoredMessage message) {
    message.properties_size = broker_.size_of_properties(message.properties.get());
    return std::make_shared<const StoredMessage>(std::move(message));
}

SharedMessage Backlog::keep(const Message& message, std::uint64_t publisher) {
    const auto* payload = static_cast<const char*>(message.payload);
    return keep(StoredMessage{.topic = std::string(message.topic),
                              .payload = std::string(payload, payload + message.payload_size),
                              .qos = message.qos,
                              .properties = broker_.keep_properties(message.properties),
                              .publisher = publisher,
                              .retain = message.retain});
}

void Backlog::add(Group& group, GroupQueue::Entry entry) {
    if (const auto* option = full(group, entry.message->size())) {
        refuse(group, option);
    } else {
        insert(group, std::move(entry));
    }
}

void Backlog::insert(Group& group, GroupQueue::Entry entry) {
    entry.queued = broker_.now();
    group.queue.insert(std::move(entry));
    registry_.journal.note(group);
    registry_.wake(group);
}

void Backlog::restore(Group& group, GroupQueue::Entry entry) {
    first_id_ = std::min(first_id_, entry.id);
    last_id_ = std::max(last_id_, entry.id);
    group.saving.saved = entry.saved = true;
    if (entry.queued == 0) entry.queued = broker_.now();
    group.queue.insert(std::move(entry));
    // 2.1 says who is there.
    if (drains_at_once() && group.size() > 0) group.draining.begin_probe(registry_.clock());
    registry_.wake(group);
}

// Whether what is on its way gets anywhere, shows later (confirm).
void Backlog::take_back(Group& group, std::int64_t id, SharedMessage message) {
    if (group.queue.is_under_way(id)) return;
    ++registry_.statistics.redispatched;
    insert(group, {.id = id, .message = std::move(message)});
}

void Backlog::take_back(std::vector<Left>& all) {
    for (auto& [name, id, message] : all) {
        auto* group = registry_.find_group(name.share_name, name.filter);
        if (group) take_back(*group, id, std::move(message));
    }
}

SharedMessage Backlog::message_on_its_way(std::string_view client_id,
                                          std::int64_t id) const noexcept {
    const auto found = std::ranges::find_if(unconfirmed_, [&](const Unconfirmed& given) {
        return given.id == id && given.client_id == client_id;
    });
    return found == unconfirmed_.end() ? nullptr : found->message;
}

void Backlog::redispatch(Session& session) {
    std::vector<Left> all;
    for (auto& holding : session.flow.holdings) {
        if (!holding.message || !holding.member) continue;
        if (!may_go_to_others(holding)) {
            if (holding.qos > 0) ++registry_.statistics.abandoned;
            continue;
        }
        all.push_back({name_of(*holding.member->group), holding.id, std::move(holding.message)});
    }
    registry_.erase(session);
    take_back(all);
}

template <class Goes>
void Backlog::take_back(Session& session, const Goes& goes) {
    std::vector<Left> all;
    holdings_.visit(session, [&](Holding& holding, const Message& message) {
        if (!may_go_to_others(holding) || !goes(holding)) return true;
        all.push_back({name_of(*holding.member->group), holding.id,
                       holding.message ? holding.message : holdings_.keep(holding, message)});
        if (is_unsent(holding)) return false;
        holding.member = nullptr;
        return true;
    });
    deliveries_.count_held(session);
    take_back(all);
}

void Backlog::take_back_unsent(Session& session) {
    if (!redispatches_ || session.flow.held == 0) return;
    take_back(session, [](const Holding& holding) {
        auto& group = *holding.member->group;
        const bool is_anybody_there = group.connected > 0;
        group.draining.left_behind |= is_unsent(holding) && !is_anybody_there;
        return is_unsent(holding) && is_anybody_there;
    });
}

void Backlog::take_back_left(const Session& session) {
    std::vector<std::string> away;
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            if (!std::exchange(member->group->draining.left_behind, false)) continue;
            for (const auto* other : member->group->members()) {
                const auto& its = other->subscription->session;
                if (!its.connected && its.flow.held > 0) away.push_back(its.id);
            }
        }
    }
    for (const auto& id : away) {
        auto* other = registry_.find(id);
        if (other && is_known_offline(*other)) take_back_unsent(*other);
    }
}

void Backlog::take_back(const Member& member) {
    auto& session = member.subscription->session;
    const bool is_there = session.connected || is_known_offline(session);
    if (!redispatches_ || !is_there) return;
    take_back(session, [&member](const Holding& holding) { return holding.member == &member; });
}

void Backlog::may_be_back(const Session& session) {
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            auto& group = *member->group;
            if (!group.queue.empty() && !group.draining.probes)
                group.draining.begin_probe(registry_.clock());
            const auto held = std::min<std::size_t>(session.flow.held, burst_);
            group.draining.allowance = burst_ - static_cast<std::uint32_t>(held);
            registry_.wake(group);
        }
    }
}

void Backlog::has_joined(const Member& member) {
    auto& group = *member.group;
    const auto is_other = [&member](const Member* other) {
        return other != &member && other->subscription->session.connected;
    };
    if (group.queue.empty() || std::ranges::any_of(group.members(), is_other)) return;
    auto& draining = group.draining;
    const auto before = member.joined - 1;
    draining.begin_probe(draining.probes ? std::min(draining.probe_since, before) : before);
    draining.probe_until = std::min(draining.probe_until, last_id_);
}

void Backlog::hand_on(const Member& member) {
    auto& group = *member.group;
    if (member.subscription->standing != Standing::present) return;
    if (group.draining.probes && member.joined <= group.draining.probe_since)
        group.draining.probe_since = registry_.clock();
    if (member.joined < group.anew_since) group.anew_since = 0;
}

void Backlog::hand_on(const Session& session) {
    if (!session.connected) return;
    for (const auto& subscription : session.subscriptions)
        for (const auto& member : subscription->members) hand_on(*member);
}

void Backlog::answered(Group& group) {
    if (!std::exchange(group.draining.probing, false))
        return;  // it was another group's, of the same name
    const auto since = group.draining.probe_since;
    const auto until = group.draining.probe_until;
    group.draining.end_probe();
    const auto is_old = [since](const Member* member) { return member->joined <= since; };
    // The group that it waited for has ended.
    if (!group.declared && std::ranges::none_of(group.members(), is_old)) {
        const auto size = group.queue.size();
        group.queue.clear_until(until);
        registry_.count_dropped(group, size - group.queue.size());
        registry_.journal.note(group);
    }
    registry_.wake(group);
}

void Backlog::orphan(std::string_view client_id) noexcept {
    for (auto& given : unconfirmed_) given.is_orphaned |= given.client_id == client_id;
}

void Backlog::note_written(std::string_view client_id, const Message& message) noexcept {
    const auto found = std::ranges::find_if(unconfirmed_, [&](const Unconfirmed& given) {
        return given.is_orphaned && given.client_id == client_id &&
               given.address == message.properties;
    });
    if (found != unconfirmed_.end()) found->is_written = true;
}

void Backlog::reached(const RestrictedFanOut& fan_out) {
    auto* group = registry_.find_group(fan_out.group.share_name, fan_out.group.filter);
    if (!group) return;
    group->queue.remove(fan_out.id);
    registry_.journal.note(*group);
}

void Backlog::try_again(Group& group, const RestrictedFanOut& fan_out) {
    if (fan_out.is_probe()) {
        group.draining.probing = false;
    } else {
        group.queue.put_back(fan_out.id);
    }
    registry_.wake(group);
}

void Backlog::drop(Group& group, std::int64_t id) {
    registry_.count_dropped(group);
    group.queue.remove(id);
    registry_.journal.note(group);
}

bool Backlog::spend(const StoredMessage& message) noexcept {
    // Without TICKs there may be no other round for long.
    const bool is_large = traits_.ticks && spent_bytes_ >= kBytesInATurn;
    if (spent_messages_ >= kMessagesInATurn || is_large) return false;
    ++spent_messages_;
    spent_bytes_ += message.size();
    return true;
}

template <class Drain>
void Backlog::drain_woken(const Drain& drain_group) {
    if (waits_for_tick_) return;
    std::erase_if(registry_.woken(), [&](Group* group) {
        const bool is_done = drain_group(*group);
        if (is_done) group->draining.woken = false;
        return is_done;
    });
}

void Backlog::drain(bool begins_round) {
    if (begins_round) begin_round();
    drain_woken([this, begins_round](Group& group) { return drain(group, begins_round); });
}

void Backlog::drain_straight() {
    if (!broker_.can_judge()) return;
    drain_woken([this](Group& group) { return !group.draining.probes && drain(group, false); });
}

void Backlog::refill(Group& group) {
    if (waits_for_tick_ || group.queue.empty() || broker_.others_decide()) return;
    registry_.wake(group);
    deliveries_.set_may_ask(false);
    std::ignore = drain(group, false);
    deliveries_.set_may_ask(true);
}

// In turn, each is given as much.
std::uint32_t Backlog::burst_of(const Group& group) const noexcept {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
    const bool takes_turns = group.strategy() == Strategy::round_robin && group.connected > 1;
    const auto members = takes_turns ? group.connected : 1U;
    return static_cast<std::uint32_t>(std::min(std::uint64_t{burst_} * members, kMost));
}

bool Backlog::drain(Group& group, bool begins_round) {
    auto& queue = group.queue;
    const auto burst = burst_of(group);
    group.draining.allowance = std::min(group.draining.allowance, burst);
    if (begins_round) ++group.draining.allowance;
    if (group.draining.probes && !queue.empty()) {
        probe(group);
        return false;
    }
    while (const auto* entry = queue.next()) {
        if (burst_ > 0 && group.draining.allowance == 0) return false;
        if (!spend(*entry->message)) return false;
        const auto result = offer(group, *entry);
        if (result == Result::not_now) return false;
        if (result == Result::gone && burst_ > 0) --group.draining.allowance;
    }
    if (queue.is_moving()) return false;
    group.draining.allowance = burst;
    if (queue.empty()) group.pace.begin_episode();
    return true;
}

bool Backlog::publish_restricted(const Group& group, RestrictedFanOut fan_out) {
    fan_out.group = name_of(group);
    fan_out.sent = registry_.clock();
    fan_out.sent_after = registry_.fan_out;
    fan_out.in_turns = traits_.ticks || traits_.announces_sessions;
    return restricted_.publish(std::move(fan_out));
}

void Backlog::probe(Group& group) {
    if (group.draining.probing) return;
    group.draining.probing = publish_restricted(group, {.message = make_probe(group)});
}

// Without TICKs it may go out before the broker asks what a client holds that resumes its session,
// and that may be like what waits.
SharedMessage Backlog::make_probe(const Group& group) {
    const auto& front = group.queue.front().message;
    if (traits_.ticks) return front;
    return keep({.topic = front->topic,
                 .payload = "shared-subscription: probe " + std::to_string(++last_id_),
                 .qos = front->qos});
}

// `entry` is gone afterwards, or under way, or has been passed over until somebody comes.
Backlog::Result Backlog::offer(Group& group, const GroupQueue::Entry& entry) {
    const auto stored = entry.message;
    const auto message = stored->message();
    const Publication publication(stored->publisher, stored->properties);
    const bool may_wait = takes(message.qos);
    elector_.begin(message, publication, ++registry_.fan_out, may_wait);
    Member* member = nullptr;
    bool is_taken = false;
    do {
        member = elector_.choose_from_queue(group);
        is_taken = member && deliveries_.takes_more(*member, *stored);
    } while (member && !is_taken && group.fitness(*member) == Candidate::Fitness::full);
    const bool waits = !member && may_wait && elector_.may_want(group);
    elector_.end();
    if (member) return is_taken ? give(*member, entry) : Result::not_now;
    if (!waits) {
        drop(group, entry.id);
    } else if (group.has_ready()) {
        group.queue.pass_over();
    } else {
        group.queue.give_up();
    }
    return Result::stays;
}

Backlog::Result Backlog::give(Member& member, const GroupQueue::Entry& entry) {
    auto& group = *member.group;
    auto& session = member.subscription->session;
    const auto id = entry.id;
    if (!broker_.can_judge()) {
        const bool is_sent = publish_restricted(
            group, {.message = entry.message, .id = id, .client_id = session.id});
        if (!is_sent) return Result::not_now;
        group.queue.take(id);
        return Result::gone;
    }
    const auto stored = entry.message;
    const auto* address = broker_.publish_to(session.id, stored->message(), member.options);
    deliveries_.expect_copy(member, id, stored, address);
    group.served_from_queue(member);
    if (drains_at_once()) {
        group.queue.remove(id);
        count(group, &member);
    } else {
        group.queue.take(id);
        unconfirmed_.push_back({.group = name_of(group),
                                .id = id,
                                .client_id = session.id,
                                .message = stored,
                                .address = address,
                                .survives = broker_.outgoing_qos(stored->qos, member.options) > 0});
    }
    registry_.journal.note(group);
    return Result::gone;
}

void Backlog::count(Group& group, Member* member) noexcept {
    if (member) ++member->dispatched;
    ++group.dispatched;
    ++registry_.statistics.dispatched;
}

// Who has what was published before this round, now that it has been drained (2.1).
bool Backlog::has_it(const Unconfirmed& given, const Group& group) {
    if (given.is_written) return true;
    auto* session = registry_.find(given.client_id);
    // One that has unsubscribed is in no group any more, and gets it all the same.
    if (!given.is_orphaned && !session) return broker_.find_session(given.client_id) != nullptr;
    if (!given.is_orphaned) return session->connected || given.survives;
    // Nothing takes it back: the broker holds it for the client's next session.
    if (!given.survives || !broker_.find_session(given.client_id)) return false;
    auto* member = registry_.find_member(given.client_id, group.name(), group.filter().text);
    if (member) deliveries_.hold_copy(*member, given.id, given.message, given.address);
    return true;
}

// Nothing: that shows in the next round.
std::optional<bool> Backlog::has_arrived(const Unconfirmed& given, const AllMissing& missing) {
    using Fate = Deliveries::Fate;
    auto* session = registry_.find(given.client_id);
    if (!session || !session->connected) return true;
    const auto size = given.message->size();
    const auto found = std::ranges::find_if(missing, [&given](const Deliveries::Missing& one) {
        return one.id == given.id && one.address == given.address &&
               one.client_id == given.client_id;
    });
    if (found == missing.end()) {
        deliveries_.note_taken(*session, given.id, size);
        return true;
    }
    if (found->fate == Fate::open) return std::nullopt;
    return found->fate == Fate::written && deliveries_.has_got(*session, size);
}

void Backlog::confirm() {
    const auto all = std::exchange(unconfirmed_, {});
    const auto missing = deliveries_.take_missing();
    for (const auto& given : all) {
        auto* group = registry_.find_group(given.group.share_name, given.group.filter);
        if (!group || !group->queue.is_under_way(given.id)) continue;
        const auto arrived =
            has_it(given, *group) ? has_arrived(given, missing) : std::optional(false);
        if (!arrived) {
            unconfirmed_.push_back(given);
            continue;
        }
        if (*arrived) {
            group->queue.remove(given.id);
            count(*group, registry_.find_member(given.client_id, given.group.share_name,
                                                given.group.filter));
        } else {
            group->queue.put_back(given.id);
            registry_.wake(*group);
        }
        registry_.journal.note(*group);
    }
    for (const auto& given : all) {
        auto* session = registry_.find(given.client_id);
        if (redispatches_ && session && !session->connected) leave_unsent(*session, given);
    }
}

// It was still on its way when the client went away.
void Backlog::leave_unsent(Session& session, const Unconfirmed& given) {
    const auto found = std::ranges::find_if(session.flow.holdings, [&given](const Holding& one) {
        return one.is_copy && one.id == given.id && one.address == given.address;
    });
    if (found == session.flow.holdings.end()) return;
    found->message = given.message;
    if (is_known_offline(session)) take_back_unsent(session);
}

void Backlog::refuse(Group& group, const char* option) {
    registry_.count_dropped(group);
    const auto known = std::ranges::find_if(refused_, [&](const Refused& refused) {
        return refused.group.share_name == group.name() &&
               refused.group.filter == group.filter().text && refused.option == option;
    });
    if (known != refused_.end()) {
        ++known->count;
    } else if (refused_.size() < kComplaintsAtOnce) {
        refused_.push_back({name_of(group), option, 1});
    }
}

void Backlog::tick(std::int64_t now) {
    waits_for_tick_ = false;
    confirm();
    if (limits_.seconds > 0 && std::exchange(ticked_, now) != now) drop_expired();
    complain(now);
}

void Backlog::drop_expired() {
    const auto limit = static_cast<std::int64_t>(std::min(limits_.seconds, kForever));
    const auto time = broker_.now() - limit;
    for (auto* group : registry_.groups()) {
        const auto expired = group->queue.drop_older(time);
        if (expired == 0) continue;
        registry_.statistics.expired += expired;
        if (group->queue.empty() && !group->draining.probing) group->draining.end_probe();
        registry_.journal.note(*group);
    }
}

void Backlog::complain(std::int64_t now) {
    if (refused_.empty()) return;
    if (std::exchange(has_said_, true) && now - said_ < kSecondsBetweenComplaints) return;
    said_ = now;
    for (const auto& refused : std::exchange(refused_, {})) {
        broker_.log(LogLevel::warning, "the queue of group " + quote(refused.group.share_name) +
                                           " on " + quote(refused.group.filter) + " is full (" +
                                           refused.option + "): " + std::to_string(refused.count) +
                                           " of the newest messages lost.");
    }
}

}  // namespace shared_subscription
