// A group of a shared subscription: its members and the election of the one that gets a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/placement/ring.hpp"
#include "core/prefetch.hpp"
#include "core/queue/group_queue.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/strategy.hpp"

namespace shared_subscription {

struct Filter;
struct Subscription;
class Group;

/// One client's place in one group. What belongs to one class is in a struct of its own; what a
/// message that the client gets needs comes first.
struct Member {
    /// Its neighbours in the ring of its group (Ring).
    struct InRing {
        Member* after = nullptr;
        Member* before = nullptr;
    };
    /// What other access control has said (Elector).
    enum class Judgement : std::uint8_t {
        let_read,      ///< always, as far as it was asked
        was_refused,   ///< ... but for a message that it kept from the member; said in the log once
        refused_last,  ///< ... which was the last that it was asked about
    };
    /// How much of what has waited it has acknowledged (Deliveries).
    struct Pace {
        std::uint32_t episode = 0;   ///< Group::Pace; what follows is about that
        std::uint32_t released = 0;  ///< messages
    };

    Subscription* subscription;
    Group* group;
    std::uint32_t place = 0;  ///< in the order of joining; the group's to change
    SubscriptionOptions options{};
    bool paused = false;   ///< by an administrator: it gets nothing new
    bool stands = false;   ///< it has a leaf in the ring (Ring)
    bool returns = false;  ///< in RingChanges
    Judgement judgement = Judgement::let_read;
    std::uint32_t since = 0;       ///< when it joined, in seconds since 1970
    std::uint64_t called_in = 0;   ///< the last fan-out in which the broker asked for it
    std::uint64_t dispatched = 0;  ///< messages that it was given, since the last reset
    InRing in_ring{};
    std::uint64_t let_read_in = 0;  ///< the last fan-out in which others let it (Elector)
    Pace pace{};
    std::uint64_t joined = 0;  ///< when, by Registry::clock
};

/// What is known of a group's election in the current fan-out.
struct Election {
    std::uint64_t fan_out = 0;
    std::uint64_t decided_in = 0;  ///< `fan_out` once it is clear that all but the elected one lose
    Member* elected = nullptr;     ///< who should get the message; null: nobody can
    bool served = false;           ///< the elected one has got it
    bool waits = false;            ///< older messages come first: nobody gets it now
};

/// Members are owned by their subscriptions; they join and leave here. What each message needs
/// comes first.
class Group {
    Filter& filter_;
    std::vector<Candidate> candidates_;  // in the order of joining
    std::vector<Member*> members_;       // the same order
    std::unique_ptr<Chooser> chooser_;
    Strategy strategy_;

  public:
    /// Of the store (Journal).
    struct Saving {
        bool saved = false;    ///< something of it is there
        bool unsaved = false;  ///< something has changed since
    };

    bool declared = false;  ///< it is there without members, too
    Saving saving;
    std::uint32_t connected = 0;  ///< members of connected sessions

    /// So many bytes of it, from its beginning, have a part in each election.
    static constexpr std::size_t kElection = 4 * kCacheLine;

    Group(std::string name, Filter& filter, Strategy strategy, const RandomSource& random)
        : filter_(filter),
          chooser_(make_chooser(strategy, random)),
          strategy_(strategy),
          name_(std::move(name)) {}

    void join(Member& member, const Candidate& candidate);
    void leave(Member& member);

    void set_fitness(const Member& member, Candidate::Fitness fitness, std::size_t held_back = 0) {
        auto& candidate = candidates_[member.place];
        candidate.fitness = fitness;
        candidate.set_held_back(held_back);
    }
    void set_load(const Member& member, std::size_t messages) noexcept {
        candidates_[member.place].load = static_cast<std::uint32_t>(messages);
    }
    [[nodiscard]] Candidate::Fitness fitness(const Member& member) const noexcept {
        return candidates_[member.place].fitness;
    }
    /// Whether a member can take a message now.
    [[nodiscard]] bool has_ready() const noexcept;

    /// What `choose` looks at besides the group itself.
    [[gnu::always_inline]] void prefetch_candidates() const noexcept {
        prefetch(chooser_.get());
        prefetch(candidates_.data());
        prefetch(members_.data());
    }
    /// The member that should get the message, or null. Allocates nothing.
    [[nodiscard]] Member* choose(const Ballot& ballot);
    /// The same whatever the ring is: for what the broker does not hand to its first.
    [[nodiscard]] Member* choose_by_strategy(const Ballot& ballot) {
        const auto place = chooser_->choose(candidates_, ballot);
        return place == Chooser::kNobody ? nullptr : members_[place];
    }

