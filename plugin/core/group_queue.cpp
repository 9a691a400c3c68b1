#include "shared_subscription/group_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void GroupQueue::insert(Entry entry) {
    const auto id = entry.id;
    bytes_ += entry.message->payload.size();
    oldest_ = entries_.empty() ? entry.queued : std::min(oldest_, entry.queued);
    next_ = std::min(next_, id);
    if (!entry.saved) unsaved_ = std::min(unsaved_, id);
    entries_.emplace_hint(entries_.end(), id, std::move(entry));
}

GroupQueue::Entries::iterator GroupQueue::drop(Entries::iterator entry) {
    const auto& dropped = entry->second;
    bytes_ -= dropped.message->payload.size();
    if (dropped.under_way) --under_way_;
    if (dropped.saved) gone_.push_back(dropped.id);
    return entries_.erase(entry);
}

void GroupQueue::remove(std::int64_t id) {
    if (const auto entry = entries_.find(id); entry != entries_.end()) drop(entry);
}

void GroupQueue::clear_until(std::int64_t id) {
    while (!entries_.empty() && entries_.begin()->first <= id) drop(entries_.begin());
}

std::size_t GroupQueue::drop_older(std::int64_t time) {
    if (entries_.empty() || oldest_ >= time) return 0;
    oldest_ = std::numeric_limits<std::int64_t>::max();
    const auto before = entries_.size();
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto queued = entry->second.queued;
        if (queued < time && !entry->second.under_way) {
            entry = drop(entry);
        } else {
            oldest_ = std::min(oldest_, queued);
            ++entry;
        }
    }
    return before - entries_.size();
}

const GroupQueue::Entry* GroupQueue::take_next() {
    for (auto next = entries_.lower_bound(next_); next != entries_.end(); ++next) {
        auto& entry = next->second;
        next_ = entry.id + 1;
        if (entry.under_way) continue;
        entry.under_way = true;
        ++under_way_;
        return &entry;
    }
    return nullptr;
}

void GroupQueue::put_back(std::int64_t id) {
    const auto entry = entries_.find(id);
    if (entry != entries_.end() && std::exchange(entry->second.under_way, false)) --under_way_;
}

bool GroupQueue::has_to_wait(std::int64_t id) const noexcept {
    const auto end = entries_.find(id);
    if (end == entries_.end()) return true;
    if (next_ >= id) return false;
    return std::any_of(entries_.lower_bound(next_), end,
                       [](const auto& entry) { return !entry.second.under_way; });
}

}  // namespace shared_subscription
