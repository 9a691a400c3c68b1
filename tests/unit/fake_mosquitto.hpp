// The functions of the broker that the plugin is linked against, without a broker.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mosquitto/headers.hpp"

namespace shared_subscription {

struct FakeMosquitto {
    struct Line {
        int level;
        std::string text;
    };
    std::vector<Line> log;
    std::map<int, MOSQ_FUNC_generic_callback> callbacks;  ///< by event
    bool has_session_events = false;                      ///< as 2.1
    int refused_event = 0;                                ///< registering this one fails

    /// The texts of that level.
    [[nodiscard]] std::vector<std::string> lines(int level) const;
};

/// The one that the functions act on. Tests begin with `fake_mosquitto() = {}`.
[[nodiscard]] FakeMosquitto& fake_mosquitto();

}  // namespace shared_subscription
