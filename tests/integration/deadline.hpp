// No wait without an end: every wait of the tests is a poll(2) for something definite, bounded by a
// Deadline. A deadline that passes fails the test; no test relies on one passing.

#pragma once

#include <poll.h>

#include <chrono>
#include <span>
#include <stdexcept>
#include <string>

namespace integration {

struct DeadlinePassed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Deadline {
  public:
    explicit Deadline(std::chrono::milliseconds patience = std::chrono::seconds(15))
        : end_(std::chrono::steady_clock::now() + patience) {}

    // Waits until a descriptor is ready. Throws DeadlinePassed, naming what was waited for.
    void poll(std::span<pollfd> descriptors, const std::string& what) const {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end_ - std::chrono::steady_clock::now());
        const int timeout = left.count() > 0 ? static_cast<int>(left.count()) : 0;
        if (::poll(descriptors.data(), descriptors.size(), timeout) == 0) {
            throw DeadlinePassed("waited in vain for " + what);
        }
    }

  private:
    std::chrono::steady_clock::time_point end_;
};

}  // namespace integration
