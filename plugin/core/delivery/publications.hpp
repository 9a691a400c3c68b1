// Who published the message that the broker fans out next. The broker does not say it in the
// fan-out: it shows the publisher in the WRITE check and the MESSAGE event before, for QoS 2 long
// before (at PUBLISH; fanned out at PUBREL).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/queue/stored_message.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {

class Publication {
  public:
    Publication() = default;
    Publication(std::uint64_t publisher, KeptProperties owned)
        : properties(owned.get()), kept(std::move(owned)), publisher_(publisher) {}

    /// Stable hash of the client identifier; 0: no client published it. Few need it, so it is made
    /// when somebody asks; until then the identifier is that of the last announcement.
    [[nodiscard]] std::uint64_t publisher() const noexcept {
        if (!publisher_id_.empty()) publisher_ = stable_hash(std::exchange(publisher_id_, {}));
        return publisher_;
    }

    void clear() noexcept {
        properties = nullptr;
        if (kept) kept.reset();
        if (!collected_by.empty()) collected_by.clear();
        publisher_id_ = {};
        publisher_ = 0;
    }
    /// Becomes `other`, of which nothing is left that takes memory.
    void take(Publication& other) noexcept {
        properties = other.properties;
        if (kept || other.kept) kept = std::move(other.kept);
        if (!collected_by.empty() || !other.collected_by.empty())
            collected_by = std::move(other.collected_by);
        publisher_id_ = other.publisher_id_;
        publisher_ = other.publisher_;
    }

    const void* properties = nullptr;
    KeptProperties kept{};  ///< owns `properties` where the broker's own may be gone
    std::vector<std::uint64_t> collected_by{};  ///< groups that have it already (Collector)

  private:
    friend class Publications;

    mutable std::string_view publisher_id_{};
    mutable std::uint64_t publisher_ = 0;
};

/// A message of QoS 2 that groups should get when it is released, of which the broker may ask about
/// nobody then.
struct Unreleased {
    SharedMessage message;
    std::vector<std::uint64_t> groups;  ///< by Group::number
    std::int64_t since = 0;             ///< second of Registry::now
    std::uint64_t received = 0;         ///< when, by Registry::clock
    std::uint64_t number = 0;           ///< in the order of being received
};

/// What groups do with a message of QoS 2 when it is received (Collector).
struct Collected {
    std::vector<std::uint64_t> by{};           ///< Publication::collected_by
    std::unique_ptr<Unreleased> unreleased{};  ///< for others; null: none
};

/// Allocates nothing once warm: strings and map nodes are used again.
class Publications {
  public:
    /// A WRITE check: the client's message, or its will, may be fanned out next.
    /// `connection`: whose address is nobody else's until `forget_connection`; null: it may be.
    void announce(std::string_view publisher_id, std::string_view topic,
                  Context connection = nullptr);
    /// The same for the connection that published last.
    void announce_again(const char* topic);
    [[nodiscard]] bool was_last(Context connection) const noexcept {
        return connection && connection_ == connection;
    }
    void forget_connection() noexcept { connection_ = nullptr; }

    /// A MESSAGE event: QoS 0 and 1 are fanned out next, QoS 2 when its PUBREL comes.
    /// `kept`: a copy of the properties, for QoS 2 where they may be needed again.
    void receive(std::string_view publisher_id, const Message& message, KeptProperties kept,
                 Collected collected = {});

    /// The same for QoS 0 and 1 straight after its own WRITE check. False: it is not.
    [[nodiscard]] bool receive_at_once(Context connection, const ShownMessage& message) {
        if (message.qos > 1 || !was_last(connection) || !is_announced(message.topic)) return false;
        show(message.topic, message.properties);
        return true;
    }

    /// The broker shows a message, and it is no replay: whether it is a QoS 2 message that was
    /// received and not fanned out yet, so that its PUBREL has come.
    [[nodiscard]] bool is_released(const Message& message) noexcept {
        return find(message) != in_flight_.end();
    }
    /// If it is, it is announced. Answers true once.
    bool release(const Message& message);

