// The queues of all groups: what may wait, and when it goes out.
//
// What goes out goes to one member, straight to its client (Broker::publish_to), or, where nobody
// can say beforehand whether that may read it, by a fan-out that all others are denied
// (RestrictedFanOuts). It stays in the queue until it is certain to have got there. In one round of
// the broker's loop no more goes out than a budget allows; the rest stays where it is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/delivery/elector.hpp"
#include "core/delivery/publications.hpp"
#include "core/delivery/restricted_fan_outs.hpp"
#include "core/flow/deliveries.hpp"
#include "core/model/registry.hpp"
#include "core/queue/stored_message.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/queue_limits.hpp"

namespace shared_subscription {

class Backlog {
  public:
    Backlog(Registry& registry, Deliveries& deliveries, Holdings& holdings,
            RestrictedFanOuts& restricted, Broker& broker, const BrokerTraits& traits)
        : registry_(registry),
          deliveries_(deliveries),
          holdings_(holdings),
          restricted_(restricted),
          broker_(broker),
          elector_(registry, broker),
          traits_(traits) {}

    void set_limits(const QueueLimits& limits) noexcept { limits_ = limits; }

    [[nodiscard]] bool takes(std::uint8_t qos) const noexcept {
        return qos > 0 || limits_.takes_qos0 || broker_.upgrades_qos();
    }

    /// The place of one more message in the order of publication.
    [[nodiscard]] std::int64_t next_id() noexcept { return ++last_id_; }

    /// Measures what it takes.
    [[nodiscard]] SharedMessage keep(StoredMessage message);
    /// What the broker shows, beyond the callback that shows it.
    [[nodiscard]] SharedMessage keep(const Message& message, std::uint64_t publisher);
    /// A message waits for the group; it is refused if the group's queue is full.
    void add(Group& group, GroupQueue::Entry entry);

    /// 2.0: the client may be back with its session; only the broker knows.
    void may_be_back(const Session& session);
    /// 2.0: a client has joined a group, whose other members' sessions may have expired.
    void has_joined(const Member& member);
    /// 2.0: the member is about to leave its group. Who is in it by now goes on with what waits.
    void hand_on(const Member& member);
    /// The same for a client that is there and goes, of all its groups.
    void hand_on(const Session& session);
    /// The probe has shown who is there, as the members now show.
    void answered(Group& group);
    /// It shows this one, so that there is somebody for whom the queue was.
    void shown(const Member& member) {
        auto& group = *member.group;
        if (member.joined <= group.draining.probe_since) answered(group);
    }

    /// What was saved waits again.
    void restore(Group& group, GroupQueue::Entry entry);

    /// The broker has restored the session: what it holds goes to others when it ends, as if there
    /// had been no restart.
    void adopt(Session& session) {
        if (redispatches_) holdings_.adopt(session, first_id_);
    }

    /// Whether others get what a member leaves behind.
    void set_redispatch(bool redispatches) noexcept { redispatches_ = redispatches; }
    [[nodiscard]] bool redispatches() const noexcept { return redispatches_; }
    /// The session is ending: what it holds of its groups (Holdings::keep_messages) goes to the
    /// others in them. The session is erased.
    void redispatch(Session& session);
    /// The client has gone offline, and its session stays: what was never sent to it goes to
    /// others, if somebody else is there.
    void take_back_unsent(Session& session);
    /// Somebody is there now.
    void take_back_left(const Session& session);
    /// The member is removed.
    void take_back(const Member& member);
    /// The message waits for its group again.
    void take_back(Group& group, std::int64_t id, SharedMessage message);
    /// What was published to the client alone, and may not have been drained; null: it is not that.
    [[nodiscard]] SharedMessage message_on_its_way(std::string_view client_id,
                                                   std::int64_t id) const noexcept;

    /// The session has ended. What is on its way to it goes by the client's identifier, and may
    /// reach its next session.
    void orphan(std::string_view client_id) noexcept;
    /// MESSAGE_OUT: that is so.
    void note_written(std::string_view client_id, const Message& message) noexcept;

    /// A restricted fan-out has reached its member.
    void reached(const RestrictedFanOut& fan_out);
    /// It has not, or it was a probe that may show more the next time.
    void try_again(Group& group, const RestrictedFanOut& fan_out);

