// The client as a whole: words in, text and an exit code out.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ctrl/answer.hpp"

namespace shared_subscription::ctrl {

/// The words behind the program's name; `program` is what messages begin with.
[[nodiscard]] ExitCode run(std::span<const std::string> words, std::string_view program) noexcept;

}  // namespace shared_subscription::ctrl
