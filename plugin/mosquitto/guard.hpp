// The wall between C++ and the broker's C: no exception crosses it.
#pragma once

#include <exception>

#include "mosquitto/headers.hpp"

namespace shared_subscription {

/// Says what went wrong in which event, the first time and then each power of two.
void report_failure(const char* event, const char* what) noexcept;

/// Runs a callback's body; where it throws, logs that and gives the answer that is safe for the
/// event.
template <class Body>
int guarded(const char* event, int safe_answer, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::exception& error) {
        report_failure(event, error.what());
    } catch (...) {
        report_failure(event, "unknown exception");
    }
    return safe_answer;
}

inline void report_failure(const char* event, const char* what) noexcept {
    static unsigned long failures = 0;
    ++failures;
    if ((failures & (failures - 1)) != 0) return;
    mosquitto_log_printf(MOSQ_LOG_ERR,
                         "Error: shared-subscription: %s failed (%s), %lu times so far.", event,
                         what, failures);
}

}  // namespace shared_subscription
