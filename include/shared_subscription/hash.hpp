// The stable hash behind the strategies that hash: FNV-1a (64 bits), mixed with MurmurHash3's
// fmix64. Stable means: the same on every machine and in every release, so that a restart or a
// second broker chooses alike. And a hash of addresses, which is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shared_subscription {

/// MurmurHash3's 64-bit finaliser: each bit of the input moves about half of the output's bits.
[[nodiscard]] constexpr std::uint64_t fmix64(std::uint64_t value) noexcept {
    value ^= value >> 33U;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33U;
    value *= 0xc4ceb9fe1a85ec53ULL;
    value ^= value >> 33U;
    return value;
}

/// FNV-1a with 64 bits, mixed.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text) noexcept {
    std::uint64_t value = 0xcbf29ce484222325ULL;
    for (const char byte : text) {
        value ^= static_cast<unsigned char>(byte);
        value *= 0x100000001b3ULL;
    }
    return fmix64(value);
}

/// An address's place in a table of 2^`bits` (Knuth's multiplicative hashing).
[[nodiscard]] inline std::size_t address_place(const void* address, int bits) noexcept {
    return reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15ULL >> (64 - bits);
}

}  // namespace shared_subscription
