// 2.0 reports that a connection ends, before it decides what becomes of the session, and nothing
// else.
#include "core/sessions/sessions.hpp"

#include <algorithm>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Sessions::disconnected(const Client& client, bool clean) {
    auto* session = registry_.find(client.id);
    if (!session) {
        resumption_of_stranger_ = {.key = stable_hash(client.id), .before = client.context};
        return;
    }
    // Taken over: the subscriptions have moved to the new connection, or were removed
    // (connect__on_authorised).
    const bool moved = broker_.subscription_count(client.context) == 0;
    // A WebSockets connection that was taken over is reported late.
    const bool was_back = !session->connected && !moved && traits_.passes_over_offline();
    if (session->context && session->context != client.context && !was_back) return;

    if (!moved) meet(*session, client);  // it may never have acted
    backlog_.hand_on(*session);
    const bool cannot_tell = !traits_.ticks && session->member_count == 0;
    if (!moved && clean && (session->protocol_version < 5 || cannot_tell)) {
        end(*session);
        return;
    }
    resumption_ = {.key = session->key, .before = client.context, .was_reported = true};
    registry_.set_connected(*session, false);
    registry_.set_standing(*session, Standing::unconfirmed);
    if (moved) {
        move(*session);
    } else if (traits_.ticks) {
        closing_.push_back({client.context, session->id});
    }
}

void Sessions::move(Session& session) {
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

// 2.0 reports a disconnect before it decides what becomes of the session. By the TICK of the same
// round it has. Where it does not report what becomes of a session later, each TICK shows it.
void Sessions::end_closed() {
    const bool watches = traits_.passes_over_offline();
    std::erase_if(closing_, [&](const Closing& closing) {
        auto* session = registry_.find(closing.id);
        if (!session || session->context != closing.context || session->connected) return true;
        if (!broker_.has_ended(closing.context)) return !watches;
        if (watches && broker_.subscription_count(closing.context) == 0) {
            move(*session);
        } else {
            end(*session);
        }
        return true;
    });
}

// A connection that has ended acts no more; another one at its address begins without leaves.
bool Sessions::is_check_of_offline(const Client& client) const {
    if (traits_.announces_sessions) return false;
    const auto* session = registry_.find(client.id);
    if (!session || session->connected) return false;
    const bool is_offline =
        session->context == client.context || !broker_.is_connection(client.context);
    return is_offline && broker_.subscription_count(client.context) > 0;
}

}  // namespace shared_subscription
