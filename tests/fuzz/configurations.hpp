// The configurations of the broker that runs choose from.

#pragma once

#include <string>
#include <vector>

#include "../integration/broker.hpp"

namespace fuzz {

// "default", "file", "acl_file+limits", ...: words joined by "+".
std::vector<std::string> all_configurations();
// Throws std::invalid_argument for one with an unknown word.
integration::Configuration make_configuration(const std::string& name, integration::Broker& broker,
                                              bool with_plugin);
bool keeps_groups(const std::string& name);
bool has_limits(const std::string& name);  // of queues
bool has_small_windows(const std::string& name);
bool has_direct_members(const std::string& name);
bool restricts(const std::string& name);  // the restricted client may not read everything
// The broker asks no plugin about those who are offline, so what their groups miss is not counted.
bool denies_the_away(const std::string& name);
// Whether the plugin may learn later that a group has ended, by what somebody publishes, or asks
// for it.
bool learns_late(const std::string& name);
// 2.0.12 and later keep what they drop of what a plugin publishes to one client, in their store
// until they stop (single_publish), and let no plugin free it: with small limits that is much.
bool keeps_what_it_drops(const std::string& name);
// 2.0.11 reads too much when it saves a client with a user name (persist__chunk_client_write_v6),
// and its sanitizers end it.
bool is_for_this_broker(const std::string& name);

}  // namespace fuzz
