// Random numbers that are the same with every standard library.

#pragma once

#include <cstdint>
#include <random>

namespace fuzz {

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    unsigned below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }
    bool one_in(unsigned count) { return below(count) == 0; }

  private:
    std::mt19937_64 engine_;
};

}  // namespace fuzz
