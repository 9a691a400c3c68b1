// How the engine follows connections and sessions. The generations of the broker tell very
// different things.
#include <algorithm>
#include <utility>

#include "shared_subscription/engine.hpp"
#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

// A context that is not the known one is another connection: it resumed the session with all its
// subscriptions, or began a new one without any.
void Engine::meet(Session& session, const Client& client) {
    if (session.context == client.context) return;
    registry_.set_context(session, client.context);
    session.presence.moved = false;
    session.protocol_version = broker_.protocol_version(client.context);
    session.presence.may_outlive_restart = broker_.may_outlive_restart(client.context);
    // One that was restored after a restart may not be back yet.
    const bool is_back = broker_.is_connection(client.context);
    registry_.set_connected(session, is_back);
    if (traits_.announces_sessions || !is_back) return;
    deliveries_.forget(session);
    const bool resumed = broker_.subscription_count(client.context) > 0;
    const bool is_sure = resumed && !session.presence.uncertain;
    registry_.set_standing(session, is_sure ? Standing::present : Standing::doubtful);
}

Session* Engine::arrive(const Client& client) {
    auto* session = registry_.find(client.id);
    if (!session) return nullptr;
    const bool is_new_connection =
        session->context != client.context && !traits_.announces_sessions;
    if (is_new_connection && broker_.subscription_count(client.context) == 0) {
        registry_.erase(*session);
        return nullptr;
    }
    meet(*session, client);
    registry_.set_connected(*session, true);  // only a connected client acts
    return session;
}

void Engine::connected(const Client& client) {
    begin<Event::connected>();
    ghosts_.forget(client.context);
    auto* session = registry_.find(client.id);
    if (!session) return;
    if (broker_.subscription_count(client.context) == 0) {
        if (session->connected)
            session->presence.leaves_nothing = true;  // the end is reported later
        end_unreported(*session);
        return;
    }
    meet(*session, client);
    registry_.set_connected(*session, true);
    parking_.align();
}

void Engine::offline(const Client& client, Ending ending) {
    if (registry_.asks_others) {
        interruptions_.push_back({Event::offline, client.context, std::string(client.id), ending});
        return;
    }
    backlog_.wait_for_tick();
    begin<Event::offline>();
    auto* session = registry_.find(client.id);
    if (!session || session->context != client.context) return;
    session->presence.leaves_nothing = ending == Ending::kicked;
    deliveries_.disconnected(*session);
    look_after(*session);
}

void Engine::ended(const Client& client, Ending ending) {
    if (registry_.asks_others) {
        interruptions_.push_back({Event::ended, client.context, std::string(client.id), ending});
        return;
    }
    backlog_.wait_for_tick();
    begin<Event::ended>();
    auto* session = registry_.find(client.id);
    if (!session || session->context != client.context) return;
    deliveries_.disconnected(*session);
    if (ending != Ending::taken_over) {
        end(*session, ending);
        return;
    }
    session->presence.leaves_nothing = true;
    deliveries_.forget(*session);
    look_after(*session);
    resumption_ = {.key = session->key, .before = client.context, .was_reported = true};
}

void Engine::look_after(Session& session) {
    registry_.set_connected(session, false);
    if (!std::exchange(session.presence.watched, true)) away_.push_back(session.id);
}

void Engine::disconnected(const Client& client, bool clean) {
    if (registry_.asks_others) {
        interruptions_.push_back({.event = Event::disconnected,
                                  .context = client.context,
                                  .id = std::string(client.id),
                                  .clean = clean});
        return;
    }
    const auto rechecked = std::exchange(rechecked_, {});
    begin<Event::disconnected>();
    undo_kick_checks(client, rechecked);
    auto* session = registry_.find(client.id);
    if (!session) return;
    // Taken over: the subscriptions have moved to the new connection, or were removed
    // (connect__on_authorised).
    const bool moved = broker_.subscription_count(client.context) == 0;
    // A WebSockets connection that was taken over is reported late.
    const bool was_back = !session->connected && !moved && fan_out_.passes_over_away();
    if (session->context && session->context != client.context && !was_back) return;

    if (!moved) meet(*session, client);  // it may never have acted
    const bool cannot_tell = !ticks_ && session->member_count == 0;
    if (!moved && clean && (session->protocol_version < 5 || cannot_tell)) {
        end(*session, Ending::lost);
        return;
    }
    resumption_ = {.key = session->key, .before = client.context, .was_reported = true};
    registry_.set_connected(*session, false);
    registry_.set_standing(*session, Standing::doubtful);
    if (moved) {
        move(*session);
    } else if (ticks_) {
        closing_.push_back({client.context, session->id});
    }
}

