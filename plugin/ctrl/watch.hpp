// `watch`: all groups, drawn again every second, until Ctrl-C.
#pragma once

#include "ctrl/session.hpp"

namespace shared_subscription::ctrl {

/// On a terminal a table that stays in its place; elsewhere one table after the other, or with
/// `json` an object in each line. False if it ended because of a failure.
[[nodiscard]] bool watch(Session& session, bool json, Failure& failure);

}  // namespace shared_subscription::ctrl
