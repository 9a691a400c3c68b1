// What a member has been given, and what of it goes to others when its session ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>

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
    StoredMessage message{};
};

/// Of one session, in the order in which they were given.
using GivenList = std::list<Given>;

/// Where the broker shows no acknowledgements, the in-flight window says which messages may lack
/// one: no more than the last few. Allocates nothing once warm.
class GivenKeeper {
  public:
    /// How many written messages of a session may lack an acknowledgement; nothing is kept at all
    /// where nothing goes to others.
    void set(bool keeps, std::size_t window) noexcept {
        keeps_ = keeps;
        window_ = window;
    }
    [[nodiscard]] bool keeps() const noexcept { return keeps_; }

    /// The last of the list, to be filled; its strings may hold anything.
    [[nodiscard]] Given& add(GivenList& list);
    /// It has been written. One of QoS 2 never goes to another client then [MQTT-4.8.2-5].
    /// `window`: no more than so many are in flight.
    void written(GivenList& list, GivenList::iterator given, std::size_t window);

  private:
    void forget(GivenList& list, GivenList::iterator given);

    bool keeps_ = false;
    std::size_t window_ = 20;
    GivenList spare_;
};

}  // namespace shared_subscription
