// What may happen in a run, as plain values. A list of these is all that a run depends on, so that
// one with fewer of them is a shorter run.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packet.hpp"

namespace fuzz {

enum class ActionKind {
    // Of one client.
    connect,     // one that is connected is taken over
    disconnect,  // with DISCONNECT
    close,       // without: FIN
    reset,       // without: RST
    stall,       // the socket stays open, nothing is read or written
    resume,      // of what was stalled
    subscribe,
    unsubscribe,
    publish,
    release,      // PUBREL for each QoS 2 message that was held back
    resend,       // the same message again, with DUP
    withhold,     // acknowledges nothing from now on
    acknowledge,  // some of what was withheld, with `count` 0 all, and everything from now on
    raw,          // bytes that may be no MQTT
    // Of nobody.
    control,       // a request on $CONTROL/shared-subscription/v1
    other_plugin,  // publishes `count` messages
    reload,        // SIGHUP
    restart,       // SIGTERM
    crash,         // SIGKILL
    wait,          // `count` milliseconds
};

struct Subscription {
    std::string filter;
    std::uint8_t options = 0;  // the byte of MQTT 5 section 3.8.3.1
};

struct Session {
    int protocol = 5;
    bool clean_start = true;
    std::uint32_t expiry = 0;  // seconds; MQTT 3.1.1: any but 0 keeps it
    std::uint16_t receive_maximum = 0;
    std::uint32_t maximum_packet_size = 0;
    std::uint16_t topic_alias_maximum = 0;
    std::optional<Message> will = {};
    std::uint32_t will_delay = 0;
};

struct Action {
    ActionKind kind{};
    std::size_t number = 0;  // its place in the whole list: names what it publishes
    int client = -1;
    Session session = {};
    std::vector<Subscription> subscriptions = {};
    std::uint32_t subscription_identifier = 0;
    Message message = {};
    bool is_held = false;     // QoS 2 without PUBREL
    std::uint16_t alias = 0;  // topic alias; the topic is left out if the client has used it for it
    int count = 0;
    std::string bytes = {};               // raw packet, control request
    std::string group = {}, filter = {};  // whom a control request means
};
using Actions = std::vector<Action>;

// "$share/<group>/<filter>" or "$queue/<filter>", or a malformed one.
bool is_group_filter(std::string_view filter);
// The name and the filter of one that is well-formed.
struct GroupName {
    std::string share_name;
    std::string filter;
    auto operator<=>(const GroupName&) const = default;
};
std::optional<GroupName> group_of(std::string_view filter);
// [MQTT-4.7]
bool matches(std::string_view filter, std::string_view topic);

// One line.
std::string describe(const Action& action);

}  // namespace fuzz
