// The two options that are URLs: `-L mqtt://...` and `--proxy socks5h://...`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ctrl/options.hpp"

namespace shared_subscription::ctrl {

/// 0 to 65535; 0 is for Unix domain sockets.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text, std::string& problem);

/// `mqtt[s]://[user[:password]@]host[:port]/[topic]`; the topic is of no use here. The '/' behind
/// the host must be there, as for mosquitto_ctrl.
[[nodiscard]] bool apply_url(std::string_view url, Options& options, std::string& problem);

/// `socks5h://[user[:password]@]host[:port]`; '%', ':' and '@' in the names as %25, %3A and %40.
[[nodiscard]] bool apply_proxy(std::string_view url, Options& options, std::string& problem);

}  // namespace shared_subscription::ctrl
