// What the core knows of the broker: values in, values out. No Mosquitto header is needed to read
// or test it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared_subscription/state.hpp"

namespace shared_subscription {

/// One connection of a client. Only ever compared, or handed back to the broker; never looked into.
using Context = const void*;

/// `==` for texts that nearly always are the same, without a call for each.
[[nodiscard]] inline bool is_same_text(std::string_view one, std::string_view other) noexcept {
    return one.size() == other.size() &&
           (one.empty() || std::memcmp(one.data(), other.data(), one.size()) == 0);
}

/// The same with a text of the broker's, zero terminated.
[[nodiscard]] inline bool is_same_text(const std::string& one, const char* other) noexcept {
    return std::strcmp(one.c_str(), other) == 0;
}

/// `to = from`, for texts whose lengths nearly always are the same.
inline void assign_text(std::string& to, std::string_view from) {
    if (to.size() != from.size()) to.resize(from.size());
    std::memcpy(to.data(), from.data(), from.size());
}

struct Client {
    Context context;
    std::string_view id;  ///< client identifier; valid during the call
};

/// A message as the broker shows it. All pointers are the broker's own and valid during the call.
/// The same message shows the same pointers each time, until the broker is done with it.
struct Message {
    std::string_view topic;  ///< `data()` is zero terminated
    const void* payload = nullptr;
    std::uint32_t payload_size = 0;  ///< bytes
    std::uint8_t qos = 0;
    bool retain = false;
    const void* properties =
        nullptr;  ///< the broker's property list; null: none, or not shown (2.0 in READ)
};

/// The same as it comes: what most questions are about is known without the length of its topic.
struct ShownMessage {
    const char* topic;  ///< zero terminated
    const void* payload;
    std::uint32_t payload_size;
    std::uint8_t qos;
    bool retain;
    const void* properties;

    [[nodiscard]] Message measured(std::size_t topic_size) const noexcept {
        return {.topic = {topic, topic_size},
                .payload = payload,
                .payload_size = payload_size,
                .qos = qos,
                .retain = retain,
                .properties = properties};
    }
};

[[nodiscard]] inline ShownMessage as_shown(const Message& message) noexcept {
    return {.topic = message.topic.data(),
            .payload = message.payload,
            .payload_size = message.payload_size,
            .qos = message.qos,
            .retain = message.retain,
            .properties = message.properties};
}

/// Of one use of a topic filter, as in SUBSCRIBE. In one word, as each member has one.
class SubscriptionOptions {
  public:
    /// `flags`: MQTT 5, 3.8.3.1, of which 2.0 shows only the QoS; Retain Handling is not kept.
    /// `identifier`: at most 268,435,455 (MQTT 5, 1.5.5); 0: none, or not shown (2.0).
    constexpr SubscriptionOptions(std::uint8_t flags = 0, std::uint32_t identifier = 0) noexcept
        : packed_(identifier << kFlagBits | (flags & kFlags)) {}

    [[nodiscard]] std::uint8_t flags() const noexcept { return packed_ & kFlags; }
    [[nodiscard]] std::uint32_t identifier() const noexcept { return packed_ >> kFlagBits; }
    [[nodiscard]] std::uint8_t qos() const noexcept { return packed_ & 0x03U; }
    [[nodiscard]] bool no_local() const noexcept { return (packed_ & 0x04U) != 0; }
    [[nodiscard]] bool retain_as_published() const noexcept { return (packed_ & 0x08U) != 0; }

