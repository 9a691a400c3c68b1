// Which member of a group gets a message. The names are EMQX's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace shared_subscription {

/// The first three spread the load: what a member cannot take at once goes to whoever has room
/// first. The others keep to theirs until its queue is full.
enum class Strategy : std::uint8_t {
    round_robin,    ///< strict turns in the order of joining, whoever publishes
    random,         ///< each connected member with the same chance
    least_loaded,   ///< who has the fewest unacknowledged messages; in turn among those (2.1)
    sticky,         ///< one member until it leaves, then another
    hash_clientid,  ///< all messages of one publisher to one member
    hash_topic,     ///< all messages of one topic to one member
};

struct StrategyName {
    std::string_view name;
    Strategy strategy;
};

/// Every name that a configuration may use; the first six are the ones to recommend.
inline constexpr std::array<StrategyName, 8> kStrategyNames{{
    {"round_robin", Strategy::round_robin},
    {"random", Strategy::random},
    {"least_loaded", Strategy::least_loaded},
    {"sticky", Strategy::sticky},
    {"hash_clientid", Strategy::hash_clientid},
    {"hash_topic", Strategy::hash_topic},
    {"round_robin_per_group", Strategy::round_robin},
    {"local", Strategy::random},
}};

/// Whether it gives a message to whoever has room first.
[[nodiscard]] constexpr bool spreads_load(Strategy strategy) noexcept {
    return strategy <= Strategy::least_loaded;
}

/// The strategy of that name, or nothing.
[[nodiscard]] std::optional<Strategy> parse_strategy(std::string_view name) noexcept;

[[nodiscard]] std::string_view name_of(Strategy strategy) noexcept;

/// A uniformly distributed number. Comes from outside, so that tests can choose it.
using RandomSource = std::function<std::uint64_t()>;

/// What a strategy may know of a member.
struct Candidate {
    /// How well it can take the message; the fittest come first.
    enum class Fitness : std::uint8_t {
        unfit,        ///< cannot get it, or is offline
        full,         ///< it has been given enough, or the broker would drop it, but for QoS 0
        window_full,  ///< the broker would hold it back: the in-flight window is full
        ready,
    };

    std::uint64_t key = 0;  ///< stable hash of the client identifier
    Fitness fitness = Fitness::unfit;
    std::uint16_t held_back = 0;  ///< of one whose window is full: how many messages, or more
    std::uint32_t load = 0;       ///< messages that it has not acknowledged, as far as known

    void set_held_back(std::size_t messages) noexcept {
        constexpr std::size_t kMost = std::numeric_limits<std::uint16_t>::max();
        held_back = static_cast<std::uint16_t>(std::min(messages, kMost));
    }
};

/// What a strategy may know of a message.
struct Ballot {
    std::uint64_t publisher =
        0;  ///< stable hash of the publisher's client identifier; 0: no client published it
    std::uint64_t topic = 0;  ///< stable hash of the topic name
};

/// Chooses among the members of one group, which it knows by their place in the order of joining.
/// Allocates nothing after construction.
class Chooser {
  public:
    static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

    virtual ~Chooser() = default;

    /// The place of the member that should get the message, or kNobody if all are unfit. Changes no
    /// turn: asked twice for one message it may be asked with fewer or more fit candidates.
    [[nodiscard]] virtual std::size_t choose(std::span<const Candidate> candidates,
                                             const Ballot& ballot) = 0;

    /// The member at `place`, one of `count`, has got a message.
    virtual void served(std::size_t /*place*/, std::size_t /*count*/) {}

    /// The member at `place` has left; those behind it move up, `count` are left.
    virtual void left(std::size_t /*place*/, std::size_t /*count*/) {}

    /// What a restart must not change: the place that is next (round_robin) or the one (sticky).
    /// kNobody: nothing.
    [[nodiscard]] virtual std::size_t turn() const noexcept { return kNobody; }
    virtual void set_turn(std::size_t /*place*/) {}
};

/// `random` must outlive the chooser.
[[nodiscard]] std::unique_ptr<Chooser> make_chooser(Strategy strategy, const RandomSource& random);

}  // namespace shared_subscription
