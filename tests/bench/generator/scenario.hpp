// What a run does, as the command line says it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct BrokerAddress {
    std::uint16_t port = 0;  // of 127.0.0.1
    pid_t process = 0;       // is stopped while another one is loaded
};

struct Scenario {
    // Whom it talks to, in turn.
    std::vector<BrokerAddress> brokers;

    // Who is there. Groups take turns at the filters: `groups` is a multiple of `filters`.
    std::size_t publishers = 4;
    std::size_t groups = 1;
    std::size_t members = 4;     // of each group
    std::size_t filters = 1;     // bench/<n>/#
    std::size_t topics = 1;      // bench/<n>/<topic>; all filters together, at least one for each
    std::size_t bystanders = 0;  // members of one more group, which gets nothing
    bool shared = true;          // false: ordinary subscribers, each group has one member

    // What they send.
    std::uint8_t qos = 0;
    std::size_t payload = 16;      // bytes: the message's number, when it was due, padding
    std::size_t window = 20;       // QoS 1: so many unacknowledged messages of a publisher
    std::size_t in_flight = 1000;  // so many copies on their way, altogether
    std::uint64_t messages = 0;    // ends after so many; 0: after `seconds`
    double seconds = 5;            // measured at each broker
    double slice = 0.05;           // of these, at a time
    double warm_up = 1;
    double rate = 0;  // messages a second, due in even steps; 0: as fast as `in_flight` lets them

    // Joining: each client joins so many groups, of `groups`; nothing is published. 0: does not.
    std::size_t memberships = 0;
    std::size_t clients = 1000;
};

/// Throws std::invalid_argument, which says what is wrong.
Scenario read_scenario(int count, const char* const* arguments);

}  // namespace bench
