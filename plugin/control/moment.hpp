// When somebody looks.
#pragma once

#include <cstdint>

namespace shared_subscription {

struct Moment {
    std::int64_t seconds;       ///< since 1970
    std::int64_t milliseconds;  ///< of the clock of Engine::tick
};

}  // namespace shared_subscription
