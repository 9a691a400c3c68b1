// Names from clients, made fit for a log line.
#pragma once

#include <string>
#include <string_view>

namespace shared_subscription {

/// The text in quotes; control characters as '?', and cut where it is longer than a log line can
/// use.
[[nodiscard]] inline std::string quote(std::string_view text) {
    constexpr std::size_t kMaxShown = 120;
    std::string shown = "'";
    for (const char character : text.substr(0, kMaxShown)) {
        const auto byte = static_cast<unsigned char>(character);
        shown += byte < 0x20 || byte == 0x7f ? '?' : character;
    }
    if (text.size() > kMaxShown) shown += "...";
    return shown + "'";
}

}  // namespace shared_subscription
