// A plugin that does nothing but what the broker makes every plugin do that shares messages: it
// takes the same callbacks, and on 2.0 says no to all members of the one group but the next. What
// it costs is the broker's own cost; no plugin can be faster (tests/bench/run --floor).
//
// No plugin to use: it looks neither at topics nor at clients, and knows one group that all of its
// members have joined before the first message.
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace {

constexpr int kSubscribe = 12, kMessageOut = 27, kPluginIgnore = 32;  // of 2.1

bool is_2_1 = false;
std::size_t members = 0, asked = 0, next_member = 0;

// As the plugin: the broker's own buffer, made shorter.
void shorten(const char* shared_filter) {
    const std::string_view filter = shared_filter;
    const auto topic_filter = filter.substr(filter.find('/', std::strlen("$share/")) + 1);
    auto* buffer = const_cast<char*>(shared_filter);
    *std::ranges::copy(topic_filter, buffer).out = '\0';
}

bool is_next() {
    const bool is_it = asked == next_member;
    if (++asked == members) {
        asked = 0;
        next_member = next_member + 1 == members ? 0 : next_member + 1;
    }
    return is_it;
}

int on_acl_check(int /*event*/, void* data, void* /*user_data*/) {
    if (is_2_1) return kPluginIgnore;
    const auto& check = *static_cast<const mosquitto_evt_acl_check*>(data);
    if (check.access == MOSQ_ACL_READ && members > 0)
        return is_next() ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
    if (check.access == MOSQ_ACL_SUBSCRIBE &&
        std::string_view(check.topic).starts_with("$share/")) {
        shorten(check.topic);
        ++members;
    }
    return MOSQ_ERR_SUCCESS;
}

int on_event(int /*event*/, void* /*data*/, void* /*user_data*/) {
    return MOSQ_ERR_SUCCESS;
}

}  // namespace

extern "C" {

int mosquitto_plugin_version(int /*count*/, const int* /*versions*/) {
    return 5;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t* identifier, void** /*user_data*/,
                          mosquitto_opt* /*options*/, int /*count*/) {
    const auto take = [identifier](int event, MOSQ_FUNC_generic_callback callback) {
        return mosquitto_callback_register(identifier, event, callback, nullptr, nullptr);
    };
    is_2_1 = take(kSubscribe, on_event) == MOSQ_ERR_SUCCESS;
    if (is_2_1) take(kMessageOut, on_event);
    take(MOSQ_EVT_MESSAGE, on_event);
    take(MOSQ_EVT_TICK, on_event);
    return take(MOSQ_EVT_ACL_CHECK, on_acl_check);
}

int mosquitto_plugin_cleanup(void* /*user_data*/, mosquitto_opt* /*options*/, int /*count*/) {
    return MOSQ_ERR_SUCCESS;
}
}
