// What each command of the control API does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "control/fields.hpp"
#include "control/moment.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {

/// So many commands may be in a request, and so many groups and members in all responses to it.
inline constexpr std::size_t kMostInRequest = 10'000;

/// What the commands of one request work on, and what they may still cost: they must not stall the
/// broker, however many groups there are.
struct Administration {
    Engine& engine;
    bool shows_held_back;
    Moment now;
    /// In groups and members that are shown. A command goes on where it exceeds what is left.
    std::size_t budget = kMostInRequest;

    void spend(std::size_t shown) noexcept { budget -= std::min(budget, shown); }
    void spend_on_passing(std::size_t groups_and_members) noexcept {
        constexpr std::size_t kAsOneShown = 10;  // in time
        spend(groups_and_members / kAsOneShown);
    }
};

/// The command's data; null: it has none, or failed, with the problem in `fields`.
[[nodiscard]] Json carry_out(std::string_view command, Fields& fields,
                             Administration& administration);

}  // namespace shared_subscription
