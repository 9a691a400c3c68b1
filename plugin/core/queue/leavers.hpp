// What clients were given with QoS 1 by groups that they have left since (2.1). It stays theirs; it
// goes to others if the session ends before it is acknowledged, as what a member leaves behind
// does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/flow/deliveries.hpp"
#include "core/flow/holdings.hpp"
#include "core/model/registry.hpp"
#include "core/queue/backlog.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Leavers {
  public:
    Leavers(Registry& registry, Deliveries& deliveries, Holdings& holdings, Backlog& backlog,
            Broker& broker)
        : registry_(registry),
          deliveries_(deliveries),
          holdings_(holdings),
          backlog_(backlog),
          broker_(broker) {}

    /// The member is about to leave its group, as its client wants.
    void leave(const Member& member);

    // What the broker reports, as in Engine.
    void connected(const Client& client);
    /// The connection ends, and perhaps the session. Its context can be asked about for the last
    /// time.
    void disconnected(const Client& client, bool taken_over);
    /// The session has ended. `disconnected` came before.
    void ended(std::string_view client_id);

    /// A round is over: looks at some of them each second. `now`: as in Engine::tick.
    void tick(std::int64_t now);

  private:
    struct Kept {
        std::uint64_t group;  // Group::number
        std::int64_t id;      // its place in the order of publication
        const void* address;  // as Holding's
        bool is_copy;         // the same
        bool is_on_its_way;   // published to the client alone, in this round
        SharedMessage message{};
        bool is_held = false;  // by the broker, as far as it was asked last
    };
    struct Leaver {
        Context context;         // null: offline
        bool is_moving = false;  // to the connection that takes it over
        std::vector<Kept> all;
    };

    [[nodiscard]] Leaver* find(std::string_view client_id) noexcept;
    /// Notes what that connection holds of it. False if it cannot be asked.
    bool ask(Leaver& leaver, Context context);
    /// What the broker does not hold any more has been acknowledged.
    void forget_acknowledged(Leaver& leaver);
    void give_to_others(std::vector<Kept>& all);
    void look(const std::string& client_id, Leaver& leaver);

    Registry& registry_;
    Deliveries& deliveries_;
    Holdings& holdings_;
    Backlog& backlog_;
    Broker& broker_;
    std::map<std::string, Leaver, std::less<>> leavers_;  // by client identifier
    std::string looked_at_;                               // whom a TICK came to last
    bool is_any_on_its_way_ = false;
    std::int64_t ticked_ = 0;
};

}  // namespace shared_subscription
