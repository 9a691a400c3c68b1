// The plugin without the broker: events in, answers out. One engine serves the whole process.
//
// Not thread safe: the broker calls all plugins on its one thread. Throws std::bad_alloc only.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/collector.hpp"
#include "core/delivery/fan_out.hpp"
#include "core/delivery/publications.hpp"
#include "core/events.hpp"
#include "core/flow/deliveries.hpp"
#include "core/model/admission.hpp"
#include "core/model/registry.hpp"
#include "core/queue/backlog.hpp"
#include "core/queue/leavers.hpp"
#include "core/sessions/roll_call.hpp"
#include "core/sessions/sessions.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {

enum class Unsubscribed : std::uint8_t {
    leaf_goes,    ///< the broker shall take away the client's leaf
    leaf_stays,   ///< the client's use is gone, but others share the leaf
    no_such_use,  ///< the client is not subscribed like that; a leaf it may have there is another
                  ///< use's
    unknown,      ///< nothing is known of a subscription by that filter: the broker's own business
};

/// What became of a declaration that was to be taken back.
enum class Deletion : std::uint8_t {
    done,
    not_declared,
    configured,  ///< by the configuration, which would declare it again
};

/// What became of a member that was to be removed.
enum class Removal : std::uint8_t {
    done,
    no_member,   ///< there is no such member
    is_offline,  ///< it has to be connected, or the broker would lose more
};

/// Whether a member gets messages now, and if not, why; the first that holds.
enum class MemberState : std::uint8_t {
    offline,  ///< not connected, or the broker has not shown yet that it has the subscription
    paused,   ///< by an administrator
    denied,   ///< access control did not let it read the last message that it was to get
    full,     ///< it has what it takes for now (2.1; 2.0 does not show that)
    active,
};

/// When the main loop should go round again, though nobody does anything.
enum class NextRound : std::uint8_t {
    any_time,
    in_a_second,  ///< something is to be verified
    at_once,      ///< something waits for it
};

class Engine {
  public:
    Engine(Broker& broker, BrokerTraits traits, StrategyTable strategies, RandomSource random)
        : broker_(broker),
          traits_(traits),
          registry_(std::move(strategies), std::move(random)),
          admission_(registry_, broker),
          holdings_(broker),
          deliveries_(registry_, holdings_, broker, traits.announces_sessions),
          restricted_(broker),
          backlog_(registry_, deliveries_, holdings_, restricted_, broker, traits_),
          leavers_(registry_, deliveries_, holdings_, backlog_, broker),
          collector_(registry_, publications_, backlog_, broker, traits_),
          parking_(registry_, broker),
          ghosts_(registry_, broker),
          unasked_(registry_, restricted_, backlog_, broker, traits_),
          fan_out_(registry_, publications_, deliveries_, restricted_, backlog_, parking_, ghosts_,
                   unasked_, broker, traits_),
          sessions_(registry_, publications_, deliveries_, holdings_, backlog_, parking_, ghosts_,
                    fan_out_, broker, traits_),
          roll_call_(registry_, restricted_) {
        set_removes_duplicates(traits.removes_duplicates);
        set_group_queue_limits({});
        registry_.observer = [this](Member& member, bool joins) { note(member, joins); };
    }

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// A SUBSCRIBE that the broker will carry out. `filter` is well-formed.
    /// `standing`: unconfirmed if the broker may yet refuse it. `may_be_direct`: the client can
    /// unsubscribe from `leaf_filter`.
    void subscribe(const Client& client, const SubscriptionFilter& filter,
                   const SubscriptionOptions& options, Standing standing = Standing::present,
                   bool may_be_direct = true);

    /// An UNSUBSCRIBE that the broker will carry out. `certain`: nobody else can refuse it.
    [[nodiscard]] Unsubscribed unsubscribe(const Client& client, const SubscriptionFilter& filter,
                                           bool certain);

    /// As Admission.
    [[nodiscard]] bool may_join(const Client& client, const SubscriptionFilter& group) {
        return admission_.may_join(client, group);
    }

    /// Whether the client is a member of that group, as far as known.
    [[nodiscard]] bool is_member(const Client& client, const SubscriptionFilter& group) {
        return registry_.find_member(client.id, group.share_name, group.topic_filter) != nullptr;
    }

    /// 2.0: by which filter the broker shall have the subscription, or has it: that of the group,
    /// or for a direct member another.
    [[nodiscard]] std::string leaf_filter(const Client& client, const SubscriptionFilter& filter);

