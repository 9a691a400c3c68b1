#include "tally.hpp"

#include <algorithm>

namespace bench {

double Tally::latency(double part) {
    if (latencies_.empty()) return 0;
    const auto last = latencies_.size() - 1;
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(last));
    std::ranges::nth_element(latencies_, latencies_.begin() + at);
    return static_cast<double>(latencies_[static_cast<std::size_t>(at)]) / 1000;
}

}  // namespace bench
