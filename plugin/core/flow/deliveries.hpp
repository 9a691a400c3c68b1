// Whether clients take what they are given. The broker does not say when it holds a message back
// because a client's in-flight window is full, nor when it drops one because its queue is; it is
// counted here, and such a member is passed over for as long as another one can take the message.
// Where the load is spread, a member is given no more than it takes soon; the rest waits for the
// group, and goes to whoever has room first.
//
// 2.1 shows in MESSAGE_OUT each message as it is written to a client: at once, or later from the
// client's queue. What it does not show is asked for (Holdings). 2.0 shows nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/delivery/publications.hpp"
#include "core/flow/holdings.hpp"
#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/queue_limits.hpp"

namespace shared_subscription {

class Deliveries {
  public:
    /// `shows_deliveries`: there are MESSAGE_OUT events (2.1).
    Deliveries(Registry& registry, Holdings& holdings, Broker& broker, bool shows_deliveries)
        : registry_(registry),
          holdings_(holdings),
          broker_(broker),
          shows_deliveries_(shows_deliveries) {}

    /// `max_queued_messages`; 0: unlimited.
    void set_queue_limit(std::size_t messages) noexcept { queue_limit_ = messages; }
    /// How many messages beyond its window a member is given, where the load is spread; at least 1.
    void set_max_held_back(std::size_t messages) noexcept { max_held_back_ = messages; }

    /// The broker has been told, in a fan-out, to give a client that is in a group a message of its
    /// own, with QoS 1 or 2.
    void expect_non_shared(Session& session, std::uint8_t qos, const Message& message,
                           std::uint64_t fan_out);
    /// The same of a member, of any QoS.
    void expect(Member& member, std::int64_t id, const Message& message,
                const Publication& publication, std::uint64_t fan_out);
    /// What waited for the group has been published to this member's client.
    void expect_copy(Member& member, std::int64_t id, const SharedMessage& message,
                     const void* address);
    /// The same where the broker has it, and holds it back.
    void hold_copy(Member& member, std::int64_t id, const SharedMessage& message,
                   const void* address) {
        expect_copy(member, id, message, address);
        give_up_copies(member.subscription->session);
    }
    /// Whether the member may be given that one now, too.
    [[nodiscard]] bool takes_more(const Member& member, const StoredMessage& message);
    /// What became of what was published to a client alone, but does not show.
    enum class Fate : std::uint8_t {
        open,     ///< in the next round
        dropped,  ///< the client has not got it
        written,  ///< it has got it, or it was too large for it
    };
    struct Missing {
        std::string client_id;
        std::int64_t id;
        const void* address;
        Fate fate;
    };
    [[nodiscard]] std::vector<Missing> take_missing() noexcept {
        return std::exchange(missing_, {});
    }
    /// The client has got what was written to it, of so many bytes, or it was too large for it.
    [[nodiscard]] bool has_got(Session& session, std::size_t size);
    /// It has got that for certain.
    void note_taken(Session& session, std::int64_t id, std::size_t size);

    /// Its holdings have changed.
    void count_held(Session& session);

    /// The client is connected again. Its queue empties: unseen on 2.0, counted anew on 2.1.
    void forget(Session& session);
    /// The broker checks what it holds for a client that is back, and writes it if it may.
    void expect_again(Session& session, const Message& message);

    /// MESSAGE_OUT: a message is written to the client, as the broker shows it.
    [[nodiscard]] Writing sent(const Client& client, const Message& message);
    /// The group whose message has just been written that the broker held back, so that its client
    /// has acknowledged another; null: none.
    [[nodiscard]] Group* take_released() noexcept { return std::exchange(released_, nullptr); }
    /// Whether the broker may be asked now. Not while it writes to a client.
    void set_may_ask(bool may_ask) noexcept { may_ask_ = may_ask; }
    /// The same where it can be told without the client's identifier. False: it cannot.
    [[nodiscard]] bool sent_at_once(Context context, const char* topic) {
        if (!expected_ || expected_->context != context || expected_address_ != topic)
            return holders_.empty();
        auto& session = *std::exchange(expected_, nullptr);
        if (expected_is_noted_) set_written(session.flow.holdings.back());
        return true;
    }

    [[nodiscard]] bool expects() const noexcept { return expected_ != nullptr; }
    /// Whatever the broker does next is not the delivery that was expected.
    void conclude() {
        if (expected_) miss();
    }

    /// `now`: seconds of any clock that only goes forward. Gives those another chance that may have
    /// room again.
    void tick(std::int64_t now);
    /// Whether it has not come to all of those.
    [[nodiscard]] bool is_busy() const noexcept { return next_used_up_ > 0; }
    /// Whether something keeps clients from getting messages, which has to be verified.
    [[nodiscard]] bool has_to_look_again() const noexcept {
        return !holders_.empty() || !used_up_.empty();
    }

  private:
    void expect(Session& session, std::uint8_t qos, const Message& message);
    void miss();
    static void set_written(Holding& holding) noexcept {
        holding.state = Holding::State::written;
        holding.was_written = true;
    }
    void note(Session& session, const Holding& holding);
    void give_up_copies(Session& session);
    void settle_copies(Session& session);
    void copied_to(Session& session);
    void list(Session& session);
    void hold(Session& session, std::size_t messages);
    [[nodiscard]] static Holding* find_unwritten(Session::Flow& flow, const Message& message);
    /// Nothing, false: the broker cannot be asked.
    std::optional<std::size_t> prune(Session& session);
    bool ask(Session& session);
    void learn_window(Session& session);
    /// Whether the session is listed no more.
    [[nodiscard]] bool look_again(Session& session);
    [[nodiscard]] bool has_room_for(const Member& member, std::size_t size) const noexcept;
    [[nodiscard]] std::size_t beyond_window(const Session::Flow& flow) const noexcept;
    [[nodiscard]] static std::size_t share_of(const Member& member) noexcept;
    void set_used_up(Session& session);
    [[nodiscard]] bool may_take_more(Session& session);
    void look_at_used_up();
    void note_load(Member& member);
    void count_loads();
    void set_queue_full(Session& session, const char* why);
    [[nodiscard]] bool has_room(const Session& session) const noexcept {
        const auto& flow = session.flow;
        return (queue_limit_ == 0 || flow.held < queue_limit_) && flow.held < flow.most_held;
    }

    Registry& registry_;
    Holdings& holdings_;
    Broker& broker_;
    bool shows_deliveries_;
    std::size_t queue_limit_ = 1000;
    std::size_t max_held_back_ = QueueLimits{}.held_back;
    Session* expected_ = nullptr;  // has been given a message and has not got it yet
    std::uint8_t expected_qos_ = 0;
    bool expected_is_noted_ = false;  // as its newest holding
    const void* expected_address_ = nullptr;
    std::vector<std::string> copied_to_;  // clients, since the last round
    std::vector<std::string> holders_;    // clients with messages held back, or full
    std::vector<Missing> missing_;
    std::vector<std::uint64_t> loaded_;  // groups in which it counts who holds how much
    std::vector<std::string> used_up_;   // clients that are given no more for now
    std::size_t next_used_up_ = 0;       // which of them is looked at next
    std::uint64_t round_ = 1;
    Group* released_ = nullptr;
    bool may_ask_ = true;
    std::int64_t now_ = 0;
};

}  // namespace shared_subscription
