// 2.1 reports connections and their ends, but not that a session expires while its client is
// offline.
#include "core/sessions/sessions.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Sessions::connected(const Client& client) {
    ghosts_.forget(client.context);
    auto* session = registry_.find(client.id);
    if (!session) return;
    if (broker_.subscription_count(client.context) == 0) {
        // The end is reported later.
        if (session->connected) keep_messages({.context = session->context, .id = session->id});
        end(*session);
        return;
    }
    meet(*session, client);
    registry_.set_connected(*session, true);
    backlog_.take_back_left(*session);
    parking_.align();
}

void Sessions::keep_messages(const Client& client) {
    auto* session = backlog_.redispatches() ? registry_.find(client.id) : nullptr;
    if (session && session->context == client.context) holdings_.keep_messages(*session);
}

void Sessions::offline(const Client& client) {
    auto* session = registry_.find(client.id);
    if (!session || session->context != client.context) return;
    registry_.set_connected(*session, false);
    backlog_.take_back_unsent(*session);
    watch(*session);
}

void Sessions::ended(const Client& client, bool taken_over) {
    auto* session = registry_.find(client.id);
    if (!session && taken_over)
        resumption_of_stranger_ = {.key = stable_hash(client.id), .before = client.context};
    if (!session || session->context != client.context) return;
    if (!taken_over) {
        end(*session);
        return;
    }
    // What it held has moved to the connection that resumes it; or that begins anew.
    const auto& holdings = session->flow.holdings;
    const bool is_any_left = std::ranges::any_of(
        holdings, [](const Holding& holding) { return holding.message != nullptr; });
    if (!is_any_left) deliveries_.forget(*session);
    registry_.set_connected(*session, false);
    watch(*session);
    resumption_ = {.key = session->key, .before = client.context, .was_reported = true};
}

void Sessions::watch(Session& session) {
    if (!std::exchange(session.presence.watched, true)) watched_.push_back(session.id);
}

// A session that expires while it is offline raises no event. Looks at some of them each second.
void Sessions::end_expired(std::int64_t now) {
    constexpr std::size_t kAtOnce = 1000;
    end_if_expired(parking_.take_expired());
    if (std::exchange(expired_checked_, now) == now) return;
    for (auto left = std::min(watched_.size(), kAtOnce); left > 0; --left) {
        auto id = std::move(watched_.front());
        watched_.pop_front();
        auto* session = registry_.find(id);
        if (!session) continue;
        if (session->connected) {
            session->presence.watched = false;
        } else if (broker_.find_session(id)) {
            watched_.push_back(std::move(id));
        } else {
            end(*session);
        }
    }
}

// Whoever joins now has no part in what waited for a group that has ended.
void Sessions::end_expired_members(const SubscriptionFilter& filter) {
    const auto* group = registry_.find_group(filter.share_name, filter.topic_filter);
    if (!group || group->queue.empty()) return;
    std::vector<std::string> expired;
    for (const auto* member : group->members()) {
        const auto& session = member->subscription->session;
        if (has_expired(session, broker_)) expired.push_back(session.id);
    }
    end_if_expired(expired);
}

void Sessions::end_if_expired(const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
        auto* session = registry_.find(id);
        if (session && has_expired(*session, broker_)) end(*session);
    }
}

}  // namespace shared_subscription
