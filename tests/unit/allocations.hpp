// Counts what is allocated with `new` in this process, so that "allocates nothing" can be tested
// and measured.
#pragma once

#include <cstddef>

namespace shared_subscription {

/// How often this thread has allocated so far.
[[nodiscard]] std::size_t allocation_count() noexcept;

}  // namespace shared_subscription
