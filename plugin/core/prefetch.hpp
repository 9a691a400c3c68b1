// Memory that will be needed soon, brought into the processor's cache meanwhile.
#pragma once

#include <cstddef>

namespace shared_subscription {

inline constexpr std::size_t kCacheLine = 64;

/// Of null, one line at most. Inlined, as GCC leaves out calls of what only prefetches.
[[gnu::always_inline]] inline void prefetch(const void* object,
                                            std::size_t size = kCacheLine) noexcept {
    for (std::size_t offset = 0; offset < size; offset += kCacheLine)
        __builtin_prefetch(static_cast<const char*>(object) + offset, 1);
}

}  // namespace shared_subscription
