// A broker as small as the engine allows, in both generations: connections and sessions, leaves,
// fan-outs in the broker's order, and the queue of what plugins publish. The names in comments are
// functions of Mosquitto that behave like that.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "generations.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {

class SmallBroker final : public Broker {
  public:
    struct ConnectOptions {
        int protocol = 5;
        bool persistent = false;  ///< resumes the session and outlives the connection
        bool websocket = false;   ///< 2.0: the one that it takes over is reported a turn late
        std::size_t receive_maximum = 0;  ///< of a client that withholds acknowledgements; 0: any
        std::size_t largest = 0;          ///< payload that it takes, in bytes; 0: any
        std::size_t queue = 0;  ///< messages that are held back for it; more are dropped; 0: any
    };
    struct Outgoing {
        std::string topic;
        std::string payload;
        std::uint8_t qos = 1;
        bool retain = false;
    };

    explicit SmallBroker(BrokerTraits traits, Strategy strategy = Strategy::round_robin);

    // What clients do. All but `connect` need a connection.
    void connect(const std::string& id, ConnectOptions options);
    void connect(const std::string& id) { connect(id, {}); }
    /// The connection ends.
    void drop(const std::string& id);
    /// False: refused.
    bool subscribe(const std::string& id, const std::string& filter, std::uint8_t qos = 1,
                   bool no_local = false);
    Unsubscribed unsubscribe(const std::string& id, const std::string& filter);
    /// QoS 2: until PUBREC. False: refused.
    bool publish(const std::string& id, const Outgoing& message);
    /// Other access control refuses it, after the plugin.
    void publish_in_vain(const std::string& id, const std::string& topic);
    /// The same from a bridge that the broker opened: nobody is asked whether it may.
    void publish_by_bridge(const std::string& id, const Outgoing& message);
    /// The oldest QoS 2 message that the client has not released, once more.
    void publish_again(const std::string& id);
    /// PUBREL for the oldest QoS 2 message of the client.
    void release(const std::string& id);
    /// The client keeps what it is sent in flight, as its PUBACK is missing.
    void withhold_acknowledgements(const std::string& id) { find(id).withholds = true; }
    /// The oldest of those; the next is sent that had to wait.
    void acknowledge(const std::string& id);
    /// The payloads of what it has been sent and has not acknowledged.
    [[nodiscard]] std::vector<std::string> unacknowledged(const std::string& id);
    /// So many, or as many as it has in flight now.
    void acknowledge_some(const std::string& id, int most);

    /// The broker stops and starts again: what is persistent is there again, as far as it saved
    /// that; the engine is a new one, and has what was saved of the old.
    void restart(bool in_order);
    /// The broker saves its state, as it does now and then, and when it stops in order.
    void save();
    /// What the engine has changed is saved, too.
    void save_engine();

    // What others do.
    void kick(const std::string& id);  ///< mosquitto_kick_client_by_clientid
    /// Nobody knows why.
    void lose_leaves(const std::string& id) { remove_leaves(find(id)); }
    /// The session of a client that is offline ends.
    void expire(const std::string& id) { disuse(id); }
    /// What the broker publishes when the connection ends without DISCONNECT.
    void set_will(const std::string& id, const Outgoing& will) { find(id).will = will; }
    void publish_by_plugin(const Outgoing& message) { plugin_queue_.push_back({{}, message}); }
    void turn();          ///< the main loop goes round
    void free_disused();  ///< a part of that
    void settle();        ///< until nothing waits

    /// The access control behind the plugin: whether the client may read the topic.
    using Others = std::function<bool(const std::string& client, const std::string& topic)>;
    void set_others(Others others) {
        others_allow_ = std::move(others);
        set_others_decide(true);
    }
    bool exports_acl_check = true;  ///< mosquitto_acl_check
    /// Where it is not, others refuse what clients ask for by these filters, and nobody tells.
    std::vector<std::string> refused_filters{};