  private:
    static constexpr int kFlagBits = 4;
    static constexpr std::uint8_t kFlags = (1U << kFlagBits) - 1;
    std::uint32_t packed_;
};

/// Properties that are kept beyond the call in which they were shown.
using KeptProperties = std::shared_ptr<const void>;

/// `subscribe` and `unsubscribe` are the broker's log types of these names.
enum class LogLevel : std::uint8_t { subscribe, unsubscribe, info, notice, warning, error };

/// What the core decides in a READ check.
enum class Answer : std::uint8_t {
    untouched,  ///< none of ours: as if the plugin were not there
    deny,       ///< another member's, or nobody's
    allow,      ///< this member's, and whoever else decides has been asked already
};

/// What other access control says.
enum class Verdict : std::uint8_t {
    allowed,
    denied,
    unknown,  ///< the broker cannot be asked; it will decide after us
};

/// How a message is to be written to a client (2.1, MESSAGE_OUT).
struct Writing {
    bool with_retain = false;  ///< the broker takes RETAIN from what a plugin publishes to a client
    bool without_properties = false;  ///< those that it has were only there to know it by
};

/// How the generations of the broker differ, as far as a rule depends on it.
struct BrokerTraits {
    /// 2.1: each membership of a client is a leaf of its own in the broker's tree. 2.0: all uses of
    /// one filter by one client share a leaf.
    bool separate_leaves = false;
    /// 2.1: the broker tells when a client connects, goes offline and ends. 2.0: only that a
    /// connection ended.
    bool announces_sessions = false;
    /// Whether all uses of this filter, or of the filters that match this topic, by one client
    /// share a leaf. 2.1 looks for share groups below the root of topics without `$` only
    /// (sub__topic_tokenise), so the others cannot have one.
    [[nodiscard]] bool merges_uses(std::string_view filter_or_topic) const noexcept {
        return !separate_leaves || filter_or_topic.starts_with('$');
    }

    /// 2.0 with `per_listener_settings`. From 2.0.15 on, which is known by its TICKs, such a broker
    /// denies clients that are offline everything before it asks a plugin, and does not report that
    /// they are back: their contexts have lost their listener (net__socket_close).
    bool has_listener_settings = false;
    /// A TICK has come: 2.0 under `per_listener_settings` had none before 2.0.15.
    bool ticks = false;
    /// The broker asks about nobody who is offline, nor says who is back.
    [[nodiscard]] bool passes_over_offline() const noexcept {
        return has_listener_settings && ticks;
    }

    /// 2.1: of how many members on the broker asks for one alone (Parking). 0: never.
    std::size_t rotates_from = 0;

    /// 2.0: who joins a group of so many members is a direct member: served by the plugin alone
    /// (`direct_filter`). 0: nobody.
    std::size_t direct_from = 0;

    /// `allow_duplicate_messages false`: a message goes to a client before MQTT 5 once, whatever it
    /// subscribed.
    bool removes_duplicates = false;
};

/// Where in the broker's tree the leaf of a membership stands (2.1).
enum class LeafKind : std::uint8_t {
    own,    ///< in a native share group of its own
    joint,  ///< in one with the others of its group, of which the broker asks for one at a time
};

/// What the core asks of the broker. Nothing here throws, but for memory.
class Broker {
  public:
    virtual ~Broker() = default;

    /// Queues a copy of the message; it is fanned out to all matching subscribers at the next round
    /// of the main loop.
    virtual void publish(const Message& message) = 0;

    /// Queues a copy of the message for this client alone, which gets it at the next round of the
    /// main loop whatever it is subscribed to: nobody is asked whether it may (single_publish,
    /// src/loop.c). `options`: of the subscription that it is for; see `outgoing_qos`.
    ///
    /// 2.1: the address of the properties with which the broker shows it from then on
    /// (Message::properties), no other message's as long as the client has not got it. Null on 2.0.
    virtual const void* publish_to(std::string_view client_id, const Message& message,
                                   const SubscriptionOptions& options) = 0;

    /// Keeps a copy of the properties; null where there are none or the broker cannot copy them.
    [[nodiscard]] virtual KeptProperties keep_properties(const void* properties) = 0;

    /// The same of a message that the broker holds for a client, as it was published: without what
    /// `publish_to` has added for its subscription.
    [[nodiscard]] virtual KeptProperties keep_published_properties(const void* properties) = 0;

    /// How much memory they take, about, in bytes; 0 where the broker does not show them.
    [[nodiscard]] virtual std::size_t size_of_properties(const void* properties) = 0;

    /// What access control other than this plugin says to the client reading the message. Allowed
    /// where nobody else decides.
    [[nodiscard]] virtual Verdict ask_others_to_read(Context context, const Message& message) = 0;
    /// The same of publishing it.
    [[nodiscard]] virtual Verdict ask_others_to_write(Context context, const Message& message) = 0;

