// Mosquitto's C interface, in one place. The file is built against the headers of 2.0 or 2.1 and
// runs in both: what 2.1 added is declared here (include/mosquitto/broker.h there; the layouts are
// part of its plugin ABI).
#pragma once

extern "C" {
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
}

#include <cstdint>

namespace shared_subscription::v2_1 {

inline constexpr int kConnect = 11, kSubscribe = 12, kUnsubscribe = 13, kMessageOut = 27,
                     kClientOffline = 28;
inline constexpr int kPluginIgnore = 32;       ///< MOSQ_ERR_PLUGIN_IGNORE: "as if I were not there"
inline constexpr int kSessionTakenOver = 142;  ///< MOSQ_ERR_SESSION_TAKEN_OVER
inline constexpr int kAdministrativeAction = 152;  ///< MOSQ_ERR_ADMINISTRATIVE_ACTION

struct Subscription {
    char* client_id;
    char* topic_filter;  ///< may be replaced by another mosquitto_strdup; the broker frees the old
                         ///< one
    mosquitto_property* properties;
    std::uint32_t identifier;
    std::uint8_t options;
    std::uint8_t padding[3];
    void* future2[8];
};

/// Of SUBSCRIBE and UNSUBSCRIBE.
struct SubscribeEvent {
    void* future;
    ::mosquitto* client;
    Subscription data;
    void* future2[8];
};

/// Of CONNECT.
struct ConnectEvent {
    void* future;
    ::mosquitto* client;
    void* future2[4];
};

}  // namespace shared_subscription::v2_1
