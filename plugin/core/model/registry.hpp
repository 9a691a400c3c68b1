// Who is subscribed to what: sessions, their subscriptions, groups and their members.
//
// The broker's tree is the truth, this registry its forecast. A subscription is `present` once the
// broker is known to have it, and `unconfirmed` while only the broker knows (see Standing).
//
// Invariants:
//   1. A session exists only while it has a subscription; a filter only while it is somebody's; a
//      group only while it has members.
//   2. Each member is in exactly one group and belongs to exactly one subscription of one session.
//   3. `groups()` has each group once.
//   4. `Group::connected` is how many of its members belong to connected sessions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/address_book.hpp"
#include "core/model/filter_tree.hpp"
#include "core/model/journal.hpp"
#include "core/model/records.hpp"
#include "core/model/statistics.hpp"
#include "core/model/strategy_table.hpp"
#include "core/model/string_map.hpp"
#include "core/placement/ring_changes.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {

/// 2.1: whether the session of a client that is offline has ended, which no event tells.
[[nodiscard]] bool has_expired(const Session& session, Broker& broker);

class Registry {
    struct ByNumber {
        using is_transparent = void;
        static std::uint64_t number_of(std::uint64_t number) noexcept { return number; }
        static std::uint64_t number_of(const Group* group) noexcept { return group->number; }
        bool operator()(const auto& one, const auto& other) const noexcept {
            return number_of(one) < number_of(other);
        }
    };

    struct ByText {
        using is_transparent = void;
        static std::string_view text_of(std::string_view text) noexcept { return text; }
        static std::string_view text_of(const Filter* filter) noexcept { return filter->text; }
        bool operator()(const auto& one, const auto& other) const noexcept {
            return text_of(one) < text_of(other);
        }
    };

  public:
    using Groups = std::set<Group*, ByNumber>;
    using Filters = std::set<const Filter*, ByText>;

    Registry(StrategyTable strategies, RandomSource random)
        : strategies_(std::move(strategies)), random_(std::move(random)) {}

    /// One look-up; allocates nothing. Null: a client without subscriptions.
    [[nodiscard]] Session* find(std::string_view client_id) {
        const auto found = sessions_.find(client_id);
        return found == sessions_.end() ? nullptr : found->second.get();
    }
    /// The same where the broker asks about one client after the other (AddressBook).
    [[nodiscard]] Session* find_next(const Client& client) {
        if (auto* next = addresses.next(client)) return next;
        auto* found = find(client.id);
        if (found) addresses.note(*found, client.context);
        return found;
    }
    /// The session of that client, made if there is none; it must get a subscription.
    Session& session(std::string_view client_id);

    /// Null where the client is not subscribed by that filter. Allocates nothing.
    [[nodiscard]] static Subscription* find(const Session& session, const Filter& filter) noexcept;
    [[nodiscard]] Subscription* find(const Session& session,
                                     std::string_view filter) const noexcept;
    [[nodiscard]] static Member* find(const Subscription& subscription,
                                      std::string_view share_name) noexcept;

    /// The same of a client by its identifier; null where it has no session, too.
    [[nodiscard]] Subscription* find_subscription(std::string_view client_id,
                                                  std::string_view filter);
    [[nodiscard]] Member* find_member(std::string_view client_id, std::string_view share_name,
                                      std::string_view filter);

    /// Subscribes without a group, or changes that subscription.
    Subscription& subscribe(Session& session, std::string_view filter, Standing standing);
    /// Makes the client a member; nothing changes if it is one.
    Member& join(Session& session, std::string_view share_name, std::string_view filter,
                 Standing standing);
    /// The same of one that is direct, or becomes it.
    Member& join_directly(Session& session, const GroupName& group, Standing standing);

    /// The group is there from now on, whether it has members or not.
    Group& declare(const GroupName& name);
    /// No longer: it ends now if it has none. False: it was not declared.
    bool take_back_declaration(const GroupName& name);

    void leave(Member& member);
    void unsubscribe_non_shared(Subscription& subscription);
    /// Forgets the subscription with all its uses, and the session if it was its last.
    void erase(Subscription& subscription);
    void erase(Session& session);

    void set_context(Session& session, Context context) noexcept;
    void set_connected(Session& session, bool connected);
    /// The broker asks about the client again.
    void note_return(Session& session) noexcept { session.presence.back_since = ++clock_; }
    void set_queue_full(Session& session, bool full);
    void set_used_up(Session& session, bool used_up);
    void set_paused(Member& member, bool paused);
    /// The broker holds so many messages back for it.
    void set_held(Session& session, std::size_t messages);
    void set_standing(Subscription& subscription, Standing standing);
    void set_standing(Session& session, Standing standing);
    void set_no_local(Subscription& subscription, bool no_local);
    /// For whom so many are held back, another shall get the next, where the load is spread.
    void set_max_held_back(std::size_t messages) noexcept { max_held_back_ = messages; }

    /// Of all groups of that name, now and later; no name: of those that have none of their own.
    void set_strategy(std::optional<std::string_view> share_name, Strategy strategy);

