// Who is subscribed to what: sessions, their subscriptions, groups and their members.
//
// The broker's tree is the truth, this registry its forecast. A subscription is `present` once the
// broker is known to have it, and `doubtful` while only the broker knows (see Standing).
//
// Invariants:
//   1. A session exists only while it has a subscription; a filter only while it is somebody's; a
//   group only
//      while it has members.
//   2. Each member is in exactly one group and belongs to exactly one subscription of one session.
//   3. `groups()` has each group once.
//   4. `Group::connected` is how many of its members belong to connected sessions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/flow/given.hpp"
#include "core/model/filter_tree.hpp"
#include "core/model/group.hpp"
#include "core/model/statistics.hpp"
#include "core/prefetch.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {

struct Session;

/// Hash for string keys that are looked up by view, so that a look-up allocates nothing.
struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

template <class Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

enum class Standing : std::uint8_t {
    present,   ///< in the broker's tree
    doubtful,  ///< perhaps no longer there; the next fan-out on its filter shows it. Is not elected
               ///< before.
};

/// What a client has asked for, and others may have refused without a word.
enum class Request : std::uint8_t { none, subscribe, unsubscribe };

/// All that one client is subscribed to by one filter: on 2.0 one leaf in the broker's tree, on 2.1
/// one for each use.
struct Subscription {
    Session& session;
    Filter& filter;
    Standing standing = Standing::present;
    bool ordinary = false;          ///< subscribed without a group
    SubscriptionOptions options{};  ///< of that
    bool no_local = false;  ///< the broker does not ask for it when the client itself published
    Request pending = Request::none;  ///< not none: it is doubtful because of that
    std::uint64_t subscribed = 0;     ///< when the client did so last, by Registry::clock
    std::uint64_t called_in = 0;      ///< the last fan-out in which the broker asked for it
    std::vector<std::unique_ptr<Member>> members{};  ///< in the order of joining

    [[nodiscard]] std::size_t uses() const noexcept {
        return members.size() + (ordinary ? 1U : 0U);
    }
};

/// What was published to one client alone (2.1), as far as the broker has not written it.
struct SessionCopies {
    struct Copy {
        const void* address;  ///< of its properties (Broker::publish_to)
        std::uint8_t qos;
        Writing writing;
    };
    std::vector<Copy> expected{};  ///< in this turn
    std::vector<Copy> held{};      ///< the broker holds it back; in Session::held, too
};

/// One client, by its identifier. What each question about it needs comes first, in one line of the
/// processor's cache.
struct alignas(64) Session {
    Context context = nullptr;
    std::uint64_t fan_out =
        0;  ///< the last fan-out that asked for this client; what follows is about that one
    std::size_t calls = 0;        ///< how often it asked
    Member* sole = nullptr;       ///< its only subscription, if that is a membership like most
    Group* sole_group = nullptr;  ///< that member's
    /// Who was asked about after it the last time (Registry::find_next), while nobody has been
    /// erased since.
    Session* followed_by = nullptr;
    std::uint64_t followed_at = 0;  ///< Registry::erased_count
    /// The last period in which `context` was seen to be its own (Registry::next_verified).
    std::uint64_t verified_in = 0;

    // What a message that it gets needs, in two more.
    std::string id;
    std::uint64_t key;         ///< stable hash of the identifier
    bool got_message = false;  ///< the broker has been told to deliver
    bool connected = true;
    bool full = false;  ///< the broker drops what it is given (Deliveries)
    int protocol_version = 0;
    std::size_t member_count = 0;
    std::size_t written = 0;  ///< messages of its groups with QoS 1 or 2, since it connected
    std::size_t window = static_cast<std::size_t>(-1);  ///< as far as known: most in flight at once
    GivenList given{};

