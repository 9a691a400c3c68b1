// The three functions that the broker calls. Everything else is behind Runtime.
#include <vector>

#include "mosquitto/guard.hpp"
#include "mosquitto/headers.hpp"
#include "mosquitto/runtime.hpp"

using shared_subscription::guarded;
using shared_subscription::Instance;
using shared_subscription::Option;
using shared_subscription::Runtime;

#define PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))

PLUGIN_EXPORT int mosquitto_plugin_version(int supported_version_count,
                                           const int* supported_versions) {
    for (int index = 0; index < supported_version_count; ++index) {
        if (supported_versions[index] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
    }
    return -1;
}

PLUGIN_EXPORT int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** user_data,
                                        mosquitto_opt* options, int option_count) {
    return guarded("initialisation", MOSQ_ERR_UNKNOWN, [&] {
        std::vector<Option> given;
        given.reserve(static_cast<std::size_t>(option_count));
        for (int index = 0; index < option_count; ++index) {
            given.emplace_back(options[index].key,
                               options[index].value ? options[index].value : "");
        }
        auto* instance = Runtime::start(identifier, given);
        *user_data = instance;
        return instance ? MOSQ_ERR_SUCCESS : MOSQ_ERR_INVAL;
    });
}

PLUGIN_EXPORT int mosquitto_plugin_cleanup(void* user_data, mosquitto_opt* /*options*/,
                                           int /*option_count*/) {
    return guarded("cleanup", MOSQ_ERR_UNKNOWN, [&] {
        if (user_data) Runtime::stop(*static_cast<Instance*>(user_data));
        return MOSQ_ERR_SUCCESS;
    });
}
