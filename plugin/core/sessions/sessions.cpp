#include "core/sessions/sessions.hpp"

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

// A context that is not the known one is another connection: it resumed the session with all its
// subscriptions, or began a new one without any.
void Sessions::meet(Session& session, const Client& client) {
    if (session.context == client.context) return;
    registry_.set_context(session, client.context);
    session.presence.moved = false;
    session.protocol_version = broker_.protocol_version(client.context);
    session.presence.may_outlive_restart = broker_.may_outlive_restart(client.context);
    // One that was restored after a restart may not be back yet.
    const bool is_back = broker_.is_connection(client.context);
    registry_.set_connected(session, is_back);
    if (!is_back && traits_.passes_over_offline()) closing_.push_back({client.context, session.id});
    if (traits_.announces_sessions || !is_back) return;
    deliveries_.forget(session);
    const bool resumed = broker_.subscription_count(client.context) > 0;
    const bool is_sure = resumed && !session.presence.uncertain;
    registry_.set_standing(session, is_sure ? Standing::present : Standing::unconfirmed);
}

Session* Sessions::arrive(const Client& client) {
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

void Sessions::tick(std::int64_t now) {
    end_closed();
    end_expired(now);
}

bool Sessions::is_resuming(const Client& client) const noexcept {
    const auto is_it = [&client](const Resumption& one) {
        return one.key != 0 && one.before != client.context && one.key == stable_hash(client.id);
    };
    return is_it(resumption_) || is_it(resumption_of_stranger_);
}

// A client that resumes its session is asked about again for each message that the broker holds for
// it, and what is denied is deleted (2.0: connection_check_acl; 2.1:
// db__check_acl_of_all_messages). These are its own already.
bool Sessions::may_be_resumption(Session& session, const Client& client, const Message& message) {
    if (fan_out_.continues(message) || publications_.is_announced(message.topic)) return false;
    if (resumption_.key == 0 && session.connected && session.context) {
        // 2.0 reports the end of a WebSockets connection only after the one that took it over is
        // busy.
        resumption_ = {.key = session.key, .before = session.context};
    } else if (resumption_.key != session.key && is_unreported_return(session, client, message)) {
        fan_out_.settle();  // in which it was offline
        resumption_ = {.key = session.key, .before = session.context};
        move(session);
    }
    if (resumption_.key == session.key && resumption_.before != client.context) return true;
    resumption_ = {};
    return false;
}

// A copy comes when the TICK has shown who is back (end_closed), but for sessions that were
// restored.
bool Sessions::is_unreported_return(const Session& session, const Client& client,
                                    const Message& message) const {
    if (session.connected || session.presence.moved || !traits_.passes_over_offline()) return false;
    if (!session.context && fan_out_.is_restricted(message)) return false;
    return broker_.is_connection(client.context);
}

// It has ended. What others get of it is known (Holdings::keep_messages).
void Sessions::end(Session& session) {
    if (traits_.announces_sessions) ghosts_.leave(session);  // 2.0 asks for none
    backlog_.orphan(session.id);
    backlog_.redispatch(session);
}

}  // namespace shared_subscription
