// Messages that the plugin publishes to everybody and that are for one client: in their fan-outs
// the broker asks about all others, too, who are denied. The way of a message to a member where
// nobody can be asked beforehand whether it may read it, and of a probe, which is for nobody: it
// shows whom of a group the broker asks about (2.0), or of a filter (RollCall).
//
// They are known by their content, and once they have been shown by their address, too, for as long
// as the broker may ask about them, however often: a publisher may release one of QoS 2 that is
// like them. No two that are alike are under way at the same time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/queue/stored_message.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/state.hpp"

namespace shared_subscription {

struct RestrictedFanOut {
    SharedMessage message;
    GroupName group{};
    std::int64_t id = 0;           ///< its place in the group's queue
    std::string client_id{};       ///< whom it is for; empty: nobody, it is a probe
    std::uint64_t sent = 0;        ///< when, by Registry::clock
    std::uint64_t sent_after = 0;  ///< the last fan-out before
    std::int64_t sent_at = 0;      ///< second of the broker's clock
    /// It was published in one of the broker's turns. Otherwise no TICK had come by then: when it
    /// is drained shows with its first question alone.
    bool in_turns = true;
    const char* shown_at = nullptr;  ///< address of its topic; null: nobody has been asked about
    bool has_reached = false;        ///< whom it is for was asked about

    [[nodiscard]] bool was_shown() const noexcept { return shown_at != nullptr; }

    [[nodiscard]] bool is_probe() const noexcept { return client_id.empty(); }
    /// `group` is a filter alone.
    [[nodiscard]] bool is_roll_call() const noexcept { return group.share_name.empty(); }
    [[nodiscard]] bool is(const Message& other) const noexcept;
};

class RestrictedFanOuts {
  public:
    explicit RestrictedFanOuts(Broker& broker) : broker_(broker) {}

    /// False: one that is like it is under way.
    [[nodiscard]] bool publish(RestrictedFanOut fan_out);
    /// Null: the message is none of them. The pointer is good until `take_ended`.
    [[nodiscard]] RestrictedFanOut* find(const Message& message) noexcept;
    [[nodiscard]] bool empty() const noexcept { return under_way_.empty(); }
    /// Those that are over: nothing of them can come any more. `all_drained`: the broker has
    /// drained what was published in its turns before; otherwise only those count that it has
    /// shown, or that are old.
    [[nodiscard]] std::vector<RestrictedFanOut> take_ended(bool all_drained);

  private:
    Broker& broker_;
    std::vector<RestrictedFanOut> under_way_;
};

}  // namespace shared_subscription
