// One fan-out: the broker's walk through its tree for one message, asking "may this client read
// it?" at each leaf. Each group elects one member; that member's leaf is let through, the other
// members' leaves are denied.
//
// What the broker does not tell, and how it is known here:
//   - which leaf of the client is meant: leaves are asked for in the order of FilterTree::match, so
//   it is counted;
//   - that another fan-out begins: another message object or topic, an event in between (`settle`),
//   or a client
//     that is asked for more often than it has leaves, where no publish was announced.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared_subscription/backlog.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/deliveries.hpp"
#include "shared_subscription/dispatch.hpp"
#include "shared_subscription/ghosts.hpp"
#include "shared_subscription/parking.hpp"
#include "shared_subscription/publications.hpp"
#include "shared_subscription/registry.hpp"

namespace shared_subscription {

/// The current fan-out. Allocates nothing once warm, but for further copies (`Dispatch`).
class FanOut {
  public:
    FanOut(Registry& registry, Publications& publications, Deliveries& deliveries,
           DispatchQueue& dispatches, Backlog& backlog, Parking& parking, Ghosts& ghosts,
           Broker& broker, BrokerTraits traits)
        : registry_(registry),
          publications_(publications),
          deliveries_(deliveries),
          dispatches_(dispatches),
          backlog_(backlog),
          parking_(parking),
          ghosts_(ghosts),
          broker_(broker),
          traits_(traits) {}

    /// The broker asks about this message. True if that began another fan-out, and settled the one
    /// before.
    bool enter(const Message& message);

