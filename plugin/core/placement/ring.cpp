#include "core/placement/ring.hpp"

#include <utility>

#include "core/model/group.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Ring::append(Member& member) noexcept {
    if (!first_) first_ = member.in_ring.before = member.in_ring.after = &member;
    auto& last = *first_->in_ring.before;
    member.in_ring.before = &last;
    member.in_ring.after = first_;
    last.in_ring.after = first_->in_ring.before = &member;
    member.stands = true;
    ++size_;
}

void Ring::remove(Member& member) noexcept {
    if (!std::exchange(member.stands, false)) return;
    if (asked_ == &member) asked_ = nullptr;
    member.in_ring.before->in_ring.after = member.in_ring.after;
    member.in_ring.after->in_ring.before = member.in_ring.before;
    if (first_ == &member) first_ = member.in_ring.after;
    if (--size_ == 0) first_ = nullptr;
}

void Ring::ask(Member& member, std::uint64_t fan_out) noexcept {
    first_ = asked_ = &member;
    asked_in_ = fan_out;
}

void Ring::answered() noexcept {
    ++turns_;
    if (first_) first_ = first_->in_ring.after;
}

}  // namespace shared_subscription
