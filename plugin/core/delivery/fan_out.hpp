// One fan-out: the broker's walk through its tree for one message, asking "may this client read
// it?" at each leaf. Each group elects one member; that member's leaf is let through, the other
// members' leaves are denied.
//
// What the broker does not tell, and how it is known here:
//   - which leaf of the client is meant: it is counted (MatchedLeaves);
//   - that another fan-out begins: another message object or topic, an event in between (`settle`),
//   or a client that is asked for more often than it has leaves, where it has none that are not
//   known here.
// Either may be wrong. That costs one delivery at most: what goes out from here is never asked
// about in its round, or is known by its content (RestrictedFanOuts).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/elector.hpp"
#include "core/delivery/matched_leaves.hpp"
#include "core/delivery/publications.hpp"
#include "core/delivery/restricted_fan_outs.hpp"
#include "core/delivery/unasked.hpp"
#include "core/flow/deliveries.hpp"
#include "core/model/registry.hpp"
#include "core/placement/ghosts.hpp"
#include "core/placement/parking.hpp"
#include "core/queue/backlog.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

/// The current fan-out. Allocates nothing once warm, but for what has to wait.
class FanOut {
  public:
    FanOut(Registry& registry, Publications& publications, Deliveries& deliveries,
           RestrictedFanOuts& restricted, Backlog& backlog, Parking& parking, Ghosts& ghosts,
           Unasked& unasked, Broker& broker, const BrokerTraits& traits)
        : registry_(registry),
          publications_(publications),
          deliveries_(deliveries),
          restricted_(restricted),
          backlog_(backlog),
          parking_(parking),
          ghosts_(ghosts),
          unasked_(unasked),
          broker_(broker),
          traits_(traits),
          leaves_(registry, broker, traits_),
          elector_(registry, broker) {}

    /// The broker asks about this message. If that begins another fan-out, the one before is
    /// settled, which may end sessions.
    void enter(const Message& message);

    /// A publish was received and is fanned out next, perhaps without any question.
    void foresee(const Message& message);
    /// Whether there is any need to.
    [[nodiscard]] bool has_to_foresee() const noexcept {
        return traits_.passes_over_offline() || has_to_judge();
    }

    /// The broker asks whether one leaf of this client gets the message that was entered; null: a
    /// client without subscriptions.
    [[nodiscard]] Answer ask(Session* session, const Message& message);

    /// The broker asks about a connection that has ended.
    void ask_ghost(Context context, const Message& message);

    /// The same for a message that was announced, where nothing out of the ordinary goes on and the
    /// client's only subscription is a membership. Nothing: ask `ask`.
    [[nodiscard]] std::optional<Answer> ask_at_once(Session& session, const ShownMessage& message);

    /// Whether it is answered already: the client is in one group, of which it is clear that
    /// another member gets this message, or nobody. With many members nearly all questions are like
    /// that.
    [[nodiscard, gnu::always_inline]] bool loses_at_once(Session& session) noexcept {
        const auto* group = session.sole_group;
        const bool loses = quiet_ && group && group->election.decided_in == number_ &&
                           group->election.elected != session.sole &&
                           session.asked.fan_out != number_;
        if (!loses) return false;
        session.asked.fan_out = number_;
        session.asked.calls = 1;
        return true;
    }
    /// The next question may not be like any before.
    void disturb() noexcept { quiet_ = false; }

    /// Whether the broker shows the object that is being fanned out. There may be another message
    /// in it by now, but for clients that have not been asked about yet.
    [[nodiscard]] bool shows_again(const ShownMessage& message) const noexcept {
        // Neighbours are not compared one after the other: the compiler would compare them in one
        // piece, for which the processor has to wait.
        return open_ && message_.qos == message.qos && message_.topic.data() == message.topic &&
               message_.payload_size == message.payload_size && message_.payload == message.payload;
    }

    /// Whether the message is a restricted fan-out of ours.
    [[nodiscard]] bool is_restricted(const Message& message) const noexcept {
        return find_restricted(message) != nullptr;
    }

    /// Whether the message is the one that is being fanned out.
    [[nodiscard]] bool continues(const Message& message) const noexcept {
        return shows_again(as_shown(message)) && is_same_text(leaves_.topic(), message.topic) &&
               (restricted_.empty() || shown_restricted_ == restricted_.find(message));
    }

    /// Whether more questions about the same message may come.
    [[nodiscard]] bool is_open() const noexcept { return open_; }

