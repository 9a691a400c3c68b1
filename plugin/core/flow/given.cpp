#include "core/flow/given.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kMaxSpare = 64;        // places of an empty list
constexpr std::size_t kMaxSpareText = 4096;  // bytes
constexpr auto kForEver = static_cast<std::uint64_t>(-1);

const char* text_of(const Given& given) {
    const auto size = std::size_t{given.topic_size} + given.payload_size;
    return size > given.short_text.size() ? given.long_text.get() : given.short_text.data();
}

}  // namespace

void Given::keep(const Message& message) {
    const auto size = message.topic.size() + message.payload_size;
    if (size > short_text.size() && size > long_size) {
        long_text = std::make_unique_for_overwrite<char[]>(size);
        long_size = static_cast<std::uint32_t>(size);
    }
    topic_size = static_cast<std::uint32_t>(message.topic.size());
    payload_size = message.payload_size;
    published_qos = message.qos;
    auto* text = size > short_text.size() ? long_text.get() : short_text.data();
    std::memcpy(text, message.topic.data(), topic_size);
    if (payload_size > 0) std::memcpy(text + topic_size, message.payload, payload_size);
}

StoredMessage Given::message() const {
    const auto* text = text_of(*this);
    return {.topic = {text, topic_size},
            .payload = {text + topic_size, payload_size},
            .qos = published_qos,
            .properties = properties,
            .publisher = publisher};
}

void GivenList::add(const Member& member, std::int64_t id, std::uint8_t qos, const Message& message,
                    KeptProperties properties, std::uint64_t publisher, const Arrivals& arrivals) {
    if (count_ == places_.size()) make_room(arrivals);
    const auto last = place(count_);
    auto& given = places_[last];
    given.keep(message);
    given.id = id;
    given.member = &member;
    given.publisher = publisher;
    if (properties) given.properties = std::move(properties);
    const bool is_heavy = given.properties || given.long_size > kMaxSpareText;
    marks_[last] = {.address = message.topic.data(),
                    .arrivals = arrivals.count(),
                    .qos = qos,
                    .is_heavy = is_heavy};
    ++count_;
}

// In steps of which one has place for the default window and one more: 22. Where an old one stays,
// as it was never written, those behind it that are dropped make room.
void GivenList::make_room(const Arrivals& arrivals) {
    while (count_ > 0 && is_gone(marks_[first_], arrivals)) drop(marks_[first_]);
    if (count_ < places_.size()) return;
    const auto dropped = std::ranges::count_if(marks_, &Mark::is_dropped);
    const auto left = count_ - static_cast<std::size_t>(dropped);
    const auto size = left + left / 4 + 4;
    std::pmr::vector<Given> places(size, places_.get_allocator());
    std::pmr::vector<Mark> marks(size, marks_.get_allocator());
    std::size_t next = 0;
    for (std::size_t index = 0; index < count_; ++index) {
        const auto from = place(index);
        if (marks_[from].is_dropped) continue;
        places[next] = std::move(places_[from]);
        marks[next++] = marks_[from];
    }
    places_ = std::move(places);
    marks_ = std::move(marks);
    first_ = 0;
    count_ = left;
}

void GivenList::found(const void* known_by, const void* address,
                      const Arrivals& arrivals) noexcept {
    for (auto index = count_; index-- > 0;) {
        auto& mark = marks_[place(index)];
        if (mark.address != known_by || mark.is_written || mark.is_dropped) continue;
        mark.address = address;
        mark.arrivals = arrivals.count();
        return;
    }
}

void GivenList::written(const void* address, std::size_t window, const Arrivals& arrivals) {
    for (auto index = count_; index-- > 0;) {
        auto& mark = marks_[place(index)];
        if (mark.is_written || mark.is_dropped || mark.address != address) continue;
        // The broker has dropped it, and this is another.
        if (arrivals.has_since(mark.arrivals, address)) continue;
        mark.is_written = true;
        ++written_;
        if (mark.qos == 2) drop(mark);
        break;
    }
    for (std::size_t index = 0; written_ > window;) {
        auto& oldest = marks_[place(index)];
        if (oldest.is_written && !oldest.is_dropped) {
            drop(oldest);
            index = 0;
        } else {
            ++index;
        }
    }
    free_spare();
}

void GivenList::disconnect(const Arrivals& arrivals) {
    for (auto index = count_; index-- > 0;) {
        auto& mark = marks_[place(index)];
        if (is_gone(mark, arrivals)) {
            drop(mark);
        } else {
            mark.arrivals = kForEver;
        }
    }
    free_spare();
}

void GivenList::drop(const Member& member) {
    for (auto index = count_; index-- > 0;) {
        auto& mark = marks_[place(index)];
        if (!mark.is_dropped && places_[place(index)].member == &member) drop(mark);
    }
    free_spare();
}

void GivenList::drop(Mark& mark) {
    mark.is_dropped = true;
    if (mark.is_written) --written_;
    while (count_ > 0 && marks_[first_].is_dropped) {
        if (marks_[first_].is_heavy) places_[first_] = {};
        if (++first_ == places_.size()) first_ = 0;
        --count_;
    }
    if (count_ == 0) first_ = 0;  // what was used last is still in the processor's cache
}

void GivenList::free_spare() {
    if (count_ > 0 || places_.size() <= kMaxSpare) return;
    places_ = std::pmr::vector<Given>(places_.get_allocator());
    marks_ = std::pmr::vector<Mark>(marks_.get_allocator());
}

}  // namespace shared_subscription
