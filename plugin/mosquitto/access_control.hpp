// How the plugin must answer so that everybody else's access control stays as it is. See
// plugin/DESIGN.md, "Access control".
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "mosquitto/configuration.hpp"
#include "mosquitto/options.hpp"

namespace shared_subscription {

/// Says which line to move if a `plugin` line stands before one of ours in the same chain; empty:
/// all is well.
[[nodiscard]] std::string find_misplaced(const Configuration& configuration,
                                         const std::filesystem::path& own, Generation generation);

/// Whether somebody else decides about access, and why that is thought.
struct Others {
    bool decide;
    std::string reason;
    bool is_known = true;  ///< otherwise somebody may, even before the plugin is asked
};

/// Looks at the chain that the `instance`-th initialisation of the plugin belongs to (from 0).
[[nodiscard]] Others find_others(const Configuration& configuration,
                                 const std::filesystem::path& own, Generation generation,
                                 std::size_t instance);

/// 2.1: whether somebody certainly says who may write what, to all clients. What other plugins are
/// for is not known, and a check from which all abstain is allowed there.
[[nodiscard]] bool certainly_controls_access(const Configuration& configuration);

}  // namespace shared_subscription
