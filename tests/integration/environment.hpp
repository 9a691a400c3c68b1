// What tests/run hands to the integration tests: the plugin and the broker to try it with.

#pragma once

#include <string>
#include <vector>

namespace integration {

enum class BrokerVersion { v20, v21 };

struct Environment {
    std::string plugin;                       // SHARED_SUBSCRIPTION_PLUGIN
    BrokerVersion broker;                     // SHARED_SUBSCRIPTION_BROKER: "2.0" or "2.1"
    std::vector<std::string> broker_command;  // SHARED_SUBSCRIPTION_BROKER_COMMAND
    std::string dynamic_security;             // SHARED_SUBSCRIPTION_DYNAMIC_SECURITY
    std::string broker_preload;               // SHARED_SUBSCRIPTION_BROKER_PRELOAD, may be empty
};

// Throws std::runtime_error, which fails the test, when a variable is missing or makes no sense.
const Environment& environment();

bool broker_is_20();

// SHARED_SUBSCRIPTION_LONG is set: long runs too.
bool long_runs();

// SHARED_SUBSCRIPTION_MQTTJS: where MQTT.js is installed, a directory with node_modules in it.
// Throws like environment().
std::string mqttjs_directory();

}  // namespace integration
