// What the broker has been given for a client by way of its groups (2.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "core/prefetch.hpp"
#include "core/queue/stored_message.hpp"

namespace shared_subscription {

struct Member;

/// A message of QoS 1 or 2 that the broker may still hold for a client. No copy of it: what it was
/// shows when the broker is asked (Holdings). One line of the processor's cache.
struct alignas(kCacheLine) Holding {
    enum class State : std::uint8_t {
        expected,  ///< the broker has not shown yet what it does with it
        unseen,    ///< a copy that the broker has not come to, or has dropped
        held,      ///< it has not been written to the connection
        shown,     ///< a copy that was written in this round: it cannot be acknowledged yet
        written,
    };

    /// By which the broker shows it: of its topic; of its properties where it was published to the
    /// client alone (Broker::publish_to).
    const void* address = nullptr;
    Member* member = nullptr;     ///< whose message it is; null: of a non-shared subscription
    std::int64_t id = 0;          ///< its place in the order of publication
    std::uint64_t fan_out = 0;    ///< the last one when the broker was given it
    std::uint64_t publisher = 0;  ///< as in StoredMessage
    SharedMessage message{};      ///< what others get, once the client has gone
    std::uint8_t qos = 0;         ///< with which it reaches the client
    std::uint8_t published_qos = 0;
    State state = State::expected;
    bool was_written = false;  ///< to this connection or one before
    bool is_copy = false;      ///< published to the client alone
    bool retain = false;       ///< published with RETAIN
    Writing writing{};         ///< of a copy

    /// Whether it is known what the broker has done with it.
    [[nodiscard]] bool is_settled() const noexcept { return state >= State::held; }
    [[nodiscard]] bool is_written() const noexcept { return state >= State::shown; }
    /// Whether the broker shows it so, or one at the same place.
    [[nodiscard]] bool is_shown_as(const Message& shown) const noexcept {
        return address == (is_copy ? shown.properties : shown.topic.data());
    }
};
static_assert(sizeof(Holding) == kCacheLine);

/// In the order in which they were given.
using HoldingList = std::pmr::vector<Holding>;

/// Has the processor fetch where the next one goes (FanOut::prepare).
[[gnu::always_inline]] inline void prefetch_next(const HoldingList& holdings) noexcept {
    if (holdings.size() < holdings.capacity()) prefetch(holdings.data() + holdings.size());
}

}  // namespace shared_subscription