    /// The payloads that the client was sent since the last time.
    std::vector<std::string> take(const std::string& id);
    std::vector<std::size_t> take_counts(const std::vector<std::string>& ids);
    std::vector<std::string> log_lines{};
    std::vector<std::string> membership_lines{};  ///< at the log types subscribe and unsubscribe
    int copies = 0;                               ///< published by the engine, but roll calls
    int copies_to_all = 0;                        ///< ... of these, to everybody
    int roll_calls = 0;
    int turns_in_a_second = 1;
    QueueLimits queue_limits{};          ///< after the next restart
    bool redispatches = false;           ///< the same
    std::int64_t clock = 1'000'000'000;  ///< seconds since 1970

    // Broker
    void publish(const Message& message) override;
    const void* publish_to(std::string_view client_id, const Message& message,
                           const SubscriptionOptions& options) override;
    [[nodiscard]] bool can_ask_others() const noexcept override { return exports_acl_check; }
    [[nodiscard]] KeptProperties keep_properties(const void* properties) override;
    [[nodiscard]] std::size_t size_of_properties(const void* properties) override;
    [[nodiscard]] Verdict ask_others_to_read(Context context, const Message& message) override;
    [[nodiscard]] Verdict ask_others_to_write(Context /*context*/,
                                              const Message& /*message*/) override {
        if (!exports_acl_check) return Verdict::unknown;
        return publishes_in_vain_ ? Verdict::denied : Verdict::allowed;
    }
    [[nodiscard]] std::size_t subscription_count(Context context) override;
    [[nodiscard]] int protocol_version(Context context) override;
    [[nodiscard]] Context find_session(std::string_view client_id) override;
    [[nodiscard]] bool is_connection(Context context) override;
    [[nodiscard]] bool may_outlive_restart(Context context) override;
    void add_leaf(std::string_view client_id, const GroupName& group, LeafKind kind,
                  const SubscriptionOptions& options) override;
    [[nodiscard]] bool remove_leaf(std::string_view client_id, const GroupName& group,
                                   LeafKind kind) override;
    void add_placeholder(std::string_view client_id) override;
    void remove_placeholder(std::string_view client_id) override;
    bool visit_held(Context context, const std::function<bool(const Message&)>& stays) override;
    [[nodiscard]] bool can_visit_held() const noexcept override { return is_2_1(); }
    void visit_received(Context context, const std::function<void(const Message&)>& see) override;
    [[nodiscard]] KeptProperties keep_published_properties(const void* /*properties*/) override {
        return nullptr;
    }
    void disconnect(std::string_view client_id) override { kick(std::string(client_id)); }
    [[nodiscard]] std::int64_t now() override { return clock; }
    [[nodiscard]] std::vector<SavedProperty> list_properties(const void* properties) override;
    [[nodiscard]] KeptProperties make_properties(
        const std::vector<SavedProperty>& properties) override;
    [[nodiscard]] bool has_ended(Context context) override;
    void log(LogLevel level, std::string_view text) override;

