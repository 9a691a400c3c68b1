// A message that is kept beyond the broker's call that showed it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "shared_subscription/broker.hpp"

namespace shared_subscription {

struct StoredMessage {
    std::string topic{};
    std::string payload{};
    std::uint8_t qos = 0;
    KeptProperties properties{};
    std::uint64_t publisher = 0;      ///< stable hash, for strategies that hash it
    bool retain = false;              ///< it was published with RETAIN
    std::size_t properties_size = 0;  ///< Broker::size_of_properties

    /// What it takes, in bytes.
    [[nodiscard]] std::size_t size() const noexcept {
        return topic.size() + payload.size() + properties_size;
    }

    /// As the broker shows it; the pointers are valid as long as this object.
    [[nodiscard]] Message message() const noexcept {
        return {.topic = topic,
                .payload = payload.data(),
                .payload_size = static_cast<std::uint32_t>(payload.size()),
                .qos = qos,
                .retain = retain,
                .properties = properties.get()};
    }
};

/// Several groups, and copies on their way, share one.
using SharedMessage = std::shared_ptr<const StoredMessage>;

/// Whether topic and payload are the same, wherever they are.
[[nodiscard]] inline bool is_same_content(const StoredMessage& one, const Message& other) noexcept {
    return other.payload_size == one.payload.size() && is_same_text(one.topic, other.topic) &&
           (one.payload.empty() ||
            std::memcmp(other.payload, one.payload.data(), one.payload.size()) == 0);
}

}  // namespace shared_subscription
