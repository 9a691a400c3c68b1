// What the broker reports of connections and sessions.
#include <utility>

#include "shared_subscription/engine.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Engine::connected(const Client& client) {
    begin<Event::connected>();
    sessions_.connected(client);
    leavers_.connected(client);
}

void Engine::offline(const Client& client) {
    sessions_.keep_messages(client);
    leavers_.disconnected(client, false);
    if (!is_put_off(Event::offline, client)) end_connection<Event::offline>(client);
}

void Engine::ended(const Client& client, bool taken_over) {
    sessions_.keep_messages(client);
    leavers_.disconnected(client, taken_over);
    if (!is_put_off(Event::ended, client, taken_over))
        end_connection<Event::ended>(client, taken_over);
}

template <Event event>
void Engine::end_connection(const Client& client, bool taken_over) {
    backlog_.wait_for_tick();
    begin<event>();
    if constexpr (event == Event::offline) {
        sessions_.offline(client);
    } else {
        sessions_.ended(client, taken_over);
        if (!taken_over) leavers_.ended(client.id);
    }
}

void Engine::disconnected(const Client& client, bool clean) {
    if (is_put_off(Event::disconnected, client, false, clean)) return;
    const auto rechecked = std::exchange(rechecked_, {});
    begin<Event::disconnected>();
    undo_kick_checks(client, rechecked);
    sessions_.disconnected(client, clean);
    publish_at_last_chance();
}

// Whoever else is asked in the midst of an election may disconnect a client, which the broker
// reports at once, and whose will it fans out. What the election holds has to stay until it is
// over.
bool Engine::is_put_off(Event event, const Client& client, bool taken_over, bool clean) {
    if (registry_.asks_others) {
        interruptions_.push_back(
            {event, client.context, std::string(client.id), taken_over, clean});
    }
    return registry_.asks_others;
}

void Engine::catch_up() {
    for (const auto& [event, context, id, taken_over, clean] : std::exchange(interruptions_, {})) {
        const Client client{.context = context, .id = id};
        if (event == Event::disconnected) {
            disconnected(client, clean);
        } else if (event == Event::offline) {
            end_connection<Event::offline>(client);
        } else {
            end_connection<Event::ended>(client, taken_over);
        }
    }
}

// A client that is kicked while its session stays has each of its subscriptions checked again, as
// filter of its leaf and with QoS 0 (check_subscription_acls). That is no non-shared subscription
// beside the groups on that leaf.
void Engine::undo_kick_checks(const Client& client, const std::vector<std::string>& filters) {
    for (const auto& filter : filters) {
        auto* subscription = registry_.find_subscription(client.id, filter);
        if (subscription && subscription->session.context == client.context)
            registry_.unsubscribe_non_shared(*subscription);
    }
}

}  // namespace shared_subscription