    /// 2.1: which leaf stands for the members of that group.
    [[nodiscard]] LeafKind leaf_kind(const SubscriptionFilter& filter) const noexcept {
        const auto* group = registry_.find_group(filter.share_name, filter.topic_filter);
        return group && group->placement.rotates ? LeafKind::joint : LeafKind::own;
    }

    /// 2.1: a kick has the client's subscriptions checked again. Those that have no leaf end unless
    /// `may_stay(const GroupName&)`. False: there are none any more.
    bool check_parked(const Client& client, const std::function<bool(const GroupName&)>& may_stay);

    /// READ: may this leaf of the client get the message? Allocates nothing once warm.
    [[nodiscard]] Answer may_read(const Client& client, const Message& message);
    /// The same where nothing out of the ordinary goes on, which can be told without the lengths of
    /// identifier (zero terminated) and topic. Nothing: ask `may_read`.
    [[nodiscard]] std::optional<Answer> may_read_at_once(Context context, const char* client_id,
                                                         const ShownMessage& message) {
        auto* session =
            is_undisturbed() ? registry_.addresses.find_known(context, client_id) : nullptr;
        if (!session) return {};
        const auto answer = fan_out_.ask_at_once(*session, message);
        if (answer) registry_.addresses.follow(*session);
        return answer;
    }
    /// The same where it is no. False: ask one of the others.
    [[nodiscard]] bool loses_at_once(Context context, const ShownMessage& message) noexcept {
        if (!fan_out_.shows_again(message)) return false;
        auto* session = registry_.addresses.next_verified(context);
        if (!session || !fan_out_.loses_at_once(*session)) return false;
        registry_.addresses.has_found(*session);
        return true;
    }
    /// No group has anything to do with what the broker asks.
    [[nodiscard]] bool is_idle() const noexcept {
        return registry_.group_count() == 0 && !fan_out_.is_open() && restricted_.empty() &&
               !publications_.await_release();
    }

    /// WRITE: the client, or its will, publishes. False: to be refused.
    [[nodiscard]] bool may_write(const Client& client, const Message& message);
    /// The same where it may, and the connection published last as well. False: ask `may_write`.
    [[nodiscard]] bool may_write_at_once(Context context, const char* topic);

    /// MESSAGE: a publish was received. False: to be refused.
    [[nodiscard]] bool receive(const Client& client, const Message& message);
    /// The same straight after its WRITE check. False: ask `receive`.
    [[nodiscard]] bool receive_at_once(Context context, const ShownMessage& message) {
        return !fan_out_.has_to_foresee() && !collector_.may_want(message.topic) &&
               !registry_.rings.has_unaligned() && publications_.receive_at_once(context, message);
    }

    /// 2.1 CONNECT: a new connection, with or without a session from before.
    void connected(const Client& client);
    /// 2.1 CLIENT_OFFLINE: the connection ended, the session stays.
    void offline(const Client& client);
    /// 2.1 DISCONNECT: the session ended, or goes on in another connection that is about to be
    /// announced.
    void ended(const Client& client, bool taken_over);
    /// 2.0 DISCONNECT: the connection ended, the session perhaps. `clean`: it began with Clean
    /// Session / Clean Start.
    void disconnected(const Client& client, bool clean);

    /// 2.1 MESSAGE_OUT: a message is written to the client, as the broker shows it.
    [[nodiscard]] Writing sent(const Client& client, const Message& message) {
        backlog_.note_written(client.id, message);
        const auto writing = deliveries_.sent(client, message);
        if (auto* group = deliveries_.take_released()) backlog_.refill(*group);
        return writing;
    }
    /// The same where it can be told without the client's identifier. False: it cannot.
    [[nodiscard]] bool sent_at_once(Context context, const char* topic) {
        return registry_.asks_others || deliveries_.sent_at_once(context, topic);
    }

    /// A round of the main loop is over, or begins. `now`: seconds of any clock that only goes
    /// forward. Returns when the next should come.
    NextRound tick(std::int64_t now);

    /// The broker's `max_queued_messages`; 0: unlimited. `is_all`: nothing else limits what it
    /// holds for a client.
    void set_queue_limit(std::size_t messages, bool is_all = true) noexcept {
        deliveries_.set_queue_limit(messages);
        fan_out_.set_holds_back(is_all || !traits_.announces_sessions);
        if (!traits_.announces_sessions) backlog_.set_burst(messages / 2);
    }

    /// Of who may join.
    void set_membership_limits(const MembershipLimits& limits) noexcept {
        admission_.set_limits(limits);
    }

    /// Of the groups' own queues.
    void set_group_queue_limits(const QueueLimits& limits) noexcept {
        backlog_.set_limits(limits);
        deliveries_.set_max_held_back(limits.held_back);
        // 2.0 does not show what it holds back.
        if (traits_.announces_sessions) registry_.set_max_held_back(limits.held_back);
    }

