// All that is saved, read at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared_subscription/state.hpp"
#include "store/database.hpp"

namespace shared_subscription {

/// Without uses that were left before `broker_saved`, in seconds since 1970. Nothing, and
/// `problem` says why for a person, on failure.
[[nodiscard]] std::optional<State> read_state(Database& database,
                                              std::optional<std::int64_t> broker_saved,
                                              std::string& problem);

}  // namespace shared_subscription
