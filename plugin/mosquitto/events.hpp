// The broker's events. Each callback converts, asks the engine and converts back.
#pragma once

#include <optional>

#include "mosquitto/access_control.hpp"
#include "mosquitto/headers.hpp"

namespace shared_subscription {

struct Instance;

/// Which generation of the broker this is: 2.0 does not know the SUBSCRIBE event. Registers
/// nothing.
[[nodiscard]] Generation detect_generation(mosquitto_plugin_id_t* identifier);

/// Registers the callbacks of an instance. False, with the reason in the log, if the broker refuses
/// one.
[[nodiscard]] bool register_events(Instance& instance);
void unregister_events(Instance& instance);

/// Registers TICK, once for all instances. On 2.0 at the first event, so that it comes behind
/// everybody else's: what they disconnect in theirs is then known to be of the same round
/// (Broker::has_ended).
void register_tick(Instance& instance);

/// CONTROL, for requests of administrators. A broker that does not offer it runs without.
void register_control(Instance& instance);
void unregister_control(Instance& instance);

/// What differs by generation: SUBSCRIBE and UNSUBSCRIBE checks, and the events of sessions.
struct EventTable {
    int event;
    const char* name;
    MOSQ_FUNC_generic_callback callback;
};

namespace v2_0 {
int check_subscribe(Instance& instance, mosquitto_evt_acl_check& check);
int check_unsubscribe(Instance& instance, mosquitto_evt_acl_check& check);
int on_disconnect(int event, void* data, void* instance) noexcept;
}  // namespace v2_0

namespace v2_1 {
int check_subscribe(Instance& instance, mosquitto_evt_acl_check& check);
int check_unsubscribe(Instance& instance, mosquitto_evt_acl_check& check);
int on_subscribe(int event, void* data, void* instance) noexcept;
int on_unsubscribe(int event, void* data, void* instance) noexcept;
int on_message_out(int event, void* data, void* instance) noexcept;
int on_connect(int event, void* data, void* instance) noexcept;
int on_offline(int event, void* data, void* instance) noexcept;
int on_disconnect(int event, void* data, void* instance) noexcept;
}  // namespace v2_1

}  // namespace shared_subscription