    bool may_outlive_restart = false;
    /// 2.0: its last connection has nothing left: its subscriptions are those of another, or gone.
    bool moved = false;
    std::uint64_t back_since = 0;  ///< Registry::clock; 0: since its first subscription
    bool restored = false;         ///< and not seen since: there is no connection yet
    bool uncertain = false;        ///< restored after a crash: its subscriptions may be others
    bool saved = false;            ///< something of it is in the store
    bool unsaved = false;          ///< something has changed since (Registry::unsaved_sessions)
    std::size_t parked = 0;        ///< memberships without a leaf (Parking)
    /// Messages that the broker holds back for it, as far as known, in the order in which they
    /// came: by the broker's topic, or as SessionCopies::Copy.
    std::vector<const void*> held{};
    std::unique_ptr<SessionCopies> copies{};  ///< null: none
    std::int64_t held_changed = 0;            ///< second of Deliveries::tick
    bool listed = false;                      ///< among the holders of Deliveries
    bool away = false;            ///< is looked after while it is offline (Engine::end_expired)
    bool leaves_nothing = false;  ///< to others: its last connection was kicked, or taken over
    bool said_too_many = false;   ///< the log says that it is in as many groups as it may be
    /// Where FanOut::leaf_at has found the last leaf of the client.
    struct LeafCursor {
        std::uint64_t fan_out = 0;
        std::uint32_t next = 0;   ///< which of the client's leaves comes after it
        std::uint32_t match = 0;  ///< of the filters that match
        std::uint32_t member = 0;

        [[nodiscard]] bool is_before(std::uint64_t in, std::size_t index) const noexcept {
            return fan_out == in && next == index;
        }
    };
    LeafCursor cursor{};

    std::vector<std::unique_ptr<Subscription>> subscriptions{};  ///< sorted by filter
};

/// A topic filter that somebody is subscribed to.
struct Filter {
    std::string text;
    std::uint64_t matched_in = 0;                ///< the last match that found it (FanOut)
    std::vector<std::unique_ptr<Group>> groups;  ///< sorted by name
    std::vector<Subscription*> subscriptions;
    std::size_t doubtful = 0;  ///< how many of them are
};

/// What a group is known by when it may be gone.
[[nodiscard]] GroupName name_of(const Group& group);

/// 2.1: whether the session of a client that is away has ended, which no event tells.
[[nodiscard]] bool has_expired(const Session& session, Broker& broker);

/// Names the strategy of each group.
class StrategyTable {
  public:
    explicit StrategyTable(Strategy fallback = Strategy::round_robin) : fallback_(fallback) {}
    /// False if the group has one already.
    bool set(std::string_view share_name, Strategy strategy) {
        return by_name_.emplace(share_name, strategy).second;
    }
    /// The same, whatever was set before.
    void replace(std::string_view share_name, Strategy strategy) {
        by_name_.insert_or_assign(std::string(share_name), strategy);
    }
    void set_fallback(Strategy strategy) noexcept { fallback_ = strategy; }
    [[nodiscard]] Strategy of(std::string_view share_name) const {
        const auto found = by_name_.find(share_name);
        return found == by_name_.end() ? fallback_ : found->second;
    }
    bool operator==(const StrategyTable&) const = default;

  private:
    Strategy fallback_;
    StringMap<Strategy> by_name_;
};

class Registry {
  public:
    Registry(StrategyTable strategies, RandomSource random)
        : strategies_(std::move(strategies)), random_(std::move(random)) {}

    /// One look-up; allocates nothing. Null: a client without subscriptions.
    [[nodiscard]] Session* find(std::string_view client_id) {
        const auto found = sessions_.find(client_id);
        return found == sessions_.end() ? nullptr : found->second.get();
    }
    /// The same where the broker asks about one client after the other, which it does in the same
    /// order for each message. An address may be another connection's by now: the identifier tells.
    [[nodiscard]] Session* find_next(const Client& client) {
        auto* next = predicted(client.context);
        if (next && is_same_text(next->id, client.id)) {
            verify(*next);
            return last_found_ = next;
        }
        auto* found = find(client.id);
        if (!found) return nullptr;
        if (found->context == client.context) verify(*found);
        follow(*found);
        return found;
    }
    /// The same for an address that has been seen to be that client's since `begin_period`; null:
    /// not seen yet, or somebody else comes next.
    [[nodiscard]] Session* next_verified(Context context) const noexcept {
        auto* next = predicted(context);
        return next && next->verified_in == period_ ? next : nullptr;
    }
    /// The same in any order, and where only the identifier (zero terminated) tells. Null: not seen
    /// yet.
    [[nodiscard]] Session* find_known(Context context, const char* client_id) noexcept {
        auto* known = predicted(context);
        if (!known) known = known_at(context);
        if (!known || known->context != context) return nullptr;
        const auto* next = known->followed_by;
        if (next) prefetch(next, 2 * kCacheLine);  // with its identifier
        if (known->verified_in != period_ && !is_same_text(known->id, client_id)) return nullptr;
        known->verified_in = mark_;
        return known;
    }
    /// It is the one that was asked about, after the one before: `find_next` notes that by itself.
    void follow(Session& found) noexcept {
        if (last_found_) {
            last_found_->followed_by = &found;
            last_found_->followed_at = erased_count_;
        }
        last_found_ = &found;
    }
    /// The same of what `next_verified` has found.
    void has_found(Session& session) noexcept {
        last_found_ = &session;
        prefetch(session.followed_by);  // many may be asked about, one after the other
    }
    /// A turn of the main loop begins: contexts are freed, and an address may be another
    /// connection's from now on.
    void begin_period() noexcept { mark_ = ++period_; }
    /// So it may where connections and subscriptions come and go.
    void break_period() noexcept {
        ++period_;
        if (mark_ > 0) mark_ = period_;
    }
    /// The session of that client, made if there is none; it must get a subscription.
    Session& session(std::string_view client_id);

