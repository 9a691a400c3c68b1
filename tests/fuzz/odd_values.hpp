// What the random clients choose from: a few topics and filters that overlap much, and whatever is
// odd.

#pragma once

#include <string>
#include <vector>

#include "packet.hpp"
#include "random.hpp"

namespace fuzz {

const std::vector<std::string>& topics();
const std::vector<std::string>& filters();  // without a prefix
const std::vector<std::string>& odd_group_names();
const std::vector<std::string>& malformed_filters();  // "$share/..." and "$queue/..."

struct RawPacket {
    std::string bytes;
    bool ends_connection;  // the client ends it: what follows would belong to this packet
};
const std::vector<RawPacket>& raw_packets();

// With GROUP, FILTER and CLIENT in them.
const std::vector<std::string>& control_requests();

// Of a PUBLISH.
Properties odd_properties(Random& random);

}  // namespace fuzz