    /// A publish was received and is fanned out next, perhaps without any question.
    void foresee(const Message& message);
    /// Whether there is any need to.
    [[nodiscard]] bool has_to_foresee() const noexcept {
        return passes_over_away() || has_to_judge();
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
                           group->election.elected != session.sole && session.fan_out != number_;
        if (!loses) return false;
        session.fan_out = number_;
        session.calls = 1;
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

    /// Whether clients in no group need not be asked about.
    [[nodiscard]] bool concerns_groups_only(const Message& message) const noexcept {
        return !directed_ && dispatches_.empty() && !counts_everybody(message.topic);
    }

    /// Whether the message may be a copy that has not been fanned out yet.
    [[nodiscard]] bool awaits(const Message& message) const noexcept {
        return dispatches_.contains(message);
    }

    /// Whether the message is the one that is being fanned out.
    [[nodiscard]] bool continues(const Message& message) const noexcept {
        return shows_again(as_shown(message)) && is_same_text(topic_, message.topic);
    }

    /// Whether more questions about the same message may come.
    [[nodiscard]] bool is_open() const noexcept { return open_; }

    /// Whether the broker asks about nobody who is away, nor says who is back.
    [[nodiscard]] bool passes_over_away() const noexcept {
        return traits_.has_listener_settings && ticks_;
    }

    /// Whatever the broker asks next belongs to another message. Draws the conclusions from this
    /// one.
    void settle() {
        deliveries_.conclude();
        if (open_) close();
    }

    /// Something is published, and fanned out soon.
    [[gnu::always_inline]] void prepare() const noexcept {
        if (next_ && next_seen_ == registry_.erased_count()) next_->given.prefetch_next();
    }

    /// One turn of the main loop is over.
    void tick();

    void set_removes_duplicates(bool removes) noexcept { traits_.removes_duplicates = removes; }

  private:
    /// What one leaf in the broker's tree stands for.
    struct Leaf {
        Subscription* subscription = nullptr;  ///< null: a leaf that is not known
        bool ordinary = false;
        std::span<const std::unique_ptr<Member>> members{};
    };

    /// A copy may come with no event since its original, at the same address: 2.1 fans it out
    /// before the next TICK, and 2.0 had none under `per_listener_settings` before 2.0.15. Where
    /// there may be copies, only a count of everybody who is asked tells the two apart.
    [[nodiscard]] bool counts_everybody(std::string_view topic) const noexcept {
        const bool may_copy = traits_.removes_duplicates || traits_.merges_uses(topic);
        return may_copy && (traits_.announces_sessions || !ticks_);
    }

    /// Notes what is known after a question about that group's member.
    void note_answered(Group& group) noexcept;

    /// `announcement`: what was announced, if `message_` is it.
    void begin(Publication* announcement);
    void begin(const Message& message) {
        message_ = message;
        const bool is_copy = !publications_.has_shown(message.topic.data()) && awaits(message);
        begin(is_copy ? nullptr : publications_.take_announced(message));
    }
    void match();
    [[nodiscard]] Leaf next_leaf(Session& session, const Message& message);
    [[nodiscard]] bool is_next(const Session& session, bool is_first) const noexcept;
    [[nodiscard]] Leaf leaf_at(const Session& session, std::size_t index) const noexcept;
    [[nodiscard]] Leaf merged_leaf_at(const Session& session, std::size_t index) const noexcept;
    [[nodiscard]] Leaf separate_leaf_at(const Session& session, std::size_t index) const noexcept;
    [[nodiscard]] bool is_asked_about(const Member& member) const noexcept;
    /// Whether `is_it(std::unique_ptr<Member>)` says so of one of the session's memberships that
    /// match.
    template <class Predicate>
    [[nodiscard]] bool any_membership(const Session& session, const Predicate& is_it) const {
        return std::ranges::any_of(matches_, [&](const Filter* filter) {
            const auto* subscription = Registry::find(session, *filter);
            return subscription && std::ranges::any_of(subscription->members, is_it);
        });
    }
    void turn_ring(Group& group);
    void look_ahead(const Member& next) noexcept;
    /// No Local is about who published the message that the broker fans out: of a copy, nobody.
    [[nodiscard]] bool is_asked_for(const Subscription& subscription) const noexcept {
        return directed_ || wants(subscription);
    }
    /// The same about who published the original.
    [[nodiscard]] bool wants(const Subscription& subscription) const noexcept {
        return !(subscription.no_local && subscription.session.key == publication_.publisher());
    }

    [[nodiscard]] Answer vote(Session& session, const Leaf& leaf, bool proven_now);
    [[nodiscard]] Answer answer_directed(Session& session, const Leaf& leaf, bool proven_now);
    void open_election(Group& group);
    void fill_ballot(Strategy strategy) noexcept;
    /// The broker shall give the member its message; the answer that says so.
    [[nodiscard]] Answer let_through(const Member& member);
    [[nodiscard]] bool wins(Member& member, bool proven_now);
    [[nodiscard]] bool refused_at_its_leaf(Member& member);
    [[nodiscard]] bool is_judged(const Member& member) const noexcept {
        return member.judged_in == number_ &&
               member.judged_as == member.subscription->session.context;
    }
    /// Whether others let it, as far as they can be asked.
    [[nodiscard]] bool may_read(Member& member) {
        return !others_decide_ || is_judged(member) || judge(member);
    }
    [[nodiscard]] bool judge(Member& member);
    [[nodiscard]] Member* choose(Group& group);
    [[nodiscard]] bool is_uncertain(const Member& member) const noexcept;
    /// The last fan-out in which the broker asked for it; `loses_at_once` notes only the client's.
    [[nodiscard]] static std::uint64_t called_in(const Member& member) noexcept {
        const auto& session = member.subscription->session;
        return session.sole == &member ? session.fan_out : member.called_in;
    }
    void exclude(Member& member);
    void serve(Member& member);

    /// The message that is being fanned out, to be kept.
    const SharedMessage& keep();
    /// Whether it may wait for somebody in the group; QoS 0 may for one that is ready.
    [[nodiscard]] bool may_wait_for(const Group& group) const noexcept {
        return backlog_.takes(message_.qos) || group.has_ready();
    }
    void hold_for(Group& group);
    void hold_for_away();
    void wait_behind(Group& group);
    [[nodiscard]] bool will_do(Member& asked);
    void judge_rings();
    [[nodiscard]] bool has_to_judge() const noexcept {
        return registry_.ring_count > 0 && broker_.others_decide();
    }
    /// Whether the broker would have asked for this subscription if it were there.
    [[nodiscard]] bool is_shown(const Subscription& subscription) const noexcept {
        const auto& session = subscription.session;
        return session.connected || session.moved || !passes_over_away();
    }
    void dispatch_copy(Session& session, const Subscription& subscription,
                       std::string_view share_name);
    void not_taken(Member& member);
    [[nodiscard]] bool may_want(const Group& group) const noexcept;
    void close();
    void settle_held();
    void settle_directed();
    void settle_missed();
    [[nodiscard]] static bool has_changed_since(const Member& member,
                                                const Dispatch& dispatch) noexcept;
    void not_shown(const Dispatch& dispatch);
    void prune();
    void erase_gone();

    Registry& registry_;
    Publications& publications_;
    Deliveries& deliveries_;
    DispatchQueue& dispatches_;
    Backlog& backlog_;
    Parking& parking_;
    Ghosts& ghosts_;
    Broker& broker_;
    BrokerTraits traits_;

    const Session* next_ = nullptr;  // of a large group, if none has ended since
    std::uint64_t next_seen_ = 0;    // Registry::erased_count
    std::uint64_t number_ = 0;
    bool ticks_ = false;
    bool open_ = false;
    bool quiet_ = false;  // open, and nothing but the elections decides who gets the message
    // An event came before it, so it cannot be mistaken for the one before.
    bool announced_ = false;
    // It is no check of what the broker holds for a client that is not known here, but resumes its
    // session.
    bool certain_ = false;
    bool held_for_away_ = false;  // hold_for_away is done
    bool others_decide_ = false;  // other access control
    Message message_;
    Publication publication_;
    Ballot ballot_;
    std::optional<Dispatch>
        directed_;          // the fan-out of a copy: everybody but its addressee is denied
    bool reached_ = false;  // the addressee was there

    std::string topic_;  // of `matches_`, which holds while the registry's version does
    std::uint64_t topic_number_ = 0;  // Publications::topic_number; 0: it was not announced
    std::uint64_t matched_version_ = 0;
    std::uint64_t match_number_ = 0;
    std::vector<Filter*> matches_;

    std::vector<Group*> elections_;  // held in this fan-out
    std::vector<Member*> excluded_;  // cannot get this message
    std::vector<Group*> held_;       // for which it may have to be queued
    SharedMessage kept_;             // `message_`, once it is needed later
    std::vector<Dispatch> missed_;   // copies that the broker showed to nobody
    std::vector<Subscription*> gone_;
};

}  // namespace shared_subscription
