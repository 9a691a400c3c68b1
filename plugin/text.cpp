#include "shared_subscription/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace shared_subscription {
namespace {

struct Character {
    std::uint32_t code_point;
    std::size_t size;  // in bytes; 0: it is no UTF-8
};

bool continues(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// The first of the text, by its shortest form [RFC 3629].
Character first_of(std::string_view text) noexcept {
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    constexpr Character kNone{.code_point = 0, .size = 0};
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80U) return {lead, 1};
    const std::size_t size = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC0U || lead >= 0xF8U || text.size() < size) return kNone;
    std::uint32_t code_point = lead & (0x7FU >> size);
    for (std::size_t index = 1; index < size; ++index) {
        if (!continues(text[index])) return kNone;
        code_point = code_point << 6U | (static_cast<unsigned char>(text[index]) & 0x3FU);
    }
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    const bool is_valid = code_point >= kLeast[size] && code_point <= 0x10FFFF && !is_surrogate;
    return is_valid ? Character{code_point, size} : kNone;
}

bool changes_others(std::uint32_t code_point) noexcept {
    const auto is_in = [code_point](std::uint32_t first, std::uint32_t last) {
        return code_point >= first && code_point <= last;
    };
    const bool is_control = code_point < 0x20 || is_in(0x7F, 0x9F);
    const bool separates = is_in(0x2028, 0x2029);
    const bool is_of_direction = code_point == 0x061C || is_in(0x200E, 0x200F) ||
                                 is_in(0x202A, 0x202E) || is_in(0x2066, 0x2069);
    return is_control || separates || is_of_direction;
}

}  // namespace

std::string printable(std::string_view text) {
    const auto is_plain = [](char byte) { return byte >= 0x20 && byte < 0x7F; };
    if (std::ranges::all_of(text, is_plain)) return std::string(text);
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const auto [code_point, size] = first_of(text);
        const auto bytes = size == 0 ? 1 : size;
        if (size == 0 || changes_others(code_point)) {
            shown += '?';
        } else {
            shown += text.substr(0, bytes);
        }
        text.remove_prefix(bytes);
    }
    return shown;
}

std::string quote(std::string_view text) {
    constexpr std::size_t kMaxShown = 120;  // bytes
    auto shown = text.substr(0, kMaxShown);
    if (shown.size() == text.size()) return "'" + printable(text) + "'";
    while (!shown.empty() && continues(text[shown.size()])) shown.remove_suffix(1);
    return "'" + printable(shown) + "...'";
}

}  // namespace shared_subscription
