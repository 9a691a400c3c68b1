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

namespace shared_subscription {

/// Whom a copy is for.
struct Addressee {
    std::string session;     ///< client identifier; empty: any member of the group
    std::string filter;      ///< by which of its subscriptions
    std::string share_name;  ///< the group whose copy it is; empty: the client's ordinary one
};

/// A copy on its way through the broker's queue.
struct Dispatch {
    std::string topic;
    std::vector<char> payload;
    std::uint8_t qos = 0;
    KeptProperties properties;
    std::uint64_t publisher = 0;  ///< stable hash, for strategies that hash it
    Addressee to;
    int tries = 0;  ///< how often it went out before
    int ticks = 0;  ///< main loop turns since it was queued

    [[nodiscard]] Message message() const noexcept;
    [[nodiscard]] bool is(const Message& message) const noexcept;
};

/// First in, first out, like the broker's queue of plugin messages.
class DispatchQueue {
  public:
    void push(Dispatch dispatch) { waiting_.push_back(std::move(dispatch)); }

    /// The dispatch that this message is; those before it, which met nobody, go to `missed`.
    [[nodiscard]] std::optional<Dispatch> take(const Message& message,
                                               std::vector<Dispatch>& missed);

    /// One turn of the main loop is over. Those that should have been fanned out by now go to
    /// `missed`.
    void tick(std::vector<Dispatch>& missed);

    /// Whether this message may be a dispatch.
    [[nodiscard]] bool contains(const Message& message) const noexcept;

    /// Whether a copy for that client has not been fanned out yet.
    [[nodiscard]] bool awaits(std::string_view client_id) const noexcept;

    [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

  private:
    std::deque<Dispatch> waiting_;
};

}  // namespace shared_subscription
