// What each command of the control API does.
#pragma once

#include <cstddef>
#include <string_view>

#include "control/fields.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {

/// What the commands of one request work on.
struct Administration {
    Engine& engine;
    bool shows_held_back;
    /// How many groups and members the answer may still have: it must not stall the broker.
    std::size_t budget = 10'000;
};

/// The command's data; null: it has none, or failed, with the problem in `fields`.
[[nodiscard]] Json carry_out(std::string_view command, Fields& fields,
                             Administration& administration);

}  // namespace shared_subscription
