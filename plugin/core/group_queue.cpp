#include "shared_subscription/group_queue.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

std::size_t GroupQueue::place(std::int64_t id) const noexcept {
    const auto found = std::ranges::lower_bound(entries_, id, {}, &Entry::id);
    return static_cast<std::size_t>(found - entries_.begin());
}

std::optional<std::size_t> GroupQueue::find(std::int64_t id) const noexcept {
    const auto index = place(id);
    if (index == entries_.size() || entries_[index].id != id) return std::nullopt;
    return index;
}

void GroupQueue::insert(Entry entry) {
    const auto index = place(entry.id);
    bytes_ += entry.message->payload.size();
    oldest_ = entries_.empty() ? entry.queued : std::min(oldest_, entry.queued);
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(index), std::move(entry));
    next_ = std::min(next_, index);
}

void GroupQueue::remove(std::int64_t id) {
    const auto index = find(id);
    if (!index) return;
    const auto entry = entries_.begin() + static_cast<std::ptrdiff_t>(*index);
    bytes_ -= entry->message->payload.size();
    if (entry->under_way) --under_way_;
    if (entry->saved) gone_.push_back(id);
    entries_.erase(entry);
    if (*index < next_) --next_;
}

void GroupQueue::clear_until(std::int64_t id) {
    while (!entries_.empty() && entries_.front().id <= id) remove(entries_.front().id);
}

std::size_t GroupQueue::drop_older(std::int64_t time) {
    if (entries_.empty() || oldest_ >= time) return 0;
    oldest_ = std::numeric_limits<std::int64_t>::max();
    std::size_t kept = 0;
    auto next = next_;
    for (std::size_t index = 0; index < entries_.size(); ++index) {
        auto& entry = entries_[index];
        if (entry.queued < time && !entry.under_way) {
            bytes_ -= entry.message->payload.size();
            if (entry.saved) gone_.push_back(entry.id);
            if (index < next_) --next;
            continue;
        }
        oldest_ = std::min(oldest_, entry.queued);
        if (kept != index) entries_[kept] = std::move(entry);
        ++kept;
    }
    const auto dropped = entries_.size() - kept;
    entries_.erase(entries_.end() - static_cast<std::ptrdiff_t>(dropped), entries_.end());
    next_ = next;
    return dropped;
}

const GroupQueue::Entry* GroupQueue::take_next() {
    while (next_ < entries_.size()) {
        auto& entry = entries_[next_++];
        if (entry.under_way) continue;
        entry.under_way = true;
        ++under_way_;
        return &entry;
    }
    return nullptr;
}

void GroupQueue::put_back(std::int64_t id) {
    const auto index = find(id);
    if (index && std::exchange(entries_[*index].under_way, false)) --under_way_;
}

bool GroupQueue::has_to_wait(std::int64_t id) const noexcept {
    const auto end = find(id);
    if (!end) return true;
    for (auto index = next_; index < *end; ++index) {
        if (!entries_[index].under_way) return true;
    }
    return false;
}

}  // namespace shared_subscription