    /// Whether others get what a member leaves behind when its session ends. Nothing where the
    /// broker cannot be asked what that is.
    void set_redispatch(bool redispatches) noexcept { backlog_.set_redispatch(redispatches); }

    /// As BrokerTraits::removes_duplicates: the broker has read its configuration again.
    void set_removes_duplicates(bool removes) {
        traits_.removes_duplicates = removes;
        let_rotate();
    }

    /// The group collects messages from now on, whether it has members or not.
    void declare(const GroupName& name) {
        registry_.declare(name);
        configured_.push_back(name);
    }

    // What administrators do; each may come between any two events.

    /// The same; it outlives a restart like memberships.
    void declare_group(const GroupName& name);
    /// Back to a group that is there while it has members. What waits for it goes where it has
    /// none.
    [[nodiscard]] Deletion delete_group(const GroupName& name);

    /// Of all groups of that name, now and later; no name: of those that have none of their own.
    /// What was set outlives a restart like memberships.
    void set_strategy(std::optional<std::string_view> share_name, Strategy strategy);
    /// Whether the broker shows what the strategy goes by.
    [[nodiscard]] bool can_use(Strategy strategy) const noexcept {
        return traits_.announces_sessions || strategy != Strategy::least_loaded;
    }
    /// A paused member keeps what it has and gets nothing new. False: there is no such member.
    [[nodiscard]] bool set_paused(const GroupName& group, std::string_view client_id, bool paused);
    /// The client is a member no more. Where the broker lets no plugin take a subscription out
    /// (2.0), its connection ends with it.
    [[nodiscard]] Removal remove_member(const GroupName& group, std::string_view client_id);
    /// Whether the broker is checking a subscription that `remove_member` takes out: to be denied.
    [[nodiscard]] bool is_removing(const Client& client, std::string_view filter) const noexcept {
        return removing_ && removing_->client_id == client.id && removing_->filter == filter;
    }
    void reset_statistics() noexcept { registry_.reset_statistics(); }
    [[nodiscard]] MemberState state_of(const Member& member) const noexcept;

    /// Whatever happened before is complete. To be called before the last `take_changes`.
    void conclude();

    /// Before anything else: what was saved when the broker stopped. The sessions that the broker
    /// has restored are members again, the others end, as far as the broker tells. From now on what
    /// changes is kept for `take_changes`.
    void restore(const State& state);
    /// The broker restores no sessions: none is left.
    void forget_restored();
    /// What has changed since the last time; of groups and of their messages no more than that.
    [[nodiscard]] Changes take_changes(std::size_t groups, std::size_t messages);
    [[nodiscard]] bool has_changes() noexcept;
    /// What was saved is lost: all is to be saved again.
    void forget_saved();
    [[nodiscard]] bool has_changed_memberships() noexcept {
        return !registry_.journal.sessions().empty();
    }

    [[nodiscard]] const Registry& registry() const noexcept { return registry_; }

  private:
    /// A retained message that is replayed to a client, straight after its SUBSCRIBE.
    struct Replay {
        Context context = nullptr;
        bool shared = false;
        std::string filter{};
        const char* topic = nullptr;  // the last one's address
    };
    struct Removing {
        std::string client_id;
        std::string filter;
    };
    struct ExpectedLeaf {
        std::string client_id{};  // empty: none
        std::string filter{};
        std::size_t count = 0;  // of the client's leaves before
        bool has_gaps = false;  // ... of which some may be gone, or are not known
    };
    /// What the broker reported while others were asked.
    struct Interruption {
        Event event;
        Context context;
        std::string id;
        bool taken_over = false;  // of `ended`
        bool clean = false;
    };