    /// What the member's candidate says of it, from its session and subscription.
    [[nodiscard]] Candidate::Fitness fitness(const Member& member) const noexcept;
    /// Sets that.
    void refresh(const Member& member);

    /// What waits for the group may find somebody now.
    void wake(Group& group);
    /// The groups for which that holds; for `Backlog` to empty.
    [[nodiscard]] std::vector<Group*>& woken() noexcept { return woken_; }

    /// Groups of so many members rotate; 0: none.
    void let_rotate(std::size_t members);

    /// The filters that match the topic, in the broker's order.
    void match(std::string_view topic, std::vector<Filter*>& filters) const {
        filters.clear();
        filters_.match(topic, [&filters](Filter& filter) { filters.push_back(&filter); });
    }
    [[nodiscard]] Group* find_group(std::string_view share_name,
                                    std::string_view filter) const noexcept;
    /// By Group::number; null: it has ended.
    [[nodiscard]] Group* find_group(std::uint64_t number) const noexcept {
        const auto found = groups_.find(number);
        return found == groups_.end() ? nullptr : *found;
    }

    /// Changes whenever `match` may answer otherwise, and when a group is declared or gets its
    /// first direct member.
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
    /// For what comes before and after what: counts subscriptions, and clients that are back.
    [[nodiscard]] std::uint64_t clock() const noexcept { return clock_; }
    void count_on_from(std::uint64_t count) noexcept { clock_ = std::max(clock_, count); }
    [[nodiscard]] std::vector<Session*> all_sessions() const;
    /// By Group::number.
    [[nodiscard]] const Groups& groups() const noexcept { return groups_; }
    /// Visits each group.
    [[nodiscard]] Census census() const noexcept;
    /// `seconds`: as in Engine::tick. Rates of groups begin with the first time.
    void set_time(std::int64_t seconds) noexcept;
    void reset_statistics() noexcept;
    /// No member of the group got so many messages, or will.
    void count_dropped(Group& group, std::size_t messages = 1) noexcept {
        group.dropped += messages;
        statistics.dropped += messages;
    }
    [[nodiscard]] std::size_t group_count() const noexcept { return groups_.size(); }
    [[nodiscard]] std::size_t member_count() const noexcept { return member_count_; }
    /// What direct members are subscribed to: one filter for each group that has any.
    [[nodiscard]] const Filters& direct_filters() const noexcept { return direct_filters_; }
    /// Any group.
    [[nodiscard]] bool has_direct_members() const noexcept { return !direct_filters_.empty(); }
    [[nodiscard]] const Filter* find_filter(std::string_view text) const noexcept {
        return filters_.find(text);
    }
    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }

    AddressBook addresses;
    Journal journal;
    RingChanges rings;
    Statistics statistics;
    std::size_t declared_count = 0;     ///< groups that are declared
    std::size_t unconfirmed_count = 0;  ///< subscriptions that are unconfirmed
    /// Counts what may leave a group with nobody about whom the broker is sure to ask.
    std::uint64_t departures = 0;
    std::uint64_t fan_out = 0;  ///< the number of the last one
    std::int64_t now = 0;       ///< as of the last Engine::tick (set_time)
    /// Others are asked in the midst of an election: nothing may be erased until they have
    /// answered.
    bool asks_others = false;
    /// Is told of each member that has joined, and of each that is about to be gone; for the log.
    std::function<void(Member&, bool joins)> observer;

  private:
    Subscription& subscription(Session& session, std::string_view filter, Standing standing);
    void count_unconfirmed(Filter& filter, int change) noexcept;
    void count_shared_filter(const Subscription& subscription, const Member& member, bool joins);
    void refresh(const Session& session);
    void refresh(const Subscription& subscription);
    void forget(Session& session);
    [[nodiscard]] Filter& filter_of(std::string_view text);
    [[nodiscard]] Group& group_on(Filter& filter, std::string_view share_name);
    Member& join(Session& session, Subscription& joined, Filter& filter,
                 std::string_view share_name);
    [[nodiscard]] Filter& filter_of(const Group& group) noexcept {
        return *filters_.find(group.filter().text);
    }
    void end(Group& group, Filter& filter);
    void end_if_unused(Filter& filter);

    StrategyTable strategies_;
    RandomSource random_;
    std::size_t max_held_back_ = static_cast<std::size_t>(-1);
    // Apart from the broker's heap, where it would grow among messages, leave holes, and have the
    // broker put its messages into those, which are in no cache.
    std::pmr::unsynchronized_pool_resource holding_memory_{
        {.max_blocks_per_chunk = 0, .largest_required_pool_block = 16384}};
    StringMap<std::unique_ptr<Session>> sessions_;
    FilterTree<Filter> filters_;
    Filters direct_filters_;
    std::vector<Group*> woken_;
    std::uint64_t version_ = 1;
    std::uint64_t clock_ = 0;
    Groups groups_;
    std::uint64_t last_group_ = 0;
    std::size_t member_count_ = 0;  // of all groups
};

}  // namespace shared_subscription
