// From a seed to a list of actions.

#pragma once

#include <cstdint>

#include "action.hpp"

namespace fuzz {

// The clients by number. Those below first_member subscribe to non-shared filters alone, so the
// broker with the plugin and the one without it have to serve them alike. What happens to the last
// one depends on the time: its sessions and wills end after a second or two.
constexpr int first_member = 4;
constexpr int restricted_client = 8;  // "bob", where access is controlled
constexpr int timed_client = 9;
constexpr int client_count = 10;

std::string client_id(int client);

// The same for the same arguments, on every machine.
Actions make_plan(std::uint64_t seed, std::size_t count);

// The same list but for strings of length zero in properties.
void fill_empty_texts(Actions& actions);

// What messages are published to: for the end, when each retained one is taken away.
std::vector<std::string> all_topics();

// Published by whom, with what outlook, as its payload says:
//   m  a client         w  a will
//   p  another plugin   x  something that depends on the time
// followed by the number of the action, "c" and the number of the client, and "|".
struct Origin {
    char kind = '?';
    std::size_t action = 0;
    int client = -1;
    auto operator<=>(const Origin&) const = default;
};
Origin origin_of(std::string_view payload);

}  // namespace fuzz
