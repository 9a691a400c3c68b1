// What the registry keeps of clients and of what they are subscribed to. A member's record and its
// group's are in group.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/flow/holding.hpp"
#include "core/model/group.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

struct Session;

inline constexpr auto kAnySize = static_cast<std::size_t>(-1);

enum class Standing : std::uint8_t {
    present,      ///< in the broker's tree
    unconfirmed,  ///< perhaps no longer there; the next fan-out on its filter shows it. Is not
                  ///< elected before.
};

/// What a client has asked for, and others may have refused without a word.
enum class Request : std::uint8_t {
    none,
    subscribing,  ///< in this very event: the broker cannot have the leaf yet
    subscribe,
    unsubscribe,
};

/// All that one client is subscribed to by one filter: on 2.0 one leaf in the broker's tree, on 2.1
/// one for each use.
struct Subscription {
    Session& session;
    Filter& filter;
    Standing standing = Standing::present;
    Request pending = Request::none;  ///< not none: it is unconfirmed because of that
    bool no_local = false;    ///< the broker does not ask for it when the client itself published
    bool non_shared = false;  ///< subscribed without a group
    SubscriptionOptions options{};  ///< of that
    std::uint64_t subscribed = 0;   ///< when the client did so last, by Registry::clock
    std::uint64_t called_in = 0;    ///< the last fan-out in which the broker asked for it
    std::vector<std::unique_ptr<Member>> members{};  ///< in the order of joining

    [[nodiscard]] std::size_t uses() const noexcept {
        return members.size() + (non_shared ? 1U : 0U);
    }
};

/// One client, by its identifier. What belongs to one class is in a struct of its own. What each
/// question about the client needs comes first, in one line of the processor's cache.
struct alignas(64) Session {
    /// What the broker has asked about the client (FanOut).
    struct Asked {
        std::uint64_t fan_out = 0;  ///< the last one; what follows is about that
        std::uint32_t calls = 0;    ///< how often it asked
        bool got_message = false;   ///< it has been told to deliver
    };
    /// Where the last leaf of the client was found (MatchedLeaves).
    struct LeafCursor {
        std::uint64_t fan_out = 0;
        std::uint32_t next = 0;   ///< which of the client's leaves comes after it
        std::uint32_t match = 0;  ///< of the filters that match
        std::uint32_t member = 0;

        [[nodiscard]] bool is_before(std::uint64_t in, std::size_t index) const noexcept {
            return fan_out == in && next == index;
        }
    };
    /// Who comes after it (AddressBook).
    struct Order {
        Session* followed_by = nullptr;  ///< the last time, while nobody has ended since
        std::uint64_t followed_at = 0;   ///< AddressBook::ended
        std::uint64_t verified_in = 0;   ///< the last period in which `context` was its own
    };
    /// What it was given, and whether it takes more (Deliveries, Holdings).
    struct Flow {
        HoldingList holdings{};
        std::size_t held = 0;         ///< by the broker, of all QoS 1 and 2 messages
        std::size_t others_held = 0;  ///< ... of these, such as are not among the holdings
        std::size_t next_held = 0;    ///< where the next that is written may be
        std::size_t copies = 0;       ///< holdings that were published to it alone in this round
        std::size_t window = 0;       ///< so many have been in flight at once
        std::size_t released = 0;     ///< of them so many are acknowledged, though not seen yet
        std::uint64_t asked_in = 0;   ///< the last round in which the broker was asked about it
        std::size_t most_held = kAnySize;  ///< more than so many for it the broker drops
        std::size_t largest_taken = 0;     ///< a message of so many bytes it has got for certain
        std::size_t too_large = kAnySize;  ///< ... and of so many it does not get
        std::int64_t held_changed = 0;     ///< second of Deliveries::tick
        /// The same: when it acknowledged something, or was given the first of what it holds.
        std::int64_t acknowledged = 0;
        bool is_window_known = false;  ///< the window was full once
        bool queue_full = false;       ///< the broker drops what it is given
        bool used_up = false;  ///< it has been given enough, by groups that have others, too
        bool silent = false;  ///< it has acknowledged nothing for long, so perhaps it collects them
        bool copied_to = false;  ///< since the last round
        bool listed = false;     ///< among the holders of Deliveries
    };
    /// What is known of its connection and its end (engine_sessions.cpp).
    struct Presence {
        std::uint64_t back_since = 0;  ///< Registry::clock; 0: since its first subscription
        bool may_outlive_restart = false;
        /// 2.0: its last connection has nothing left: its subscriptions are those of another, or
        /// gone.
        bool moved = false;
        bool restored = false;   ///< and not seen since: there is no connection yet
        bool uncertain = false;  ///< restored after a crash: its subscriptions may be others
        bool watched = false;    ///< while it is offline (Sessions::end_expired)
    };
    /// Of the store (Journal).
    struct Saving {
        bool saved = false;    ///< something of it is there
        bool unsaved = false;  ///< something has changed since
    };

    Context context = nullptr;
    Asked asked{};
    Member* sole = nullptr;       ///< its only subscription, if that is a membership like most
    Group* sole_group = nullptr;  ///< that member's
    Order order{};

    // What a message that it gets needs, in two more.
    std::string id;
    std::uint64_t key;  ///< stable hash of the identifier
    int protocol_version = 0;
    bool connected = true;
    std::size_t member_count = 0;
    Flow flow{};

    std::uint64_t moved_in = 0;  ///< the last fan-out when `context` changed

    Presence presence{};
    Saving saving{};
    std::size_t parked = 0;  ///< memberships without a leaf (Parking)
    LeafCursor cursor{};

    std::vector<std::unique_ptr<Subscription>> subscriptions{};  ///< sorted by filter
};

/// A topic filter that somebody is subscribed to.
struct Filter {
    std::string text;
    std::uint64_t matched_in = 0;                ///< the last match that found it (FanOut)
    std::vector<std::unique_ptr<Group>> groups;  ///< sorted by name
    std::vector<Subscription*> subscriptions;
    std::size_t unconfirmed = 0;  ///< how many of them are
};

/// Whether the plugin alone serves the member: the broker has it in its tree by a filter that
/// matches no topic (`direct_filter`).
[[nodiscard]] inline bool is_direct(const Member& member) noexcept {
    return &member.subscription->filter != &member.group->filter();
}

/// Whether the broker is sure to ask for the member, as far as is known.
[[nodiscard]] inline bool is_asked_for(const Member& member) noexcept {
    const auto& subscription = *member.subscription;
    return !is_direct(member) && subscription.session.connected &&
           subscription.standing == Standing::present;
}

/// The last fan-out in which the broker asked for the member. Where it is the client's only
/// subscription, only the client's may be noted (FanOut::loses_at_once).
[[nodiscard]] inline std::uint64_t asked_in(const Member& member) noexcept {
    const auto& session = member.subscription->session;
    return session.sole == &member ? session.asked.fan_out : member.called_in;
}

/// Whether a message of so many bytes is sure to get to the client: it has no Maximum Packet Size,
/// or one that is large enough, for no plugin is shown that.
[[nodiscard]] inline bool is_sure_to_take(const Session& session, std::size_t size) noexcept {
    constexpr std::size_t kTakenByAll = 100;
    return session.protocol_version < 5 || size <= kTakenByAll ||
           size <= session.flow.largest_taken;
}

/// What a group is known by when it may be gone.
[[nodiscard]] GroupName name_of(const Group& group);

}  // namespace shared_subscription
