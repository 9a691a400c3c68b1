// What a member has been given, and what of it goes to others when its session ends.
//
// Where the broker shows no acknowledgements, the in-flight window says which messages may lack
// one: no more than the last few.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared_subscription/stored_message.hpp"

namespace shared_subscription {

struct Member;

/// A message of QoS 1 or 2, at the member's granted QoS, whose acknowledgement has not been seen.
/// There are many, and each is written once and hardly ever read: as small as can be.
struct Given {
    std::int64_t id = 0;  ///< its place in the order of publication
    const Member* member = nullptr;
    const void* address = nullptr;  ///< of the broker's topic: which message it is while it has it
    std::uint64_t publisher = 0;    ///< as in StoredMessage
    KeptProperties properties{};
    std::string text{};  ///< the topic and, straight after it, the payload
    std::uint32_t topic_size = 0;
    std::uint8_t published_qos = 0;
    std::uint8_t qos = 0;
    bool written = false;  ///< to the client
    bool dropped = false;  ///< goes to nobody else

    /// Topic, payload and QoS.
    void keep(const Message& message);
    [[nodiscard]] StoredMessage message() const;
};

/// Of one session, in the order in which they were given. A ring of places that are used again,
/// with their strings: allocates nothing once warm.
class GivenList {
  public:
    /// The last of the list, to be filled; its strings may hold anything. Valid until the next.
    [[nodiscard]] Given& add();

    /// The newest at that address which has not been written; null: there is none.
    [[nodiscard]] Given* find_unwritten(const void* address) noexcept;

    /// It has been written. One of QoS 2 never goes to another client then [MQTT-4.8.2-5].
    /// `window`: so many at most of those that have been written may lack their acknowledgement.
    void written(Given& given, std::size_t window);

    /// Those of a member that leaves its group stay its own.
    void drop(const Member& member);

    /// Calls `visit(Given&)` for each, the oldest first.
    template <class Visitor>
    void for_each(const Visitor& visit) {
        for (std::size_t index = 0; index < count_; ++index) {
            if (!at(index).dropped) visit(at(index));
        }
    }

  private:
    [[nodiscard]] Given& at(std::size_t index) noexcept {
        const auto place = first_ + index;
        return places_[place < places_.size() ? place : place - places_.size()];
    }
    void drop(Given& given);
    void grow();

    std::vector<Given> places_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t written_ = 0;  // of those that are left
};

}  // namespace shared_subscription
