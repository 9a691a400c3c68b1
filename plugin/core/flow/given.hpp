// What a member has been given, and what of it goes to others when its session ends.
//
// The broker shows no acknowledgements. The in-flight window says which messages may lack one, no
// more than the last few, and on 2.1 its memory says which of those are gone (`Arrivals`).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "core/flow/arrivals.hpp"
#include "core/prefetch.hpp"
#include "core/queue/stored_message.hpp"

namespace shared_subscription {

struct Member;

/// A message of QoS 1 or 2 whose acknowledgement has not been seen. There are many, and each is
/// written once and hardly ever read: two lines of the processor's cache, if it is short.
struct alignas(64) Given {
    std::int64_t id = 0;  ///< its place in the order of publication
    const Member* member = nullptr;
    std::uint64_t publisher = 0;  ///< as in StoredMessage
    KeptProperties properties{};

    std::uint32_t topic_size = 0;
    std::uint32_t payload_size = 0;
    std::uint32_t long_size = 0;  ///< of `long_text`; it is used again
    std::uint8_t published_qos = 0;
    /// The topic and, straight after it, the payload: here, or where they are long, there.
    std::unique_ptr<char[]> long_text{};
    std::array<char, 64> short_text{};

    /// Topic, payload and QoS.
    void keep(const Message& message);
    [[nodiscard]] StoredMessage message() const;
};
static_assert(sizeof(Given) == 128);

/// Of one session, in the order in which they were given. A ring of places that are used again,
/// with their memory: allocates nothing once warm.
class GivenList {
  public:
    /// `memory`: outlives it.
    explicit GivenList(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
        : places_(memory), marks_(memory) {}

    /// The member's granted QoS is `qos`. Where all places are taken, those of the oldest that are
    /// gone are used again.
    void add(const Member& member, std::int64_t id, std::uint8_t qos, const Message& message,
             KeptProperties properties, std::uint64_t publisher, const Arrivals& arrivals);

    /// Where the broker has the newest one is not known yet; it goes by that until it is.
    void miss_newest(const void* known_by) noexcept {
        if (count_ > 0) marks_[place(count_ - 1)].address = known_by;
    }
    /// It is known now.
    void found(const void* known_by, const void* address, const Arrivals& arrivals) noexcept;

    /// Has the processor fetch where the next one goes (FanOut::prepare).
    [[gnu::always_inline]] void prefetch_next() const noexcept {
        if (count_ >= places_.size()) return;
        const auto* given = &places_[place(count_)];
        prefetch(given);
        prefetch(&given->short_text);
        prefetch(&marks_[place(count_)]);
    }

    /// The message at that address has been written, the newest that has not been before; nothing
    /// happens if there is none. One of QoS 2 never goes to another client then [MQTT-4.8.2-5].
    /// `window`: so many at most of those that have been written may lack their acknowledgement.
    void written(const void* address, std::size_t window, const Arrivals& arrivals);

    /// The connection ends. What has been written and is gone from the broker by now has been
    /// acknowledged; later it may be gone for other reasons.
    void disconnect(const Arrivals& arrivals);

    /// Those of a member that leaves its group stay its own.
    void drop(const Member& member);

    /// Calls `visit(const Given&, bool is_written)` for each, the oldest first.
    template <class Visitor>
    void for_each(const Visitor& visit) const {
        for (std::size_t index = 0; index < count_; ++index) {
            const auto& mark = marks_[place(index)];
            if (!mark.is_dropped) visit(places_[place(index)], mark.is_written);
        }
    }

  private:
    /// Beside the messages, so that an old one need not be looked at to be forgotten.
    struct Mark {
        const void* address =
            nullptr;                 // of the broker's topic: which message it is while it has it
        std::uint64_t arrivals = 0;  // Arrivals::count when it was given
        std::uint8_t qos = 0;
        bool is_written = false;  // to the client
        bool is_dropped = false;  // goes to nobody else
        bool is_heavy = false;    // has memory that the next one does not need
    };

    [[nodiscard]] std::size_t place(std::size_t index) const noexcept {
        const auto place = first_ + index;
        return place < places_.size() ? place : place - places_.size();
    }
    [[nodiscard]] static bool is_gone(const Mark& mark, const Arrivals& arrivals) noexcept {
        return mark.is_written && !mark.is_dropped &&
               arrivals.has_since(mark.arrivals, mark.address);
    }
    void drop(Mark& mark);
    void make_room(const Arrivals& arrivals);
    void free_spare();

    std::pmr::vector<Given> places_;
    std::pmr::vector<Mark> marks_;  // of the same places
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t written_ = 0;  // of those that are left
};

}  // namespace shared_subscription