    /// The event has come: what it ends is concluded, and what it allows is done.
    template <Event event>
    void begin() {
        constexpr auto rule = rule_of(event);
        if constexpr (rule.moves_addresses) registry_.addresses.break_period();
        conclude();
        if constexpr (rule.may_publish) publish_what_waits();
        if constexpr (rule.may_place) parking_.align();
    }
    void publish_what_waits() {
        // Where 2.0 has TICKs, the broker drains what they publish before anything else; where it
        // has none, each event begins a round.
        const bool may_publish = traits_.announces_sessions || !traits_.ticks;
        if (!traits_.ticks) backlog_.begin_round();
        if (may_publish && !registry_.woken().empty()) backlog_.drain(!traits_.ticks);
    }
    /// 2.0 without TICKs: nothing else may come for long.
    void publish_at_last_chance() {
        if (!traits_.announces_sessions && !traits_.ticks) publish_what_waits();
    }
    [[nodiscard]] static bool is_known_connection(const Session* session,
                                                  const Client& client) noexcept {
        return session && session->context == client.context;
    }
    /// No client is in the middle of a SUBSCRIBE or of resuming its session, nor is the core.
    [[nodiscard]] bool is_undisturbed() const noexcept {
        return !replay_.context && !sessions_.is_anybody_resuming() && restricted_.empty() &&
               !registry_.asks_others;
    }
    /// Whether the broker's leaf goes with one of the subscription's uses.
    [[nodiscard]] bool leaf_goes(const Subscription& subscription) const noexcept {
        return subscription.uses() == 1 || !traits_.merges_uses(subscription.filter.text);
    }
    /// A member has joined, or leaves.
    void note(Member& member, bool joins);
    /// An administrator has set it.
    void note(SavedStrategy strategy);
    /// A copy for one client reaches it only where it stands with a leaf of its own. Of a ring, the
    /// broker asks for the first alone.
    void let_rotate() {
        const bool may_rotate = !traits_.removes_duplicates && broker_.can_judge();
        registry_.let_rotate(may_rotate ? traits_.rotates_from : 0);
    }
    [[nodiscard]] bool is_replay(const Client& client, const Message& message);
    /// It begins with the prefix of a group.
    [[nodiscard]] bool is_for_nobody(const Client& client, std::string_view topic) {
        return topic.starts_with('$') && is_misdirected(client, topic);
    }
    [[nodiscard]] bool is_misdirected(const Client& client, std::string_view topic);
    /// A client is asked about while others are.
    [[nodiscard, gnu::cold]] Answer may_read_meanwhile(const Client& client);
    /// Nothing may end now, so it will be done later.
    [[nodiscard, gnu::cold]] bool is_put_off(Event event, const Client& client,
                                             bool taken_over = false, bool clean = false);
    /// 2.1: what the session holds is known (Sessions::keep_messages).
    template <Event event>
    void end_connection(const Client& client, bool taken_over = false);
    [[gnu::cold]] void catch_up();
    void restore_strategies(const std::vector<SavedStrategy>& strategies);
    void settle_restored(bool is_last_chance);
    void settle_restored(Session& session, Context context);
    void undo_kick_checks(const Client& client, const std::vector<std::string>& filters);
    /// The client subscribes anew by a filter that it has unsubscribed from.
    void end_left(const Client& client, std::string_view filter);
    /// Whether who joins that group now is a direct member.
    [[nodiscard]] bool joins_directly(const SubscriptionFilter& filter) const;
    Subscription& join(Session& session, const SubscriptionFilter& filter,
                       const SubscriptionOptions& options, Standing standing, bool may_be_direct);
    Subscription& subscribe_non_shared(Session& session, std::string_view filter,
                                       const SubscriptionOptions& options, Standing standing);
    /// Others may refuse what the client asks for: whether it has the leaf shows in the next event.
    void expect_leaf(const Session& session, Subscription& subscription);
    void look_for_leaf();

    Broker& broker_;
    BrokerTraits traits_;
    Registry registry_;
    Admission admission_;
    Publications publications_;
    Holdings holdings_;
    Deliveries deliveries_;
    RestrictedFanOuts restricted_;
    Backlog backlog_;
    Leavers leavers_;
    Collector collector_;
    Parking parking_;
    Ghosts ghosts_;
    Unasked unasked_;
    FanOut fan_out_;
    Sessions sessions_;
    RollCall roll_call_;
    Replay replay_;
    Context rechecking_ =
        nullptr;  // 2.0: whose subscriptions a kick may be checking (undo_kick_checks)
    std::vector<std::string> rechecked_;  // filters of non-shared uses that began like that
    std::vector<Interruption> interruptions_;
    std::vector<std::string> restored_;   // 2.1: sessions that the broker has not shown yet
    std::vector<std::int64_t> orphaned_;  // saved messages of groups that are gone
    ExpectedLeaf expected_leaf_;
    std::optional<Removing> removing_;
    std::vector<SavedStrategy> set_strategies_;  // by administrators, now or before a restart
    std::vector<SavedStrategy> unsaved_strategies_;
    std::vector<GroupName> configured_;               // groups that the configuration declares
    std::vector<GroupName> declared_;                 // ... and administrators, now or before
    std::vector<SavedDeclaration> unsaved_declared_;  // what they have changed
    bool said_prefix_ = false;
    bool said_lost_ = false;
};

}  // namespace shared_subscription
