#include "core/placement/ring.hpp"

#include <utility>

#include "core/model/group.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Ring::append(Member& member) noexcept {
    if (!first_) first_ = member.ring_before = member.ring_after = &member;
    auto& last = *first_->ring_before;
    member.ring_before = &last;
    member.ring_after = first_;
    last.ring_after = first_->ring_before = &member;
    member.stands = true;
    ++size_;
}

void Ring::remove(Member& member) noexcept {
    if (!std::exchange(member.stands, false)) return;
    if (asked_ == &member) asked_ = nullptr;
    member.ring_before->ring_after = member.ring_after;
    member.ring_after->ring_before = member.ring_before;
    if (first_ == &member) first_ = member.ring_after;
    if (--size_ == 0) first_ = nullptr;
}

void Ring::ask(Member& member, std::uint64_t fan_out) noexcept {
    first_ = asked_ = &member;
    asked_in_ = fan_out;
}

void Ring::answered() noexcept {
    ++turns_;
    if (first_) first_ = first_->ring_after;
}

}  // namespace shared_subscription
