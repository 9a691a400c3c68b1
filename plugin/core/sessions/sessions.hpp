// Who is connected, back, or gone. The generations of the broker tell very different things:
// sessions_2_0.cpp, sessions_2_1.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/delivery/fan_out.hpp"
#include "core/delivery/publications.hpp"
#include "core/flow/deliveries.hpp"
#include "core/model/registry.hpp"
#include "core/placement/ghosts.hpp"
#include "core/placement/parking.hpp"
#include "core/queue/backlog.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {

class Sessions {
  public:
    Sessions(Registry& registry, Publications& publications, Deliveries& deliveries,
             Holdings& holdings, Backlog& backlog, Parking& parking, Ghosts& ghosts,
             FanOut& fan_out, Broker& broker, const BrokerTraits& traits)
        : registry_(registry),
          publications_(publications),
          deliveries_(deliveries),
          holdings_(holdings),
          backlog_(backlog),
          parking_(parking),
          ghosts_(ghosts),
          fan_out_(fan_out),
          broker_(broker),
          traits_(traits) {}

    /// The session of a client that acts; null: it has no subscriptions.
    [[nodiscard]] Session* arrive(const Client& client);
    /// A context that speaks for this session: is it the one that is known?
    void meet(Session& session, const Client& client);

    // What the broker reports, as in Engine; whatever that ends has been concluded.
    void connected(const Client& client);                 // 2.1
    void offline(const Client& client);                   // 2.1
    void ended(const Client& client, bool taken_over);    // 2.1
    void disconnected(const Client& client, bool clean);  // 2.0

    /// 2.1: one of these will be reported when its connection may be gone.
    void keep_messages(const Client& client);

    /// 2.0: a kick has all that a client is subscribed to checked again, though it is offline.
    [[nodiscard]] bool is_check_of_offline(const Client& client) const;

    /// A READ check of what the broker holds for a client that resumes its session, not of a
    /// message that is fanned out.
    [[nodiscard]] bool is_resumption(Session& session, const Client& client,
                                     const Message& message) {
        if (session.context == client.context && resumption_.key == 0) return false;
        return may_be_resumption(session, client, message);
    }
    /// Whether the client resumes its session. Its connection before that may yet send its will.
    [[nodiscard]] bool is_resuming(const Client& client) const noexcept;
    [[nodiscard]] bool is_anybody_resuming() const noexcept { return resumption_.key != 0; }
    /// The end of that session's connection was reported; another takes it over.
    [[nodiscard]] bool is_taken_over(const Session& session) const noexcept {
        return resumption_.key == session.key && resumption_.was_reported;
    }
    void end_resumption() noexcept { resumption_ = resumption_of_stranger_ = {}; }

    /// A round is over: what ended in it without a word, or in time. `now`: as in Engine::tick.
    void tick(std::int64_t now);
    /// 2.1: looks whether the session of a client that is offline has ended, now and then.
    void watch(Session& session);
    /// 2.1: the same at once, for the members of a group for which messages wait.
    void end_expired_members(const SubscriptionFilter& filter);

  private:
    /// A client that resumes its session, for which the broker checks again what it holds.
    struct Resumption {
        std::uint64_t key = 0;  // the client's; 0: none
        Context before = nullptr;
        bool was_reported = false;  // that it takes over
    };
    struct Closing {
        Context context;
        std::string id;
    };

    [[nodiscard]] bool may_be_resumption(Session& session, const Client& client,
                                         const Message& message);
    /// A session that was offline is back in another connection, which the broker does not report.
    [[nodiscard]] bool is_unreported_return(const Session& session, const Client& client,
                                            const Message& message) const;
    /// The session has another connection now, and perhaps lost its subscriptions.
    void move(Session& session);
    void end_closed();
    void end_expired(std::int64_t now);
    void end_if_expired(const std::vector<std::string>& ids);
    /// A session ends, and others get what it leaves behind.
    void end(Session& session);

    Registry& registry_;
    Publications& publications_;
    Deliveries& deliveries_;
    Holdings& holdings_;
    Backlog& backlog_;
    Parking& parking_;
    Ghosts& ghosts_;
    FanOut& fan_out_;
    Broker& broker_;
    const BrokerTraits& traits_;
    Resumption resumption_;
    Resumption resumption_of_stranger_;  // who is in no group
    // 2.0: disconnected in this round of the main loop; where the broker does not say what becomes
    // of those that are offline, all of them.
    std::vector<Closing> closing_;
    std::deque<std::string> watched_;  // 2.1: clients that went offline
    std::int64_t expired_checked_ = 0;
};

}  // namespace shared_subscription
