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
struct Given {
    std::int64_t id = 0;  ///< its place in the order of publication
    const Member* member = nullptr;
    const void* address = nullptr;  ///< of the broker's topic: which message it is while it has it
    std::uint8_t qos = 0;
    bool written = false;  ///< to the client
    bool dropped = false;  ///< goes to nobody else
    StoredMessage message{};
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
        return places_[(first_ + index) & (places_.size() - 1)];
    }
    void drop(Given& given);
    void grow();

    std::vector<Given> places_;  // a power of two
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t written_ = 0;  // of those that are left
};

}  // namespace shared_subscription