    /// Null where the client is not subscribed by that filter. Allocates nothing.
    [[nodiscard]] static Subscription* find(const Session& session, const Filter& filter) noexcept;
    [[nodiscard]] Subscription* find(const Session& session,
                                     std::string_view filter) const noexcept;
    [[nodiscard]] static Member* find(const Subscription& subscription,
                                      std::string_view share_name) noexcept;

    /// Subscribes without a group, or changes that subscription.
    Subscription& subscribe(Session& session, std::string_view filter, Standing standing);
    /// Makes the client a member; nothing changes if it is one.
    Member& join(Session& session, std::string_view share_name, std::string_view filter,
                 Standing standing);

    void leave(Member& member);
    void unsubscribe_ordinary(Subscription& subscription);
    /// Forgets the subscription with all its uses, and the session if it was its last.
    void erase(Subscription& subscription);
    void erase(Session& session);

    void set_context(Session& session, Context context) noexcept;
    void set_connected(Session& session, bool connected);
    /// The broker asks about the client again.
    void note_return(Session& session) noexcept { session.back_since = ++clock_; }
    void set_full(Session& session, bool full);
    void set_paused(Member& member, bool paused);
    /// The broker holds a message back for it.
    void hold(Session& session, const void* address);
    /// It does so no more. False: it did not.
    bool release(Session& session, const void* address);
    void release_all(Session& session);
    void set_standing(Subscription& subscription, Standing standing);
    void set_standing(Session& session, Standing standing);
    void set_no_local(Subscription& subscription, bool no_local);

    /// Of all groups of that name, now and later; no name: of those that have none of their own.
    void set_strategy(std::optional<std::string_view> share_name, Strategy strategy);

    /// What the member's candidate says of it, from its session and subscription.
    [[nodiscard]] static Candidate::Fitness fitness(const Member& member) noexcept;
    /// Sets that.
    void refresh(const Member& member);

    /// What waits for the group may find somebody now.
    void wake(Group& group);
    /// The groups for which that holds; for `Backlog` to empty.
    [[nodiscard]] std::vector<Group*>& woken() noexcept { return woken_; }

    /// Groups of so many members rotate; 0: none.
    void let_rotate(std::size_t members);
    [[nodiscard]] bool shall_rotate(const Group& group) const noexcept;
    /// The first in its ring may not be the next.
    void note_unaligned(Group& group) {
        if (!std::exchange(group.unaligned, true)) unaligned_.push_back(&group);
    }
    /// It shall rotate, or no longer (shall_rotate): for the next TICK.
    void note_change(Group& group) {
        if (!std::exchange(group.changes, true)) changing_.push_back(&group);
    }
    [[nodiscard]] std::vector<Group*>& changing() noexcept { return changing_; }
    /// For `Parking` to put right. `returning`: parked members that can be next.
    [[nodiscard]] bool has_unaligned() const noexcept {
        return !unaligned_.empty() || !returning_.empty();
    }
    [[nodiscard]] std::vector<Group*> take_unaligned();
    [[nodiscard]] std::vector<Member*> take_returning();

    /// How many sessions have ended.
    [[nodiscard]] std::uint64_t erased_count() const noexcept { return erased_count_; }

