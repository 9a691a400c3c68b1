#include "shared_subscription/engine.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared_subscription/hash.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Engine::conclude() {
    fan_out_.settle();
    collector_.conclude();
    if (!expected_leaf_.client_id.empty()) look_for_leaf();
    unasked_.settle_restricted(!traits_.announces_sessions);
    publications_.forget_announced();
    if (replay_.context) replay_ = {};
    sessions_.end_resumption();
    if (!rechecked_.empty()) rechecked_.clear();
    rechecking_ = nullptr;
    if (!interruptions_.empty()) catch_up();
}

// Such a will is for those in no group alone: a group cannot hold a second election in its first.
Answer Engine::may_read_meanwhile(const Client& client) {
    const auto* session = registry_.find(client.id);
    if (!session || session->member_count == 0) return Answer::untouched;
    if (!std::exchange(said_lost_, true)) {
        broker_.log(LogLevel::warning,
                    "another plugin has disconnected a client while it was asked about a message: "
                    "groups do not get the will of that client. This is said once.");
    }
    return Answer::deny;
}

NextRound Engine::tick(std::int64_t now) {
    traits_.ticks = true;
    registry_.set_time(now);
    registry_.addresses.begin_period();
    publications_.forget_connection();
    conclude();
    settle_restored(true);
    sessions_.tick(now);
    fan_out_.settle();
    unasked_.settle_restricted(true);
    collector_.tick(now);
    deliveries_.tick(now);
    ghosts_.tick();
    let_rotate();  // other access control may have come
    parking_.tick();
    backlog_.tick(now);
    leavers_.tick(now);
    if (!traits_.announces_sessions) roll_call_.tick(now);
    backlog_.drain(true);
    if (backlog_.is_busy() || deliveries_.is_busy()) return NextRound::at_once;
    return deliveries_.has_to_look_again() ? NextRound::in_a_second : NextRound::any_time;
}

Answer Engine::may_read(const Client& client, const Message& message) {
    if (registry_.asks_others) return may_read_meanwhile(client);
    const bool is_replayed = is_replay(client, message);
    const bool goes_on = !is_replayed && fan_out_.continues(message);
    auto* session = registry_.find_next(client);
    if (goes_on && is_known_connection(session, client) && fan_out_.loses_at_once(*session)) {
        return Answer::deny;
    }
    fan_out_.disturb();
    const bool is_restricted = !is_replayed && fan_out_.is_restricted(message);
    const bool is_known = is_replayed || goes_on || is_restricted;
    if (!is_known && publications_.is_released(message)) {
        fan_out_.settle();
        collector_.conclude();  // what was read just before the PUBREL
        if (publications_.has_unreleased()) collector_.release(message.topic.data());
        publications_.release(message);
        sessions_.end_resumption();
        session = registry_.find(client.id);
    }
    // Another may be there by now, which takes a session over: that was reported before.
    const bool takes_over = session && sessions_.is_taken_over(*session);
    if (!is_known_connection(session, client) && ghosts_.has(client) && !takes_over) {
        fan_out_.ask_ghost(client.context, message);
        return Answer::untouched;
    }
    const bool in_group = session && session->member_count > 0;
    if (!in_group && !is_restricted) return Answer::untouched;

    if (is_replayed) return replay_.shared ? Answer::deny : Answer::untouched;
    // Without TICKs nothing comes between them; there a probe is like nothing else (make_probe).
    const bool may_be_resumption = session && (traits_.ticks || !is_restricted);
    if (may_be_resumption && sessions_.is_resumption(*session, client, message)) {
        deliveries_.expect_again(*session, message);
        return Answer::untouched;
    }
    if (!goes_on) {
        fan_out_.enter(message);
        session = registry_.find(client.id);  // the one before may have shown that it has ended
    }
    // 2.1 announces connections. A strange one has ended and its leaves go in the next round
    // (context__free_disused); the identifier is another's by now.
    const bool is_strange = session && session->context != client.context;
    if (is_strange && traits_.announces_sessions) return Answer::untouched;
    if (is_strange) sessions_.meet(*session, client);
    const auto answer = fan_out_.ask(session, message);
    // Without TICKs nothing else may come for long.
    const bool is_last_chance = !traits_.announces_sessions && !traits_.ticks;
    if (is_last_chance && !registry_.woken().empty()) backlog_.drain_straight();
    return answer;
}

bool Engine::may_write(const Client& client, const Message& message) {
    const auto topic = message.topic;
    // `check_retain_source` asks, in the middle of a replay, whether the publisher may still write
    // that topic.
    if (replay_.context && replay_.topic == topic.data()) return true;
    // A client that resumes its session is asked about its incoming messages, too.
    if (sessions_.is_resuming(client) || registry_.asks_others) return true;
    begin<Event::write>();
    fan_out_.prepare();
    if (is_for_nobody(client, topic)) return false;
    if (registry_.group_count() > 0) {
        // Connections are freed between the rounds of the main loop.
        publications_.announce(client.id, topic, traits_.ticks ? client.context : nullptr);
    }
    if (collector_.is_needed()) collector_.announce(client, message);
    return true;
}

