// What tests/run hands to the integration tests: the plugin and the broker to try it with.

#pragma once

#include <string>
#include <vector>

namespace integration {

enum class BrokerVersion { v20, v20_later, v21 };  // 2.0.11, 2.0.21, 2.1

struct Environment {
    std::string plugin;                       // SHARED_SUBSCRIPTION_PLUGIN
    BrokerVersion broker;                     // SHARED_SUBSCRIPTION_BROKER: "2.0", "2.0.21", "2.1"
    std::vector<std::string> broker_command;  // SHARED_SUBSCRIPTION_BROKER_COMMAND
    std::string dynamic_security;             // SHARED_SUBSCRIPTION_DYNAMIC_SECURITY
    std::string broker_preload;               // SHARED_SUBSCRIPTION_BROKER_PRELOAD, may be empty
};

// Throws std::runtime_error, which fails the test, when a variable is missing or makes no sense.
const Environment& environment();

// Either of 2.0: the generation as the plugin sees it.
bool broker_is_20();

// What releases of one generation differ in.

// A plugin can ask what other access control will say (mosquitto_acl_check is exported): a member
// that may not read a message is not elected. Where it cannot, the message is lost for the group.
bool broker_can_be_asked();
// Under per_listener_settings it denies those that are offline everything, and asks no plugin.
bool broker_denies_the_away();
// It refuses No Local on `$share/...`, as MQTT 5 asks.
bool broker_refuses_no_local();
// Its configuration may be in a pipe.
bool broker_reads_pipes();
// A connected client's queue holds max_inflight_messages more than max_queued_messages.
bool broker_adds_the_window_to_the_queue();

// SHARED_SUBSCRIPTION_LONG is set: long runs too.
bool long_runs();

// SHARED_SUBSCRIPTION_CTRL: the command line client; its module for mosquitto_ctrl is beside it.
std::string ctrl_client();

// SHARED_SUBSCRIPTION_MQTTJS: where MQTT.js is installed, a directory with node_modules in it.
// Throws like environment().
std::string mqttjs_directory();

}  // namespace integration
