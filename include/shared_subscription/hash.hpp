// The stable hash behind the strategies that hash: FNV-1a (64 bits), mixed with MurmurHash3's
// fmix64. Stable means: the same on every machine and in every release, so that a restart or a
// second broker chooses alike. And those of tables, which are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// Of a text in a table; `seed`: a number that others cannot know, so that they cannot choose texts
/// that meet. Most are short, so that it calls nothing: pieces overlap instead.
[[nodiscard]] inline std::uint64_t table_hash(std::string_view text, std::uint64_t seed) noexcept {
    const auto piece = [text]<class Word>(std::size_t at, Word word) -> std::uint64_t {
        std::memcpy(&word, text.data() + at, sizeof(Word));
        return word;
    };
    auto value = seed;
    const auto mix = [&value](std::uint64_t word) {
        value = (value ^ word) * 0x9e3779b97f4a7c15ULL;
        value ^= value >> 32U;
    };
    const auto size = text.size();
    if (size >= 8) {
        for (std::size_t at = 0; at + 8 < size; at += 8) mix(piece(at, std::uint64_t{}));
        mix(piece(size - 8, std::uint64_t{}));
    } else if (size >= 4) {
        mix(piece(0, std::uint32_t{}) | piece(size - 4, std::uint32_t{}) << 32U);
    } else if (size > 0) {
        mix(piece(0, std::uint8_t{}) | piece(size / 2, std::uint8_t{}) << 8U |
            piece(size - 1, std::uint8_t{}) << 16U);
    }
    mix(size);
    return value;
}

/// An address's place in a table of 2^`bits` (Knuth's multiplicative hashing).
[[nodiscard]] inline std::size_t address_place(const void* address, int bits) noexcept {
    return reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15ULL >> (64 - bits);
}

}  // namespace shared_subscription