  private:
    [[nodiscard]] bool refuses(const std::string& filter) const {
        return std::ranges::find(refused_filters, filter) != refused_filters.end();
    }
    /// mosquitto__base_msg
    struct Stored {
        Outgoing message;
        std::string source{};
        std::vector<std::string> reached{};  // dest_ids
        std::shared_ptr<int> properties{};   // known by their address only
    };
    using StoredPointer = std::shared_ptr<Stored>;
    [[nodiscard]] StoredPointer store(Stored stored) {
        return std::allocate_shared<Stored>(std::pmr::polymorphic_allocator<>(&memory_),
                                            std::move(stored));
    }
    /// mosquitto__client_msg
    struct Held {
        StoredPointer stored;
        bool was_sent;
        bool is_acknowledged_soon = false;  ///< between this round and the next
    };
    /// struct mosquitto
    struct Connection {
        std::string id;
        int protocol = 5;
        bool persistent = false;
        bool online = true;
        bool was_online = true;  // since the broker started
        bool has_listener = true;
        bool withholds = false;
        std::size_t receive_maximum = 0;
        std::size_t largest = 0;
        std::size_t queue = 0;
        bool disused = false;   // freed in the next turn
        std::size_t slots = 0;  // of subs: 2.0 never makes them fewer
        std::size_t gaps = 0;   // ... but has some without a leaf
        std::vector<Held> held{};
        std::deque<StoredPointer> incoming{};
        std::optional<Outgoing> will{};
    };
    struct Leaf {
        Connection* owner;
        std::string filter;
        std::string share;      // 2.1: of a native share group
        bool is_joint = false;  // ... with others
        std::uint8_t qos = 0;
        bool no_local = false;
        int entry = 0;  // in a share group: which came first on its filter
    };

    [[nodiscard]] bool is_2_1() const noexcept { return traits_.separate_leaves; }
    [[nodiscard]] Connection& find(const std::string& id) { return *sessions_.at(id); }
    [[nodiscard]] static Client client_of(const Connection& connection) {
        return {.context = &connection, .id = connection.id};
    }
    [[nodiscard]] static Message shown(const Stored& stored);
    [[nodiscard]] Leaf leaf_for(Connection& owner, const SubscriptionFilter& filter);
    void add(Leaf leaf);
    void remove(const Leaf& like);
    void rotate(const Leaf& asked);
    [[nodiscard]] Leaf* find_leaf(const Leaf& like);
    void remove_leaves(Connection& owner);
    [[nodiscard]] bool show_received(Connection& publisher, const StoredPointer& stored);
    void resume(Connection& from, Connection& to);
    void report_end(Connection& connection, bool stays, bool taken_over);
    void send_will(Connection& connection);
    void disuse(const std::string& id);
    /// Whether plugins are asked about it, and told.
    [[nodiscard]] bool is_shown(const Connection& connection) const noexcept {
        return connection.has_listener || !traits_.has_listener_settings;
    }
    [[nodiscard]] bool may_read(Connection& reader, const Stored& stored);
    void fan_out(const StoredPointer& stored);
    void offer(const Leaf& leaf, const StoredPointer& stored);
    void insert(Connection& receiver, const StoredPointer& stored, std::uint8_t qos);
    void drain_plugin_queue();
    void replay(const Leaf& leaf);
    void report_sent(const Connection& receiver, const Stored& stored);
    void tick();
    void start_engine();

    /// What the broker has saved of a session.
    struct Saved {
        Connection connection;
        std::vector<Leaf> leaves;
    };

    // Where one message has been the next one is soon, whatever looks for errors in the heap.
    std::pmr::unsynchronized_pool_resource memory_;
    BrokerTraits traits_;
    Strategy strategy_;
    Others others_allow_{};
    std::map<std::string, Saved> saved_;
    State saved_engine_;
    std::map<std::string, std::unique_ptr<Connection>> sessions_;
    std::vector<std::unique_ptr<Connection>> disused_;
    std::vector<std::unique_ptr<Connection>> unreported_;
    std::vector<Leaf> leaves_;
    int last_entry_ = 0;
    std::map<std::string, StoredPointer> retained_;
    /// mosquitto__message_v5
    struct PluginMessage {
        std::string client_id;  // empty: for everybody
        Outgoing message;
        std::shared_ptr<int> properties{};
    };
    std::deque<PluginMessage> plugin_queue_;
    std::map<std::string, std::vector<std::string>> sent_;
    std::int64_t ticks_ = 0;
    bool in_tick_ = false;
    bool is_draining_ = false;
    bool in_fan_out_ = false;
    bool publishes_in_vain_ = false;

  public:
    std::optional<Engine> engine;
};

}  // namespace shared_subscription