    /// The member has got a message: the turn goes on.
    void served(const Member& member) {
        if (!placement.rotates) served_from_queue(member);
    }
    void served_from_queue(const Member& member) {
        chooser_->served(member.place, members_.size());
    }

    /// Turns begin anew.
    void set_strategy(Strategy strategy, const RandomSource& random) {
        chooser_ = make_chooser(strategy, random);
        strategy_ = strategy;
    }

    /// Whose turn it is next (round_robin), or who is the one (sticky); null: nobody's.
    [[nodiscard]] const Member* turn() const noexcept {
        if (placement.rotates) return ring.first();
        const auto place = chooser_->turn();
        return place < members_.size() ? members_[place] : nullptr;
    }
    void set_turn(const Member& member) { chooser_->set_turn(member.place); }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const Filter& filter() const noexcept { return filter_; }
    [[nodiscard]] Strategy strategy() const noexcept { return strategy_; }
    [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
    /// In the order of joining.
    [[nodiscard]] const std::vector<Member*>& members() const noexcept { return members_; }

    /// Where its members stand (RingChanges, Parking).
    struct Placement {
        bool rotates = false;    ///< the broker asks for the first in the ring alone
        bool unaligned = false;  ///< in RingChanges
        bool changes = false;    ///< in RingChanges
        /// The ring is more work than it saves; until a member joins or leaves.
        bool unsteady = false;
        std::uint32_t parked_count = 0;  ///< since the ring was formed
        std::uint32_t in_others = 0;     ///< members in other groups on the same filter, too
        std::uint32_t refused = 0;       ///< members that access control has kept a message from
    };
    /// How its queue goes out (Backlog).
    struct Draining {
        static constexpr auto kAll = std::numeric_limits<std::int64_t>::max();

        bool woken = false;        ///< in Registry::woken
        bool left_behind = false;  ///< those who are offline hold what was never sent to them
        /// 2.0: which of its members are there is to be found out before anything goes out again.
        bool probes = false;
        bool probing = false;  ///< a probe is under way
        /// How many more messages may go out again.
        std::uint32_t allowance = static_cast<std::uint32_t>(-1);
        /// If it probes: who joined later (Registry::clock) has no part in what waits ...
        std::uint64_t probe_since = 0;
        std::int64_t probe_until = kAll;  ///< ... if it is no later than this message

        void begin_probe(std::uint64_t since) noexcept {
            probes = true;
            probe_since = since;
        }
        /// Nothing is to be found out, or no more.
        void end_probe() noexcept {
            probes = false;
            probe_since = 0;
            probe_until = kAll;
        }
    };
    /// What its members have acknowledged while messages waited without a break (Deliveries).
    struct Pace {
        std::uint32_t episode = 1;       ///< counts those times
        std::uint32_t released = 0;      ///< messages, in this one
        std::uint32_t next_counted = 0;  ///< which member was asked about last
        bool is_counted = false;         ///< who holds how many of them is asked in the next round

        /// The member has acknowledged one.
        void count(Member& member) noexcept {
            auto& its = member.pace;
            if (std::exchange(its.episode, episode) != episode) its.released = 0;
            ++its.released;
            ++released;
        }
        void begin_episode() noexcept {
            if (std::exchange(released, 0) > 0) ++episode;
        }
    };
    /// What it had given when somebody looked last, or began (take_rate).
    struct Sample {
        std::int64_t at = 0;  ///< milliseconds of the clock of Engine::tick
        std::uint64_t dispatched = 0;
        std::uint32_t tenths = 0;  ///< of a message in a second, then
        bool is_first = true;      ///< nobody has looked yet
    };

    Election election;
    Placement placement;
    Ring ring;                     ///< of those who stand, if it rotates
    std::uint64_t dispatched = 0;  ///< messages given to members, since the last reset
    std::uint64_t dropped = 0;     ///< messages that no member got, since then
    GroupQueue queue;
    std::uint64_t held_in = 0;  ///< the last fan-out whose message may have to be queued (FanOut)
    std::uint64_t number = 0;   ///< counted in the order of creation; never used again
    Draining draining;
    Pace pace;
    Sample sample;
    std::uint32_t direct = 0;  ///< members that are direct (is_direct)
    /// When the first of these found nobody there (Registry::clock): the group may have ended
    /// before.
    std::uint64_t anew_since = 0;
    bool silent = false;  ///< the broker should have asked about others, and did not (Collector)

  private:
    std::string name_;
};

}  // namespace shared_subscription
