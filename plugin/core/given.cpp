#include "shared_subscription/given.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kFewest = 4;
constexpr std::size_t kMaxSpare = 64;           // places of an empty list
constexpr std::size_t kMaxSparePayload = 4096;  // bytes

}  // namespace

Given& GivenList::add() {
    if (count_ == places_.size()) grow();
    auto& given = at(count_++);
    given.written = given.dropped = false;
    return given;
}

void GivenList::grow() {
    std::vector<Given> more(std::max(kFewest, 2 * places_.size()));
    for (std::size_t index = 0; index < count_; ++index) more[index] = std::move(at(index));
    places_ = std::move(more);
    first_ = 0;
}

Given* GivenList::find_unwritten(const void* address) noexcept {
    for (auto index = count_; index-- > 0;) {
        auto& given = at(index);
        if (!given.written && !given.dropped && given.address == address) return &given;
    }
    return nullptr;
}

void GivenList::written(Given& given, std::size_t window) {
    given.written = true;
    ++written_;
    if (given.qos == 2) drop(given);
    for (std::size_t index = 0; written_ > window;) {
        auto& oldest = at(index);
        if (oldest.written && !oldest.dropped) {
            drop(oldest);
            index = 0;
        } else {
            ++index;
        }
    }
}

void GivenList::drop(const Member& member) {
    for (auto index = count_; index-- > 0;) {
        auto& given = at(index);
        if (given.member == &member && !given.dropped) drop(given);
    }
}

void GivenList::drop(Given& given) {
    given.dropped = true;
    if (given.written) --written_;
    while (count_ > 0 && at(0).dropped) {
        auto& message = at(0).message;
        message.properties.reset();
        if (message.payload.capacity() > kMaxSparePayload) std::string().swap(message.payload);
        first_ = (first_ + 1) & (places_.size() - 1);
        --count_;
    }
    if (count_ == 0 && places_.size() > kMaxSpare) places_ = {};
}

}  // namespace shared_subscription