    /// From now on what changes is noted for a store.
    void keep_journal() noexcept { has_journal_ = true; }
    [[nodiscard]] bool keeps_journal() const noexcept { return has_journal_; }
    /// The client's subscriptions have changed.
    void note(Session& session);
    /// The group's turn or queue has.
    void note(Group& group) {
        if (!has_journal_ || std::exchange(group.unsaved, true)) return;
        unsaved_groups_.push_back(&group);
    }
    /// By client identifier; the session may have ended.
    [[nodiscard]] std::vector<std::string>& unsaved_sessions() noexcept {
        return unsaved_sessions_;
    }
    /// The one that has waited longest first.
    [[nodiscard]] std::deque<Group*>& unsaved_groups() noexcept { return unsaved_groups_; }
    /// Those that were saved and have ended.
    [[nodiscard]] std::vector<GroupName>& ended_groups() noexcept { return ended_groups_; }

    /// The filters that match the topic, in the broker's order.
    void match(std::string_view topic, std::vector<Filter*>& filters) const {
        filters.clear();
        filters_.match(topic, [&filters](Filter& filter) { filters.push_back(&filter); });
    }
    [[nodiscard]] Group* find_group(std::string_view share_name,
                                    std::string_view filter) const noexcept;

    /// Changes whenever `match` may answer otherwise.
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
    /// For what comes before and after what: counts subscriptions, and clients that are back.
    [[nodiscard]] std::uint64_t clock() const noexcept { return clock_; }
    void count_on_from(std::uint64_t count) noexcept { clock_ = std::max(clock_, count); }
    [[nodiscard]] std::vector<Session*> all_sessions() const;
    /// By Group::number.
    [[nodiscard]] const std::map<std::uint64_t, Group*>& groups() const noexcept { return groups_; }
    /// Visits each group.
    [[nodiscard]] Census census() const noexcept;
    void reset_statistics() noexcept;
    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }
    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }

    Statistics statistics;
    std::size_t ring_count = 0;      ///< groups that rotate
    std::size_t doubtful_count = 0;  ///< subscriptions that are doubtful
    std::uint64_t fan_out = 0;       ///< the number of the last one
    /// Others are asked in the midst of an election: nothing may be erased until they have
    /// answered.
    bool asks_others = false;
    /// Is told of each member that has joined, and of each that is about to be gone; for the log.
    std::function<void(Member&, bool joins)> observer;

  private:
    /// Who followed the client that was asked about last, if that was this address.
    [[nodiscard]] Session* predicted(Context context) const noexcept {
        if (!last_found_ || last_found_->followed_at != erased_count_) return nullptr;
        auto* next = last_found_->followed_by;
        return next && next->context == context ? next : nullptr;
    }
    void verify(Session& session) noexcept {
        session.verified_in = mark_;
        known_at(session.context) = &session;
    }
    /// The session that was seen at that address last, or at another that shares its place.
    [[nodiscard]] Session*& known_at(Context context) noexcept {
        return by_address_[address_place(context, kAddressBits)];
    }
    void forget_address(Session& session) noexcept;
    Subscription& subscription(Session& session, std::string_view filter, Standing standing);
    void count_doubtful(Filter& filter, int change) noexcept;
    void count_shared_filter(const Subscription& subscription, const Member& member, bool joins);
    void refresh(const Session& session);
    void refresh(const Subscription& subscription);
    void forget(Session& session);
    void note_ring(const Member& member);

    StrategyTable strategies_;
    RandomSource random_;
    // Apart from the broker's heap, where it would grow among messages, leave holes, and have the
    // broker put its messages into those, which are in no cache.
    std::pmr::unsynchronized_pool_resource given_memory_{
        {.max_blocks_per_chunk = 0, .largest_required_pool_block = 16384}};
    StringMap<std::unique_ptr<Session>> sessions_;
    Session* last_found_ = nullptr;   // by find_next
    std::uint64_t erased_count_ = 0;  // sessions
    static constexpr int kAddressBits = 13;
    std::vector<Session*> by_address_ = std::vector<Session*>(std::size_t{1} << kAddressBits);
    std::uint64_t period_ = 1;
    std::uint64_t mark_ = 0;  // `period_`; 0 where no turns are shown: nothing is verified then
    FilterTree<Filter> filters_;
    std::vector<Group*> woken_;
    std::size_t rotates_from_ = 0;
    std::vector<Group*> unaligned_;
    std::vector<Group*> changing_;
    std::vector<Member*> returning_;
    bool has_journal_ = false;
    std::vector<std::string> unsaved_sessions_;
    std::deque<Group*> unsaved_groups_;
    std::vector<GroupName> ended_groups_;
    std::uint64_t version_ = 1;
    std::uint64_t clock_ = 0;
    std::map<std::uint64_t, Group*> groups_;
    std::uint64_t last_group_ = 0;
};

}  // namespace shared_subscription
