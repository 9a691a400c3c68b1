#include "fake_mosquitto.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace shared_subscription {

std::vector<std::string> FakeMosquitto::lines(int level) const {
    std::vector<std::string> texts;
    for (const auto& line : log) {
        if (line.level == level) texts.push_back(line.text);
    }
    return texts;
}

FakeMosquitto& fake_mosquitto() {
    static FakeMosquitto fake;
    return fake;
}

}  // namespace shared_subscription

using shared_subscription::fake_mosquitto;

extern "C" {

void mosquitto_log_printf(int level, const char* format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    fake_mosquitto().log.push_back({level, line});
}

// 2.0 knows no event from SUBSCRIBE on but those it shares with 2.1 (src/plugin_public.c).
int mosquitto_callback_register(mosquitto_plugin_id_t* /*identifier*/, int event,
                                MOSQ_FUNC_generic_callback callback, const void* /*data*/,
                                void* /*user_data*/) {
    auto& fake = fake_mosquitto();
    if (event > MOSQ_EVT_DISCONNECT && !fake.has_session_events) return MOSQ_ERR_NOT_SUPPORTED;
    if (event == fake.refused_event) return MOSQ_ERR_NOMEM;
    fake.callbacks[event] = callback;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_callback_unregister(mosquitto_plugin_id_t* /*identifier*/, int event,
                                  MOSQ_FUNC_generic_callback callback, const void* /*data*/) {
    auto& callbacks = fake_mosquitto().callbacks;
    const auto found = callbacks.find(event);
    if (found == callbacks.end() || found->second != callback) return MOSQ_ERR_NOT_FOUND;
    callbacks.erase(found);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_kick_client_by_clientid(const char* /*client_id*/, bool /*with_will*/) {
    return MOSQ_ERR_NOT_FOUND;
}

// Clients have no content here: whatever needs one is tested through the engine or with a real
// broker.
const char* mosquitto_client_id(const struct mosquitto* /*client*/) {
    return nullptr;
}
bool mosquitto_client_clean_session(const struct mosquitto* /*client*/) {
    return false;
}
int mosquitto_client_protocol_version(const struct mosquitto* /*client*/) {
    return 4;
}
const char* mosquitto_client_address(const struct mosquitto* /*client*/) {
    return nullptr;
}
int mosquitto_client_sub_count(const struct mosquitto* /*client*/) {
    return 0;
}

int mosquitto_broker_publish_copy(const char* /*client_id*/, const char* /*topic*/,
                                  int /*payload_size*/, const void* /*payload*/, int /*qos*/,
                                  bool /*retain*/, mosquitto_property* /*properties*/) {
    return MOSQ_ERR_SUCCESS;
}
char* mosquitto_strdup(const char* text) {
    return strdup(text);
}

}  // extern "C"
