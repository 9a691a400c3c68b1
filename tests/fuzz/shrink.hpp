// A failure is made shorter by itself.

#pragma once

#include <chrono>
#include <functional>

#include "action.hpp"

namespace fuzz {

// The shortest list that was found, in that time, of which `fails` is true; it is of the whole one.
Actions shrink(Actions actions, const std::function<bool(const Actions&)>& fails,
               std::chrono::seconds patience);

}  // namespace fuzz
