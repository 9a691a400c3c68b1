// The members of a large group whose leaves stand in the broker's tree as one native share group
// (2.1). The broker asks for one of them for each message: the first, which then goes to the end
// (src/subs.c, subs__shared_process). So a message costs the same however large the group is, and
// the order of the ring is whose turn it is.
//
// The broker's order is the truth, this one a forecast: `ask` takes over what the broker did.
// Members are linked into it by themselves (Member::in_ring); it owns none.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shared_subscription {

struct Member;

class Ring {
  public:
    /// For whom the broker asks next; null: nobody stands.
    [[nodiscard]] Member* first() const noexcept { return first_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The broker has put its leaf at the end.
    void append(Member& member) noexcept;
    /// The broker has taken its leaf away. Nothing happens where it has none.
    void remove(Member& member) noexcept;

    /// The broker asks for this member in that fan-out. Whoever came before it has gone to the end.
    void ask(Member& member, std::uint64_t fan_out) noexcept;
    /// The same for one that has left.
    void ask_nobody(std::uint64_t fan_out) noexcept {
        asked_ = nullptr;
        asked_in_ = fan_out;
    }
    /// The broker has its answer: the member goes to the end.
    void answered() noexcept;
    [[nodiscard]] bool was_asked_in(std::uint64_t fan_out) const noexcept {
        return asked_in_ == fan_out;
    }
    /// How often the broker has asked.
    [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }
    /// For whom it asked last; null: the member has left.
    [[nodiscard]] const Member* asked() const noexcept { return asked_; }

  private:
    Member* first_ = nullptr;
    Member* asked_ = nullptr;
    std::uint64_t asked_in_ = 0;
    std::uint64_t turns_ = 0;
    std::size_t size_ = 0;
};

}  // namespace shared_subscription
