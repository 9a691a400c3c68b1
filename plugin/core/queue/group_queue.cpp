#include "core/queue/group_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void GroupQueue::insert(Entry entry) {
    const auto id = entry.id;
    if (entries_.contains(id)) {
        put_back(id);
        next_ = std::min(next_, id);
        return;
    }
    bytes_ += entry.message->size();
    const auto queued = static_cast<std::uint32_t>(entry.queued);
    oldest_ = entries_.empty() ? queued : std::min(oldest_, queued);
    next_ = std::min(next_, id);
    if (!entry.saved) unsaved_ = std::min(unsaved_, id);
    entries_.emplace_hint(entries_.end(), id, std::move(entry));
}

GroupQueue::Entries::iterator GroupQueue::drop(Entries::iterator entry) {
    const auto& dropped = entry->second;
    bytes_ -= dropped.message->size();
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
    oldest_ = std::numeric_limits<std::uint32_t>::max();
    const auto before = entries_.size();
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const auto queued = entry->second.queued;
        if (queued < time && !entry->second.under_way) {
            entry = drop(entry);
        } else {
            oldest_ = std::min(oldest_, static_cast<std::uint32_t>(queued));
            ++entry;
        }
    }
    return before - entries_.size();
}

const GroupQueue::Entry* GroupQueue::next() noexcept {
    auto entry = entries_.lower_bound(next_);
    while (entry != entries_.end() && entry->second.under_way) ++entry;
    if (entry == entries_.end()) return nullptr;
    next_ = entry->first;
    return &entry->second;
}

void GroupQueue::take(std::int64_t id) {
    const auto entry = entries_.find(id);
    if (entry != entries_.end() && !std::exchange(entry->second.under_way, true)) ++under_way_;
    next_ = std::max(next_, id + 1);
}

void GroupQueue::put_back(std::int64_t id) {
    const auto entry = entries_.find(id);
    if (entry == entries_.end()) return;
    if (std::exchange(entry->second.under_way, false)) --under_way_;
}

}  // namespace shared_subscription
