// The same actions with the plugin and without it: who is in no group must not notice.

#pragma once

#include "player.hpp"

namespace fuzz {

Findings compare(const Outcome& with_plugin, const Outcome& without_plugin);

}  // namespace fuzz