    /// The broker shows a message that no client has just published: whatever was in flight at its
    /// address is gone.
    void forget_in_flight(const Message& message) noexcept;

    /// A fan-out begins: was this message announced before it? Answers once; null: it was not.
    [[nodiscard]] Publication* take_announced(const Message& message) noexcept {
        return is_announced(message.topic) ? &take_announced() : nullptr;
    }
    /// The same where it was.
    [[nodiscard]] Publication& take_announced() noexcept {
        is_announced_ = false;
        return announced_;
    }

    [[nodiscard]] bool is_announced(std::string_view topic) const noexcept {
        return is_announced_ && is_same_text(topic_, topic);
    }
    [[nodiscard]] bool is_announced(const char* topic) const noexcept {
        return is_announced_ && is_same_text(topic_, topic);
    }
    /// The topic that was announced last, and how many others came before it.
    [[nodiscard]] const std::string& topic() const noexcept { return topic_; }
    [[nodiscard]] std::uint64_t topic_number() const noexcept { return topic_number_; }
    [[nodiscard]] bool is_announced(std::string_view publisher_id,
                                    std::string_view topic) const noexcept {
        return is_announced(topic) && is_same_text(announced_.publisher_id_, publisher_id);
    }

    /// The same, and nothing has been received since: by a WRITE check, whose MESSAGE comes next.
    [[nodiscard]] bool is_only_announced(std::string_view publisher_id,
                                         std::string_view topic) const noexcept {
        return !shown_ && is_announced(publisher_id, topic);
    }

    /// Whether it was received, too, at this address. A will is not; nor is what others refused
    /// after the WRITE check, which is not fanned out at all.
    [[nodiscard]] bool has_shown(const char* topic) const noexcept { return shown_ == topic; }

    /// Of the QoS 2 message with a topic at that address: it will not be released.
    void forget_unreleased(const char* topic) noexcept;
    /// Whether there may be any.
    [[nodiscard]] bool has_unreleased() const noexcept { return last_unreleased_ > 0; }
    using VisitUnreleased = std::function<bool(Publication&, Unreleased&)>;
    /// Shows each with its Publication, in the order of being received. `visit` answers whether
    /// groups still wait for it.
    void visit_unreleased(const VisitUnreleased& visit);
    /// The same of the one with a topic at that address.
    void visit_unreleased(const char* topic, const VisitUnreleased& visit);

    /// Whether QoS 2 messages have been received and not fanned out yet.
    [[nodiscard]] bool await_release() const noexcept { return !in_flight_.empty(); }

    /// What was announced has not been fanned out and will not be.
    void forget_announced() noexcept { is_announced_ = false; }

  private:
    // A message that never sees its PUBREL, or has no subscriber then, stays in the map until its
    // address is used again; this bounds it.
    static constexpr std::size_t kMaxInFlight = 100'000;

    struct InFlight {
        std::size_t topic;  // hash
        const void* payload;
        std::uint32_t payload_size;
        Publication publication;
        std::unique_ptr<Unreleased> unreleased;
    };
    using Map = std::pmr::unordered_map<const char*, InFlight>;

    [[nodiscard]] Map::iterator find(const Message& message) noexcept;
    void set_topic(std::string_view topic);
    void announce_by_last();
    /// What is announced has been received.
    void show(const char* topic, const void* properties) {
        announced_.properties = properties;
        shown_ = topic;
        if (!in_flight_.empty()) in_flight_.erase(topic);
    }

    bool is_announced_ = false;
    const char* shown_ = nullptr;
    Publication announced_;
    std::string topic_;  // of what is announced
    std::uint64_t topic_number_ = 1;
    std::string publisher_id_;  // of the last WRITE check or MESSAGE event that announced something
    Context connection_ = nullptr;  // its address, as long as that is no other's
    std::pmr::unsynchronized_pool_resource pool_;
    std::uint64_t last_unreleased_ = 0;  // Unreleased::number; 0: there are none
    Map in_flight_{&pool_};  // by the topic's address, which is the stored message's own
};

}  // namespace shared_subscription
