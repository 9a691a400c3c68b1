// Memory that will be needed soon, brought into the processor's cache meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shared_subscription {

inline constexpr std::size_t kCacheLine = 64;

/// Of null, nothing. Inlined, as GCC leaves out calls of what only prefetches.
[[gnu::always_inline]] inline void prefetch(const void* object,
                                            std::size_t size = kCacheLine) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(object);
    for (std::size_t offset = 0; offset < size; offset += kCacheLine)
        __builtin_prefetch(reinterpret_cast<const void*>(address + offset), 1);
}

}  // namespace shared_subscription
