// Metrics as text for Prometheus, in the formats that monitoring reads from a file or over HTTP.
#pragma once

#include <string>

#include "ctrl/command.hpp"

namespace shared_subscription::ctrl {

/// The answers to getVersion, getStatistics and listGroups, as OpenMetrics text that is also valid
/// in Prometheus' own format 0.0.4. The formats name the family of a counter differently, one with
/// `_total`, one without, so counters have no TYPE line. Of two groups of the same labels the later
/// one counts: it has begun while pages were fetched.
[[nodiscard]] std::string exposition(const Json& version, const Json& statistics,
                                     const Json& groups);

}  // namespace shared_subscription::ctrl
