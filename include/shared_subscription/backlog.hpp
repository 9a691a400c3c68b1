// The queues of all groups: what may wait, and when it goes out again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "shared_subscription/broker.hpp"
#include "shared_subscription/dispatch.hpp"
#include "shared_subscription/registry.hpp"
#include "shared_subscription/stored_message.hpp"

namespace shared_subscription {

/// Of each group's queue.
struct QueueLimits {
    std::size_t messages = 1000;  ///< 0: no limit
    std::size_t bytes = 0;        ///< of payloads; 0: no limit
    std::size_t seconds = 0;      ///< how long a message waits; 0: no limit
    bool takes_qos0 = false;      ///< whether QoS 0 messages wait, too
    bool operator==(const QueueLimits&) const = default;
};

class Backlog {
  public:
    Backlog(Registry& registry, DispatchQueue& dispatches, Broker& broker)
        : registry_(registry), dispatches_(dispatches), broker_(broker) {}

    void set_limits(const QueueLimits& limits) noexcept { limits_ = limits; }

    [[nodiscard]] bool takes(std::uint8_t qos) const noexcept {
        return qos > 0 || limits_.takes_qos0;
    }

    /// The place of one more message in the order of publication.
    [[nodiscard]] std::int64_t next_id() noexcept { return ++last_id_; }

    /// A message waits for the group; it is refused if the group's queue is full.
    void add(Group& group, GroupQueue::Entry entry);
    /// The same for one that has been accepted before, however many there are.
    void add_again(Group& group, GroupQueue::Entry entry);

    /// 2.0: the client may be back with its session; only the broker knows.
    void may_be_back(const Session& session);
    /// 2.0: a client has joined a group, whose other members' sessions may have expired.
    void has_joined(const Member& member);
    /// The question who is there has been answered, as the members now show.
    void answered(Group& group);

    /// What was saved waits again.
    void restore(Group& group, GroupQueue::Entry entry);

    /// The session is ending: what it was given and may not have got goes to the others in its
    /// groups. The session is erased. `unacknowledged`: what has been written, too.
    void redispatch(Session& session, bool unacknowledged);

    /// A message that went out again has reached a member, or nobody is left who might want it.
    void done(Group& group, std::int64_t id);
    /// It has met nobody.
    void put_back(Group& group, std::int64_t id);
    /// The same where it, or the question that it was, may meet somebody now.
    void try_again(Group& group, const Dispatch& dispatch);

    /// Lets messages go out to groups that have somebody for them, or may have. `turn`: the main
    /// loop has gone round since.
    void drain(bool turn);
    /// The same for one group, before it is its turn.
    void drain(Group& group) { std::ignore = drain(group, false); }

    /// 2.0: the broker drops what exceeds a client's queue, and shows nothing of acknowledgements,
    /// of which it reads one a turn. So many messages go out at once, then one a turn. 0: no limit.
    void set_burst(std::size_t messages) noexcept { burst_ = messages; }

    /// What has waited too long goes. `now`: seconds of any clock that only goes forward.
    void tick(std::int64_t now);

  private:
    struct Refused {
        GroupName group;
        const char* option;  // whose limit it was
        std::size_t count;
    };

    /// Whose limit one more would exceed; null: none's.
    [[nodiscard]] const char* full(const Group& group, std::size_t bytes) const noexcept;
    /// To any member of the group.
    void send(const Group& group, Dispatch dispatch);
    [[nodiscard]] bool drain(Group& group, bool turn);
    void refuse(const Group& group, const char* option);
    void drop_expired();
    void complain(std::int64_t now);

    Registry& registry_;
    DispatchQueue& dispatches_;
    Broker& broker_;
    QueueLimits limits_;
    std::size_t burst_ = 0;
    std::int64_t last_id_ = 0;
    std::int64_t ticked_ = 0;
    std::vector<Refused> refused_;  // since the log said so last
    std::int64_t said_ = 0;         // when
    bool has_said_ = false;
};

}  // namespace shared_subscription