bool Engine::may_write_at_once(Context context, const char* topic) {
    if (!is_undisturbed() || !publications_.was_last(context) || *topic == '$' ||
        collector_.may_want(topic))
        return false;
    begin<Event::write>();
    fan_out_.prepare();
    if (registry_.group_count() > 0) publications_.announce_again(topic);
    return true;
}

bool Engine::receive(const Client& client, const Message& message) {
    // After the WRITE check of this very message there is nothing to conclude. What a bridge brings
    // has none, and 2.1 reads many packets at once.
    if (!publications_.is_only_announced(client.id, message.topic)) {
        begin<Event::message>();
        if (is_for_nobody(client, message.topic)) return false;
    }
    if (registry_.group_count() == 0) return true;
    parking_.align_freely();
    const bool shown_later = !message.properties || traits_.separate_leaves || message.qos < 2;
    Collected collected;
    if (collector_.may_be_needed(message.qos)) collected = collector_.receive(client, message);
    publications_.receive(client.id, message,
                          shown_later ? nullptr : broker_.keep_properties(message.properties),
                          std::move(collected));
    if (message.qos < 2) fan_out_.foresee(message);
    return true;
}

bool Engine::is_misdirected(const Client& client, std::string_view topic) {
    const bool is_of_direct = !traits_.separate_leaves && has_direct_prefix(topic);
    if (!has_group_prefix(topic) && !is_of_direct) return false;
    if (!said_prefix_) {
        said_prefix_ = true;
        broker_.log(LogLevel::warning,
                    "client " + quote(client.id) + " published to " + quote(topic) +
                        ": refused. Publish without the prefix of the group; only subscribers "
                        "use it. This is said once.");
    }
    return true;
}

// Replays come straight after the check of the SUBSCRIBE (src/retain.c, retain__queue).
bool Engine::is_replay(const Client& client, const Message& message) {
    if (!replay_.context) return false;
    if (replay_.context != client.context || !message.retain ||
        !matches(replay_.filter, message.topic)) {
        replay_ = {};
        return false;
    }
    // 2.1 replays nothing to a share group (retain__queue).
    if (replay_.shared && !traits_.merges_uses(message.topic)) return false;
    replay_.topic = message.topic.data();
    publications_.forget_in_flight(message);
    return true;
}

void Engine::subscribe(const Client& client, const SubscriptionFilter& filter,
                       const SubscriptionOptions& options, Standing standing, bool may_be_direct) {
    if (registry_.asks_others || sessions_.is_check_of_offline(client)) return;
    const bool is_shared = filter.kind == FilterKind::shared;
    auto rechecked = std::move(rechecked_);
    const bool goes_on = rechecking_ == client.context;
    begin<Event::subscribe>();
    if (goes_on) rechecked_ = std::move(rechecked);
    rechecking_ = client.context;
    replay_ = {
        .context = client.context, .shared = is_shared, .filter = std::string(filter.topic_filter)};

    end_left(client, leaf_filter(client, filter));
    auto* known = sessions_.arrive(client);
    auto& session = known ? *known : registry_.session(client.id);
    if (!known) sessions_.meet(session, client);
    const auto* before = registry_.find(session, leaf_filter(client, filter));
    const bool may_be_recheck = before && !before->non_shared && !is_shared && options.qos() == 0 &&
                                !traits_.announces_sessions;
    auto& subscription =
        is_shared ? join(session, filter, options, standing, may_be_direct)
                  : subscribe_non_shared(session, filter.topic_filter, options, standing);
    if (!before && standing == Standing::unconfirmed) expect_leaf(session, subscription);
    publish_at_last_chance();
    if (may_be_recheck) rechecked_.emplace_back(filter.topic_filter);
}

Subscription& Engine::subscribe_non_shared(Session& session, std::string_view filter,
                                           const SubscriptionOptions& options, Standing standing) {
    auto& subscription = registry_.subscribe(session, filter, standing);
    registry_.set_no_local(subscription, options.no_local());
    subscription.options = options;
    return subscription;
}

// That it has a leaf again says nothing of what it was before.
void Engine::end_left(const Client& client, std::string_view filter) {
    auto* subscription = registry_.find_subscription(client.id, filter);
    if (subscription && subscription->pending == Request::unsubscribe)
        registry_.erase(*subscription);
}

void Engine::expect_leaf(const Session& session, Subscription& subscription) {
    subscription.pending = traits_.ticks ? Request::subscribing : Request::subscribe;
    const auto count = broker_.subscription_count(session.context);
    const auto is_sure = [](const auto& known) { return known->standing == Standing::present; };
    const auto sure = std::ranges::count_if(session.subscriptions, is_sure);
    const bool has_gaps = count != static_cast<std::size_t>(sure);
    if (traits_.ticks) expected_leaf_ = {session.id, subscription.filter.text, count, has_gaps};
}