    /// Whether there is other access control. Each message asks, so this is no call.
    [[nodiscard]] bool others_decide() const noexcept { return others_decide_; }
    void set_others_decide(bool others_decide) noexcept { others_decide_ = others_decide; }
    /// Whether it can be known who may read what: others can be asked, or nobody else decides.
    [[nodiscard]] bool can_judge() const noexcept { return !others_decide_ || can_ask_others(); }
    /// `upgrade_outgoing_qos`: the subscription alone says with which QoS a message reaches it.
    void set_upgrades_qos(bool upgrades_qos) noexcept { upgrades_qos_ = upgrades_qos; }
    [[nodiscard]] bool upgrades_qos() const noexcept { return upgrades_qos_; }
    /// With which QoS a message that was published with `qos` reaches the subscription
    /// (subs__send).
    [[nodiscard]] std::uint8_t outgoing_qos(std::uint8_t qos,
                                            const SubscriptionOptions& options) const noexcept {
        return upgrades_qos_ || options.qos() < qos ? options.qos() : qos;
    }

    /// Whether `ask_others_to_read` can know.
    [[nodiscard]] virtual bool can_ask_others() const noexcept = 0;

    /// How many subscriptions the connection holds in the broker's tree (2.0: held at some time).
    [[nodiscard]] virtual std::size_t subscription_count(Context context) = 0;

    /// 3, 4 or 5: MQTT 3.1, 3.1.1, 5.
    [[nodiscard]] virtual int protocol_version(Context context) = 0;

    /// 2.1: the context of that session, connected or not; null: there is none. 2.0 cannot tell:
    /// always null.
    [[nodiscard]] virtual Context find_session(std::string_view client_id) = 0;

    /// Whether the context is that of a connection, and no session that was restored without one.
    [[nodiscard]] virtual bool is_connection(Context context) = 0;

    /// Whether the session may outlive a restart of the broker.
    [[nodiscard]] virtual bool may_outlive_restart(Context context) = 0;

    /// 2.1: puts a leaf of a membership into the broker's tree, which does not store it. Not while
    /// a message is fanned out, as nothing of this kind.
    virtual void add_leaf(std::string_view client_id, const GroupName& group, LeafKind kind,
                          const SubscriptionOptions& options) = 0;

    /// 2.1: takes it out. False on 2.0, where no plugin can.
    [[nodiscard]] virtual bool remove_leaf(std::string_view client_id, const GroupName& group,
                                           LeafKind kind) = 0;

    /// 2.1: a leaf that matches nothing, for a session that has no other now (Parking).
    virtual void add_placeholder(std::string_view client_id) = 0;
    virtual void remove_placeholder(std::string_view client_id) = 0;

    /// 2.1: shows each message that the broker holds for the client, first those that have been
    /// written and not acknowledged, then those that wait behind them; `stays` says no to those
    /// that the broker shall give up. False where that cannot be asked, and nothing is shown.
    /// The broker gives no place in the in-flight window back for what it gives up of that.
    virtual bool visit_held(Context context, const std::function<bool(const Message&)>& stays) = 0;
    /// Whether it can be, of any client.
    [[nodiscard]] virtual bool can_visit_held() const noexcept = 0;

    /// 2.1: shows each message of QoS 2 that the broker has received from the client and whose
    /// PUBREL has not come. Shows nothing where that cannot be asked.
    virtual void visit_received(Context context,
                                const std::function<void(const Message&)>& see) = 0;

    /// Ends the client's connection. If its session goes on, each of its subscriptions is checked
    /// again before this returns.
    virtual void disconnect(std::string_view client_id) = 0;

    /// Seconds since 1970.
    [[nodiscard]] virtual std::int64_t now() = 0;

    /// The properties as values, and back.
    [[nodiscard]] virtual std::vector<SavedProperty> list_properties(const void* properties) = 0;
    [[nodiscard]] virtual KeptProperties make_properties(
        const std::vector<SavedProperty>& properties) = 0;

    /// 2.0: whether the session of a connection that was reported as disconnected has ended, or
    /// gone on in another. May only be asked in the TICK of each round of the main loop, from that
    /// of the report on, until it has: then the broker frees it.
    [[nodiscard]] virtual bool has_ended(Context context) = 0;

    virtual void log(LogLevel level, std::string_view text) = 0;

  private:
    bool others_decide_ = true;
    bool upgrades_qos_ = false;
};

}  // namespace shared_subscription
