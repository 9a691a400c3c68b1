// Messages that the plugin publishes again so that one more copy reaches one client, or so that a
// group gets what its elected member could not. The copy goes by an ordinary fan-out in which
// everybody else is denied; thus the broker's QoS, queues and access control apply to it as to any
// message.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared_subscription/broker.hpp"
#include "shared_subscription/stored_message.hpp"

namespace shared_subscription {

/// Whom a copy is for.
struct Addressee {
    std::string session{};     ///< client identifier; empty: any member of the group
    std::string filter{};      ///< by which of its subscriptions
    std::string share_name{};  ///< the group whose copy it is; empty: the client's ordinary one
};

/// A copy on its way through the broker's queue.
struct Dispatch {
    SharedMessage message;
    Addressee to{};
    std::int64_t id = 0;           ///< of a group's copy: its place in the order of publication
    bool is_queued = false;        ///< it is in the group's queue until somebody has got it
    bool is_question = false;      ///< for nobody: it shows whom the broker asks for
    std::uint64_t sent = 0;        ///< when, by Registry::clock
    std::uint64_t sent_after = 0;  ///< the last fan-out before
    int ticks = 0;                 ///< main loop turns since it was sent

    [[nodiscard]] bool is(const Message& other) const noexcept;
};

/// First in, first out, like the broker's queue of plugin messages.
class DispatchQueue {
  public:
    explicit DispatchQueue(Broker& broker) : broker_(broker) {}

    /// Gives it to the broker.
    void send(Dispatch dispatch);

    /// The dispatch that this message is; those before it, which met nobody, go to `missed`.
    [[nodiscard]] std::optional<Dispatch> take(const Message& message,
                                               std::vector<Dispatch>& missed);

    /// One turn of the main loop is over. Those that should have been fanned out by now go to
    /// `missed`.
    void tick(std::vector<Dispatch>& missed);

    /// Whether this message may be a dispatch.
    [[nodiscard]] bool contains(const Message& message) const noexcept;

    /// Whether the message is like one that has been taken in this turn or the one before: the
    /// broker asks about that one again, for a leaf that is not known here.
    [[nodiscard]] SharedMessage find_taken(const Message& message) const noexcept;

    /// Whether it is like the one that should come next.
    [[nodiscard]] bool begins_with(const Message& message) const noexcept {
        return !waiting_.empty() && waiting_.front().is(message);
    }

    /// Whether a copy for that client has not been fanned out yet.
    [[nodiscard]] bool awaits(std::string_view client_id) const noexcept;

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    /// Of all payloads.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    [[nodiscard]] Dispatch pop();

    Broker& broker_;
    std::deque<Dispatch> waiting_;
    std::vector<SharedMessage> taken_;         // since the last turn began
    std::vector<SharedMessage> taken_before_;  // in the one before
    std::size_t bytes_ = 0;
    std::size_t for_clients_ = 0;  // how many are for one client
};

}  // namespace shared_subscription
