// Messages that wait for a group because none of its members can take them now.
//
// In the order in which they were published; each has an identifier that says which. A message that
// goes out again stays here until a member has got it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "core/queue/stored_message.hpp"

namespace shared_subscription {

class GroupQueue {
  public:
    struct Entry {
        std::int64_t id;
        SharedMessage message;
        std::int64_t queued = 0;  ///< when it began to wait, seconds since 1970
        bool under_way = false;
        bool saved = false;  ///< in a store
    };
    /// Puts it where its identifier belongs; it shall be tried. If it is there, it waits again.
    void insert(Entry entry);
    /// A member has got it, or nobody may. Nothing happens if it is not there.
    void remove(std::int64_t id);

    /// Drops those up to this identifier.
    void clear_until(std::int64_t id);

    /// Drops those that have waited since before `time` (seconds since 1970), but for what is under
    /// way. Returns how many.
    std::size_t drop_older(std::int64_t time);

    /// The first that has not been tried yet; null: none. Good until the queue changes.
    [[nodiscard]] const Entry* next() noexcept;
    /// That one is under way.
    void take(std::int64_t id);
    /// That one has to wait, and those behind it are tried.
    void pass_over() noexcept { ++next_; }
    /// What was under way met nobody.
    void put_back(std::int64_t id);
    [[nodiscard]] bool is_under_way(std::int64_t id) const noexcept {
        const auto entry = entries_.find(id);
        return entry != entries_.end() && entry->second.under_way;
    }

    /// A member may be able now: all shall be tried again.
    void retry() noexcept { next_ = kFirst; }
    /// Nobody is able now.
    void give_up() noexcept { next_ = std::numeric_limits<std::int64_t>::max(); }

    /// Whether newer messages have to wait behind these.
    [[nodiscard]] bool is_moving() const noexcept {
        return under_way_ > 0 || (!entries_.empty() && entries_.rbegin()->first >= next_);
    }
    /// Whether nothing waits.
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Of all messages (StoredMessage::size).
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// The first of all; not of an empty queue.
    [[nodiscard]] const Entry& front() const noexcept { return entries_.begin()->second; }

    /// `save` is called with each entry that is not saved yet, until it says no.
    /// True: it took all.
    template <class Save>
    [[nodiscard]] bool save_entries(const Save& save) {
        for (auto next = entries_.lower_bound(unsaved_); next != entries_.end(); ++next) {
            auto& entry = next->second;
            unsaved_ = entry.id;
            if (entry.saved) continue;
            if (!save(std::as_const(entry))) return false;
            entry.saved = true;
        }
        return true;
    }
    /// None of them is in a store any more.
    void forget_saved() noexcept {
        for (auto& [id, entry] : entries_) entry.saved = false;
        unsaved_ = kFirst;
        gone_.clear();
    }
    /// The identifiers of those that were saved and are here no more.
    [[nodiscard]] std::vector<std::int64_t>& gone() noexcept { return gone_; }

  private:
    using Entries = std::map<std::int64_t, Entry>;

    static constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();

    Entries::iterator drop(Entries::iterator entry);

    Entries entries_;                // by identifier
    std::int64_t next_ = kFirst;     // those with smaller identifiers have been tried
    std::int64_t unsaved_ = kFirst;  // those with smaller identifiers have been saved
    std::size_t bytes_ = 0;
    std::uint32_t under_way_ = 0;
    std::uint32_t oldest_ = 0;  // as Entry::queued; nothing has waited longer, if anything waits
    std::vector<std::int64_t> gone_;
};

}  // namespace shared_subscription