    /// Whatever the broker asks next belongs to another message. Draws the conclusions from this
    /// one.
    void settle() {
        deliveries_.conclude();
        if (open_) close();
    }

    /// Something is published, and fanned out soon.
    [[gnu::always_inline]] void prepare() const noexcept {
        if (next_ && next_seen_ == registry_.addresses.ended()) prefetch_next(next_->flow.holdings);
    }

    /// As Elector.
    void set_holds_back(bool holds_back) noexcept { elector_.set_holds_back(holds_back); }

  private:
    /// What a client publishes is none of ours, whatever it is like. Null: it is none.
    [[nodiscard]] RestrictedFanOut* find_restricted(const Message& message) const noexcept {
        const bool may_be = !restricted_.empty() && !publications_.is_announced(message.topic);
        return may_be ? restricted_.find(message) : nullptr;
    }

    /// Notes what is known after a question about that group's member.
    void note_answered(Group& group) noexcept;

    /// `announcement`: what was announced, if `message_` is it.
    void begin(Publication* announcement);
    void begin(const Message& message) {
        message_ = message;
        shown_restricted_ = find_restricted(message);
        begin(shown_restricted_ ? nullptr : publications_.take_announced(message));
    }
    [[nodiscard]] Leaf next_leaf(Session& session, const Message& message);
    [[nodiscard]] bool is_next(Session& session, bool is_first);
    void turn_ring(Group& group);
    void look_ahead(const Member& next) noexcept;
    [[nodiscard]] Answer vote(Session& session, const Leaf& leaf, bool proven_now);
    [[nodiscard]] Answer answer_restricted(const Session& session, const Leaf& leaf);
    void open_election(Group& group);
    /// The broker may ask about nobody in groups with direct members.
    void open_direct_elections();
    /// The broker shall give the member its message; the answer that says so.
    [[nodiscard]] Answer let_through(Member& member);
    /// Whether the message is this member's.
    [[nodiscard]] bool wins(Member& member, bool proven_now);
    [[nodiscard]] bool refused_at_its_leaf(Member& member);
    [[nodiscard]] bool is_uncertain(const Member& member) const noexcept;
    void serve(Member& member);
    /// The member has won, but the broker has no copy for it: it goes out from the group's queue.
    void pass_on(Group& group);
    /// Whether the broker would drop a further copy for this client.
    [[nodiscard]] bool is_once_only(const Session& session) const noexcept {
        return traits_.removes_duplicates && session.protocol_version < 5;
    }
    void expect_non_shared(Session& session, const Leaf& leaf);

    /// The message that is being fanned out, to be kept.
    const SharedMessage& keep();
    /// Whether it may wait for somebody in the group; QoS 0 may for one that is ready.
    [[nodiscard]] bool may_wait_for(const Group& group) const noexcept {
        return backlog_.takes(message_.qos) || group.has_ready();
    }
    void hold_for(Group& group);
    void hold_for_offline();
    void wait_behind(Group& group);
    void judge_rings();
    [[nodiscard]] bool has_to_judge() const noexcept {
        return registry_.rings.count > 0 && broker_.others_decide();
    }
    void close();
    void settle_held();
    void pass_over_collectors();
    void prune();

    Registry& registry_;
    Publications& publications_;
    Deliveries& deliveries_;
    RestrictedFanOuts& restricted_;
    Backlog& backlog_;
    Parking& parking_;
    Ghosts& ghosts_;
    Unasked& unasked_;
    Broker& broker_;
    const BrokerTraits& traits_;

    const Session* next_ = nullptr;  // of a large group, if none has ended since
    std::uint64_t next_seen_ = 0;    // AddressBook::ended
    std::uint64_t number_ = 0;
    bool open_ = false;
    bool quiet_ = false;  // open, and nothing but the elections decides who gets the message
    // An event came before it, so it cannot be mistaken for the one before.
    bool announced_ = false;
    // It is no check of what the broker holds for a client that is not known here, but resumes its
    // session.
    bool certain_ = false;
    bool held_for_offline_ = false;  // hold_for_offline is done
    Message message_;
    Publication publication_;
    MatchedLeaves leaves_;
    Elector elector_;
    RestrictedFanOut* shown_restricted_ = nullptr;  // which it is, if it is one

    std::vector<Group*> elections_;  // held in this fan-out
    std::vector<Group*> held_;       // for which it may have to be queued
    SharedMessage kept_;             // `message_`, once it is needed later
};

}  // namespace shared_subscription
