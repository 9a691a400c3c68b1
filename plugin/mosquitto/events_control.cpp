// `$CONTROL/shared-subscription/v1`: the broker has checked that the client may write it.
#include "control/protocol.hpp"
#include "mosquitto/convert.hpp"
#include "mosquitto/events.hpp"
#include "mosquitto/guard.hpp"
#include "mosquitto/runtime.hpp"

namespace shared_subscription {
namespace {

int on_control(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("CONTROL", MOSQ_ERR_SUCCESS, [&] {
        const auto& event = *static_cast<const mosquitto_evt_control*>(data);
        const auto client = to_client(event.client);
        if (!client.id.data()) return MOSQ_ERR_SUCCESS;
        const std::string asking(client.id);
        const auto* payload = static_cast<const char*>(event.payload);
        const auto answer = instance.runtime.control(
            instance, {payload, payload ? std::size_t{event.payloadlen} : 0});
        // To this client only; nobody else is asked, nor is a subscription needed.
        mosquitto_broker_publish_copy(asking.c_str(), kControlResponseTopic,
                                      static_cast<int>(answer.size()), answer.data(), 0, false,
                                      nullptr);
        return MOSQ_ERR_SUCCESS;
    });
}

}  // namespace

void register_control(Instance& instance) {
    const int result = mosquitto_callback_register(instance.identifier, MOSQ_EVT_CONTROL,
                                                   on_control, kControlTopic, &instance);
    // Of the listeners, each of which has an instance, 2.1 takes the first one's for all.
    const bool is_there = result == MOSQ_ERR_ALREADY_EXISTS && instance.number > 0;
    if (result == MOSQ_ERR_SUCCESS || is_there) return;
    instance.runtime.broker().log(LogLevel::warning,
                                  std::string("there is no control by ") + kControlTopic +
                                      ": the broker does not take the callback (" +
                                      std::to_string(result) + ").");
}

void unregister_control(Instance& instance) {
    mosquitto_callback_unregister(instance.identifier, MOSQ_EVT_CONTROL, on_control, kControlTopic);
}

}  // namespace shared_subscription
