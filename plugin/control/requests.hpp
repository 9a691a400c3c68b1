// The control API: JSON requests on `$CONTROL/shared-subscription/v1`, in the form of Mosquitto's
// dynamic-security API. Values in, values out; knows no broker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/moment.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {

/// Bytes; a larger request is refused before it is read.
inline constexpr std::size_t kMaxRequest = 100'000;

/// The answer to a request, `{"commands":[...]}`: one response for each command, in that order. A
/// command that fails has changed nothing. `shows_held_back`: whether the broker (2.1) lets the
/// engine know what it holds back. Throws std::bad_alloc only.
[[nodiscard]] std::string answer_request(std::string_view request, Engine& engine,
                                         bool shows_held_back, const Moment& now);

/// The answer to any request, with that error for a person.
[[nodiscard]] std::string refuse_request(std::string_view error);

}  // namespace shared_subscription
