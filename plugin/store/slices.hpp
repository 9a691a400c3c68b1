// When how much is saved. What has changed goes to the database once a second, in slices that are
// spread over it: the broker waits for each, and none shall be noticed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace shared_subscription {

/// So much at most. Of no group, there is still what does not belong to one.
struct Slice {
    std::size_t groups = 0;
    std::size_t messages = 0;
    bool operator==(const Slice&) const = default;
};

class Slices {
  public:
    static constexpr int kMilliseconds = 20;  ///< from one to the next, at least
    static constexpr Slice kAll{static_cast<std::size_t>(-1), static_cast<std::size_t>(-1)};

    /// What is to be saved now, if anything. `milliseconds`: of any clock that only goes forward.
    /// `changed`: how many groups have something to save.
    [[nodiscard]] std::optional<Slice> next(std::int64_t milliseconds, std::size_t changed);
    /// All of so many groups has been saved. Of one that has more messages, only some were.
    void done(std::size_t groups) noexcept;
    /// Whether there are more in this second.
    [[nodiscard]] bool are_left() const noexcept { return left_ > 0; }

  private:
    std::int64_t second_ = -1;  // this one
    std::size_t all_ = 0;       // groups to save in it
    std::size_t left_ = 0;      // of those
    std::int64_t last_ = 0;     // when the last slice was, in milliseconds
};

}  // namespace shared_subscription
