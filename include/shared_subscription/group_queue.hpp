// Messages that wait for a group because none of its members can take them now.
//
// In the order in which they were published; each has an identifier that says which. A message that
// goes out again stays here until a member has got it.
//
// The broker, too, may hold a message for one member that is away, the holder, since only the
// broker knows when the message expires. If the holder is back first, it gets the broker's. If
// another member gets ours before that, the message is `taken`, and the broker's is deleted when
// the holder is back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "shared_subscription/stored_message.hpp"

namespace shared_subscription {

class GroupQueue {
  public:
    struct Entry {
        std::int64_t id;
        SharedMessage message;      ///< null: taken
        std::uint64_t holder = 0;   ///< key of its session; 0: none
        std::uint64_t content = 0;  ///< of one that is held: content_hash
        bool under_way = false;
        enum class Saved : std::uint8_t { no, changed, yes } saved = Saved::no;  ///< in a store
    };
    /// What is known of a message that the broker holds.
    enum class Held : std::uint8_t { unknown, waits, taken };

    /// Puts it where its identifier belongs; it shall be tried, unless it has been taken.
    void insert(Entry entry);
    /// A member has got it, or nobody may. Nothing happens if it is not there.
    void remove(std::int64_t id);

    /// The first that has not been tried yet, which is under way then; null: none.
    [[nodiscard]] const Entry* take_next();
    /// What was under way met nobody.
    void put_back(std::int64_t id);

    /// A member may be able now: all shall be tried again.
    void retry() noexcept { next_ = empty() ? entries_.size() : 0; }
    /// Nobody is able now.
    void give_up() noexcept { next_ = entries_.size(); }

    /// Whether newer messages have to wait behind these.
    [[nodiscard]] bool is_moving() const noexcept {
        return under_way_ > 0 || next_ < entries_.size();
    }
    /// Whether it is none of these any more, or an older one shall be tried first.
    [[nodiscard]] bool has_to_wait(std::int64_t id) const noexcept;

    /// Whether the broker may hold the next message for that member: all are with one.
    [[nodiscard]] bool may_be_held_by(std::uint64_t holder) const noexcept {
        return entries_.empty() || entries_.back().holder == holder;
    }
    /// The broker is about to give the holder a message of that content: it is none of these then.
    [[nodiscard]] Held claim(std::uint64_t holder, std::uint64_t content);
    /// The holder is back and has what the broker held. Anything else has expired, or, up to the
    /// identifier `uncertain`, may have been lost by the broker in a crash: that waits on.
    void holder_returned(std::uint64_t holder, std::int64_t uncertain);
    /// Its session has ended: what was held for it waits for the others.
    void holder_ended(std::uint64_t holder);

    /// Whether nothing waits.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size() - taken_; }
    /// Of all payloads.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const std::deque<Entry>& entries() const noexcept { return entries_; }

    /// `save` is called with each entry that has changed since the last time, until it says no.
    /// True: it took all.
    template <class Save>
    [[nodiscard]] bool save_entries(const Save& save) {
        for (auto& entry : entries_) {
            if (entry.saved == Entry::Saved::yes) continue;
            if (!save(std::as_const(entry))) return false;
            entry.saved = Entry::Saved::yes;
        }
        return true;
    }
    /// The identifiers of those that were saved and are here no more.
    [[nodiscard]] std::vector<std::int64_t>& gone() noexcept { return gone_; }

  private:
    [[nodiscard]] std::size_t place(std::int64_t id) const noexcept;
    [[nodiscard]] Entry* find(std::int64_t id) noexcept;
    void forget_message(Entry& entry);
    void erase(std::size_t index);

    std::deque<Entry> entries_;  // by identifier
    std::size_t next_ = 0;       // those before it have been tried
    std::size_t under_way_ = 0;
    std::size_t taken_ = 0;
    std::size_t bytes_ = 0;
    std::vector<std::int64_t> gone_;
};

/// The same for messages of the same topic, payload and QoS.
[[nodiscard]] std::uint64_t content_hash(const Message& message) noexcept;

}  // namespace shared_subscription
