// Many clients join many groups, each several.
#pragma once

#include <cstdint>

#include "scenario.hpp"

namespace bench {

struct Joined {
    double seconds;  // from the first SUBSCRIBE until the last SUBACK
    double broker_cpu;
    std::uint64_t before;  // bytes of the broker, when all were connected
    std::uint64_t after;   // and when all had joined
};

Joined join(const Scenario& scenario);

}  // namespace bench