    /// Lets messages go out to groups that have somebody for them, or may have. `begins_round`: the
    /// main loop has gone round since.
    void drain(bool begins_round);
    /// As much may go out again as in any round.
    void begin_round() noexcept { spent_messages_ = spent_bytes_ = 0; }
    /// The same in the middle of a fan-out, which what is fanned out itself could be taken for.
    void drain_straight();
    /// The same for one group, before it is its turn.
    void drain(Group& group) {
        if (!waits_for_tick_) std::ignore = drain(group, false);
    }
    /// A member of the group has acknowledged a message, and its connection is written to. What
    /// waits goes out at once: the round would be lost otherwise.
    void refill(Group& group);
    /// A connection has ended, perhaps between the drain of what was published and the TICK
    /// (keepalive__check): what goes out now would be taken for drained there.
    void wait_for_tick() noexcept { waits_for_tick_ = !drains_at_once(); }
    /// Whether there is anything to drain, or to be confirmed.
    [[nodiscard]] bool is_busy() const noexcept {
        return !registry_.woken().empty() || !unconfirmed_.empty() || !restricted_.empty();
    }

    /// 2.0: the broker drops what exceeds a client's queue, and shows nothing of acknowledgements,
    /// of which it reads one a round. So many messages go out to a member at once, then one a
    /// round. 0: no limit.
    void set_burst(std::size_t messages) noexcept {
        constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
        burst_ = static_cast<std::uint32_t>(std::min(messages, kMost));
    }

    /// A round of the main loop is over: what went out before has been drained. What has waited too
    /// long goes. `now`: seconds of any clock that only goes forward.
    void tick(std::int64_t now);

  private:
    struct Refused {
        GroupName group;
        const char* option;  // whose limit it was
        std::size_t count;
    };
    /// What a client was given straight, and the broker has perhaps not handed over yet.
    struct Unconfirmed {
        GroupName group;
        std::int64_t id;
        std::string client_id;
        SharedMessage message;
        const void* address;  ///< Broker::publish_to
        bool survives;        ///< the broker keeps it for a client that goes away with its session
        bool is_orphaned = false;  ///< that session has ended
        bool is_written = false;   ///< ... and the next one of that client has got it
    };
    enum class Result : std::uint8_t { gone, stays, not_now };
    /// What a session leaves behind.
    struct Left {
        GroupName group;
        std::int64_t id;
        SharedMessage message;
    };

    /// What a TICK publishes is drained before any other event (2.0).
    [[nodiscard]] bool drains_at_once() const noexcept { return !traits_.announces_sessions; }
    /// Whose limit one more would exceed; null: none's.
    [[nodiscard]] const char* full(const Group& group, std::size_t bytes) const noexcept;
    void insert(Group& group, GroupQueue::Entry entry);
    /// The same, if they have a group still.
    void take_back(std::vector<Left>& all);
    template <class Goes>
    void take_back(Session& session, const Goes& goes);
    /// Its context is there, and can be asked about.
    [[nodiscard]] bool is_known_offline(const Session& session) {
        return session.context && broker_.find_session(session.id) == session.context;
    }
    template <class Drain>
    void drain_woken(const Drain& drain_group);
    [[nodiscard]] bool drain(Group& group, bool begins_round);
    [[nodiscard]] std::uint32_t burst_of(const Group& group) const noexcept;
    /// False: not in this round.
    [[nodiscard]] bool publish_restricted(const Group& group, RestrictedFanOut fan_out);
    void probe(Group& group);
    [[nodiscard]] SharedMessage make_probe(const Group& group);
    [[nodiscard]] Result offer(Group& group, const GroupQueue::Entry& entry);
    [[nodiscard]] Result give(Member& member, const GroupQueue::Entry& entry);
    [[nodiscard]] bool spend(const StoredMessage& message) noexcept;
    void drop(Group& group, std::int64_t id);
    /// A member has got a message. Null: it is one no more.
    void count(Group& group, Member* member) noexcept;
    [[nodiscard]] bool has_it(const Unconfirmed& given, const Group& group);
    using AllMissing = std::vector<Deliveries::Missing>;
    [[nodiscard]] std::optional<bool> has_arrived(const Unconfirmed& given,
                                                  const AllMissing& missing);
    void confirm();
    void leave_unsent(Session& session, const Unconfirmed& given);
    void refuse(Group& group, const char* option);
    void drop_expired();
    void complain(std::int64_t now);

    Registry& registry_;
    Deliveries& deliveries_;
    Holdings& holdings_;
    RestrictedFanOuts& restricted_;
    Broker& broker_;
    Elector elector_;
    const BrokerTraits& traits_;
    QueueLimits limits_;
    bool redispatches_ = false;
    std::uint32_t burst_ = 0;
    bool waits_for_tick_ = false;
    std::size_t spent_messages_ = 0;  // in this round, or since the last event where none is shown
    std::size_t spent_bytes_ = 0;
    std::vector<Unconfirmed> unconfirmed_;
    std::int64_t first_id_ = 0;  // what was published before a restart comes before what waits
    std::int64_t last_id_ = 0;
    std::int64_t ticked_ = 0;
    std::vector<Refused> refused_;  // since the log said so last
    std::int64_t said_ = 0;         // when
    bool has_said_ = false;
};

}  // namespace shared_subscription