// The count is of places: one that was given up is taken again. A connection is not freed before
// the next TICK.
void Engine::look_for_leaf() {
    const auto [client_id, filter, count, has_gaps] = std::exchange(expected_leaf_, {});
    auto* subscription = registry_.find_subscription(client_id, filter);
    if (!subscription || subscription->pending != Request::subscribing) return;
    const auto* context = subscription->session.context;
    if (context && broker_.subscription_count(context) > count) {
        subscription->pending = Request::none;
        registry_.set_standing(*subscription, Standing::present);
    } else if (!context || has_gaps) {
        subscription->pending = Request::subscribe;
    } else {
        registry_.erase(*subscription);
    }
}

std::string Engine::leaf_filter(const Client& client, const SubscriptionFilter& filter) {
    const bool is_shared = filter.kind == FilterKind::shared;
    const auto* member =
        is_shared ? registry_.find_member(client.id, filter.share_name, filter.topic_filter)
                  : nullptr;
    return member ? member->subscription->filter.text : std::string(filter.topic_filter);
}

// What is published to topics with `$` is not shown where the broker asks about nobody, and without
// TICKs nothing goes out in time.
bool Engine::joins_directly(const SubscriptionFilter& filter) const {
    const bool may_be = traits_.direct_from > 0 && !traits_.separate_leaves && traits_.ticks &&
                        !filter.topic_filter.starts_with('$') && broker_.can_judge();
    const auto* group =
        may_be ? registry_.find_group(filter.share_name, filter.topic_filter) : nullptr;
    return group && group->size() >= traits_.direct_from;
}

Subscription& Engine::join(Session& session, const SubscriptionFilter& filter,
                           const SubscriptionOptions& options, Standing standing,
                           bool may_be_direct) {
    if (traits_.announces_sessions) sessions_.end_expired_members(filter);
    const auto before = registry_.clock();
    const bool is_sure = may_be_direct && standing == Standing::present;
    auto* known = registry_.find_member(session.id, filter.share_name, filter.topic_filter);
    const bool is_direct_member = known && is_direct(*known);
    const bool goes_directly =
        known ? is_direct_member && broker_.can_judge() : is_sure && joins_directly(filter);
    const GroupName name{std::string(filter.share_name), std::string(filter.topic_filter)};
    auto& member = goes_directly ? registry_.join_directly(session, name, standing)
                                 : registry_.join(session, name.share_name, name.filter, standing);
    if (is_direct_member && !goes_directly) registry_.leave(*known);
    member.options = options;
    if (member.group->placement.rotates && !member.stands) parking_.stands_again(member);
    if (traits_.merges_uses(filter.topic_filter))
        registry_.set_no_local(*member.subscription, options.no_local());
    const bool is_new = member.joined > before;
    if (is_new && !traits_.announces_sessions) backlog_.has_joined(member);
    if (is_new && traits_.announces_sessions) backlog_.take_back_left(session);
    return *member.subscription;
}

Unsubscribed Engine::unsubscribe(const Client& client, const SubscriptionFilter& filter,
                                 bool certain) {
    if (registry_.asks_others) return Unsubscribed::unknown;
    begin<Event::unsubscribe>();
    auto* session = sessions_.arrive(client);
    const bool is_shared = filter.kind == FilterKind::shared;
    auto* subscription = session ? registry_.find(*session, leaf_filter(client, filter)) : nullptr;
    if (!subscription) return is_shared ? Unsubscribed::no_such_use : Unsubscribed::unknown;
    auto* member = is_shared ? Registry::find(*subscription, filter.share_name) : nullptr;
    const bool is_merged = traits_.merges_uses(filter.topic_filter);
    if (!is_shared && !subscription->non_shared)
        return is_merged ? Unsubscribed::no_such_use : Unsubscribed::unknown;
    if (is_shared && !member) return Unsubscribed::no_such_use;

    if (member) backlog_.hand_on(*member);
    const bool goes = leaf_goes(*subscription);
    // So that the broker finds what it is to remove.
    if (member && member->group->placement.rotates && !member->stands) parking_.stand(*member);
    if (goes && !certain) {
        registry_.set_standing(*subscription, Standing::unconfirmed);
        subscription->pending = Request::unsubscribe;
        registry_.journal.note(*session);
    } else if (is_shared) {
        leavers_.leave(*member);
        registry_.leave(*member);
        parking_.align();  // its leaf, which may be the only one of its group, goes at once
    } else {
        registry_.unsubscribe_non_shared(*subscription);
    }
    return goes ? Unsubscribed::leaf_goes : Unsubscribed::leaf_stays;
}

}  // namespace shared_subscription
