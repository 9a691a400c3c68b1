// Who published the message that the broker fans out next. The broker does not say it in the
// fan-out: it shows the publisher in the WRITE check and the MESSAGE event before, for QoS 2 long
// before (at PUBLISH; fanned out at PUBREL).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "shared_subscription/broker.hpp"

namespace shared_subscription {

struct Publication {
    std::uint64_t publisher = 0;  ///< stable hash of the client identifier
    const void* properties = nullptr;
    KeptProperties kept{};  ///< owns `properties` where the broker's own may be gone
};

/// Allocates nothing once warm: strings and map nodes are used again.
class Publications {
  public:
    /// A WRITE check: the client's message, or its will, may be fanned out next.
    void announce(std::string_view publisher_id, std::string_view topic);

    /// A MESSAGE event: QoS 0 and 1 are fanned out next, QoS 2 when its PUBREL comes.
    /// `kept`: a copy of the properties, for QoS 2 where they may be needed again.
    void receive(std::string_view publisher_id, const Message& message, KeptProperties kept);

    /// The broker shows a message, and it is no replay: if it is a QoS 2 message that was received
    /// and not fanned out yet, its PUBREL has come. It is announced then. Answers true once.
    bool release(const Message& message);

    /// The broker shows a message that no client has just published: whatever was in flight at its
    /// address is gone.
    void forget_in_flight(const Message& message) noexcept;

    /// A fan-out begins: was this message announced before it? Answers once.
    [[nodiscard]] std::optional<Publication> take_announced(const Message& message);

    [[nodiscard]] bool is_announced(const Message& message) const noexcept {
        return announced_ && is_same_text(topic_, message.topic);
    }

    /// Whether QoS 2 messages have been received and not fanned out yet.
    [[nodiscard]] bool await_release() const noexcept { return !in_flight_.empty(); }

    /// What was announced has not been fanned out and will not be.
    void forget_announced() noexcept { announced_.reset(); }

  private:
    // A message that never sees its PUBREL, or has no subscriber then, stays in the map until its
    // address is used again; this bounds it.
    static constexpr std::size_t kMaxInFlight = 100'000;

    struct InFlight {
        std::size_t topic;  // hash
        const void* payload;
        std::uint32_t payload_size;
        Publication publication;
    };
    using Map = std::pmr::unordered_map<const char*, InFlight>;

    [[nodiscard]] Map::iterator find(const Message& message) noexcept;

    std::optional<Publication> announced_;
    std::string topic_;         // of what is announced
    std::string publisher_id_;  // ...; empty: `announced_` says it. It is hashed when it is needed.
    std::pmr::unsynchronized_pool_resource pool_;
    Map in_flight_{&pool_};  // by the topic's address, which is the stored message's own
};

}  // namespace shared_subscription