void Engine::move(Session& session) {
    registry_.set_context(session, nullptr);
    session.presence.moved = true;
    session.presence.restored = false;
    if (!session.presence.may_outlive_restart) {
        session.presence.may_outlive_restart = true;  // as the new one may
        registry_.journal.note(session);
    }
    registry_.note_return(session);
    backlog_.may_be_back(session);
}

// A client that is kicked while its session stays has each of its subscriptions checked again, as
// filter of its leaf and with QoS 0 (check_subscription_acls). That is no ordinary subscription
// beside the groups on that leaf.
void Engine::undo_kick_checks(const Client& client, const std::vector<std::string>& filters) {
    for (const auto& filter : filters) {
        auto* subscription = find_subscription(client.id, filter);
        if (subscription && subscription->session.context == client.context)
            registry_.unsubscribe_ordinary(*subscription);
    }
}

// 2.0 reports a disconnect before it decides what becomes of the session. By the TICK of the same
// turn it has. Where it does not report what becomes of a session later, each TICK shows it.
void Engine::end_closed() {
    const bool watches = fan_out_.passes_over_away();
    std::erase_if(closing_, [&](const Closing& closing) {
        auto* session = registry_.find(closing.id);
        if (!session || session->context != closing.context || session->connected) return true;
        if (!broker_.has_ended(closing.context)) return !watches;
        if (watches && broker_.subscription_count(closing.context) == 0) {
            move(*session);
        } else {
            end(*session, Ending::lost);
        }
        return true;
    });
}

// A session that expires while it is offline raises no event. Looks at some of them each second.
void Engine::end_expired(std::int64_t now) {
    constexpr std::size_t kAtOnce = 1000;
    end_if_expired(parking_.take_expired());
    if (std::exchange(expired_checked_, now) == now) return;
    for (auto left = std::min(away_.size(), kAtOnce); left > 0; --left) {
        auto id = std::move(away_.front());
        away_.pop_front();
        auto* session = registry_.find(id);
        if (!session) continue;
        if (session->connected) {
            session->presence.watched = false;
        } else if (broker_.find_session(id)) {
            away_.push_back(std::move(id));
        } else {
            end_unreported(*session);
        }
    }
}

// Whoever joins now has no part in what waited for a group that has ended.
void Engine::end_expired_members(const SubscriptionFilter& filter) {
    const auto* group = registry_.find_group(filter.share_name, filter.topic_filter);
    if (!group || group->queue.empty()) return;
    std::vector<std::string> expired;
    for (const auto* member : group->members()) {
        const auto& session = member->subscription->session;
        if (has_expired(session, broker_)) expired.push_back(session.id);
    }
    end_if_expired(expired);
}

void Engine::end_if_expired(const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
        auto* session = registry_.find(id);
        if (session && has_expired(*session, broker_)) end_unreported(*session);
    }
}

// It has expired, or its client has begun anew.
void Engine::end_unreported(Session& session) {
    end(session, session.presence.leaves_nothing ? Ending::kicked : Ending::lost);
}

void Engine::end(Session& session, Ending ending) {
    if (traits_.announces_sessions) ghosts_.leave(session);  // 2.0 asks for none
    backlog_.orphan(session.id);
    if (ending == Ending::kicked) {
        registry_.erase(session);
    } else {
        backlog_.redispatch(session, ending != Ending::clean);
    }
}

}  // namespace shared_subscription
