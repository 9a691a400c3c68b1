#include "shared_subscription/group_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

std::size_t GroupQueue::place(std::int64_t id) const noexcept {
    const auto found = std::ranges::lower_bound(entries_, id, {}, &Entry::id);
    return static_cast<std::size_t>(found - entries_.begin());
}

GroupQueue::Entry* GroupQueue::find(std::int64_t id) noexcept {
    const auto index = place(id);
    return index < entries_.size() && entries_[index].id == id ? &entries_[index] : nullptr;
}

void GroupQueue::insert(Entry entry) {
    const auto index = place(entry.id);
    bytes_ += entry.message->payload.size();
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(index), std::move(entry));
    next_ = std::min(next_, index);
}

void GroupQueue::remove(std::int64_t id) {
    const auto* entry = find(id);
    if (!entry) return;
    bytes_ -= entry->message->payload.size();
    if (entry->under_way) --under_way_;
    if (entry->saved) gone_.push_back(id);
    const auto index = place(id);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
    if (index < next_) --next_;
}

void GroupQueue::clear() {
    while (!entries_.empty()) remove(entries_.back().id);
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
    auto* entry = find(id);
    if (!entry || !std::exchange(entry->under_way, false)) return;
    --under_way_;
}

bool GroupQueue::has_to_wait(std::int64_t id) const noexcept {
    const auto end = place(id);
    if (end == entries_.size() || entries_[end].id != id) return true;
    for (auto index = next_; index < end; ++index) {
        if (!entries_[index].under_way) return true;
    }
    return false;
}

}  // namespace shared_subscription
