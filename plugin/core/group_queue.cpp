#include "shared_subscription/group_queue.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/hash.hpp"

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
    if (entry.message) {
        bytes_ += entry.message->payload.size();
        next_ = std::min(next_, index);
    } else {
        ++taken_;
        if (index <= next_) ++next_;
    }
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(index), std::move(entry));
}

void GroupQueue::forget_message(Entry& entry) {
    if (!entry.message) return;
    if (std::exchange(entry.under_way, false)) --under_way_;
    bytes_ -= entry.message->payload.size();
    entry.message.reset();
    ++taken_;
    if (entry.saved == Entry::Saved::yes) entry.saved = Entry::Saved::changed;
}

void GroupQueue::erase(std::size_t index) {
    forget_message(entries_[index]);
    --taken_;
    if (entries_[index].saved != Entry::Saved::no) gone_.push_back(entries_[index].id);
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
    if (index < next_) --next_;
}

void GroupQueue::remove(std::int64_t id) {
    auto* entry = find(id);
    if (!entry) return;
    forget_message(*entry);
    if (entry->holder == 0) erase(place(id));
}

const GroupQueue::Entry* GroupQueue::take_next() {
    while (next_ < entries_.size()) {
        auto& entry = entries_[next_++];
        if (entry.under_way || !entry.message) continue;
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
    if (end == entries_.size() || entries_[end].id != id || !entries_[end].message) return true;
    for (auto index = next_; index < end; ++index) {
        if (!entries_[index].under_way && entries_[index].message) return true;
    }
    return false;
}

GroupQueue::Held GroupQueue::claim(std::uint64_t holder, std::uint64_t content) {
    const auto is_same = [=](const Entry& entry) {
        return entry.holder == holder && entry.content == content;
    };
    const auto waiting = std::ranges::find_if(
        entries_, [&](const Entry& entry) { return is_same(entry) && entry.message; });
    const auto found =
        waiting == entries_.end() ? std::ranges::find_if(entries_, is_same) : waiting;
    if (found == entries_.end()) return Held::unknown;
    const auto held = found->message ? Held::waits : Held::taken;
    erase(static_cast<std::size_t>(found - entries_.begin()));
    return held;
}

void GroupQueue::holder_returned(std::uint64_t holder, std::int64_t uncertain) {
    for (auto index = entries_.size(); index-- > 0;) {
        auto& entry = entries_[index];
        if (entry.holder != holder) continue;
        if (!entry.message || entry.id > uncertain) {
            erase(index);
            continue;
        }
        entry.holder = 0;
        if (entry.saved == Entry::Saved::yes) entry.saved = Entry::Saved::changed;
        next_ = std::min(next_, index);
    }
}

void GroupQueue::holder_ended(std::uint64_t holder) {
    for (auto index = entries_.size(); index-- > 0;) {
        auto& entry = entries_[index];
        if (entry.holder != holder) continue;
        entry.holder = 0;
        if (entry.saved == Entry::Saved::yes) entry.saved = Entry::Saved::changed;
        if (!entry.message) erase(index);
    }
}

std::uint64_t content_hash(const Message& message) noexcept {
    const std::string_view payload(static_cast<const char*>(message.payload),
                                   message.payload ? message.payload_size : 0);
    return fmix64(stable_hash(message.topic) + message.qos) ^ stable_hash(payload);
}

}  // namespace shared_subscription
