#include "mosquitto/events.hpp"

#include <array>
#include <string>
#include <thread>
#include <utility>

#include "mosquitto/convert.hpp"
#include "mosquitto/guard.hpp"
#include "mosquitto/runtime.hpp"

namespace shared_subscription {
namespace {

int to_result(const Instance& instance, Answer answer) {
    if (answer == Answer::allow) return MOSQ_ERR_SUCCESS;
    return answer == Answer::deny ? MOSQ_ERR_ACL_DENIED : instance.neutral;
}

int check_read(Instance& instance, const mosquitto_evt_acl_check& check) {
    auto& engine = instance.runtime.engine();
    if (engine.is_idle()) return instance.neutral;
    const auto client = to_client(check.client);
    if (!client.id.data()) return instance.neutral;
    return to_result(instance, engine.may_read(client, to_message(check)));
}

/// Nobody is in a group, and nobody publishes to one by mistake.
bool is_none_of_ours(Instance& instance, const char* topic) {
    return instance.runtime.engine().is_idle() && *topic != '$';
}

int check_write(Instance& instance, const mosquitto_evt_acl_check& check) {
    if (is_none_of_ours(instance, check.topic)) return instance.neutral;
    const auto client = to_client(check.client);
    if (!client.id.data()) return instance.neutral;
    return instance.runtime.engine().may_write(client, to_message(check)) ? instance.neutral
                                                                          : MOSQ_ERR_ACL_DENIED;
}

int check_access(Instance& instance, mosquitto_evt_acl_check& check) {
    const bool is_2_0 = instance.runtime.generation() == Generation::v2_0;
    switch (check.access) {
        case MOSQ_ACL_READ:
            return check_read(instance, check);
        case MOSQ_ACL_WRITE:
            return check_write(instance, check);
        case MOSQ_ACL_SUBSCRIBE:
            return is_2_0 ? v2_0::check_subscribe(instance, check)
                          : v2_1::check_subscribe(instance, check);
        case MOSQ_ACL_UNSUBSCRIBE:
            return is_2_0 ? v2_0::check_unsubscribe(instance, check)
                          : v2_1::check_unsubscribe(instance, check);
        default:
            return instance.neutral;
    }
}

[[gnu::noinline]] int check_converted(Instance& instance, mosquitto_evt_acl_check& check) {
    register_tick(instance);
    return check_access(instance, check);
}

// What needs no conversion does without it.
[[gnu::noinline]] int check_guarded(Instance& instance, mosquitto_evt_acl_check& check) noexcept {
    return guarded("ACL_CHECK", MOSQ_ERR_ACL_DENIED, [&] {
        const auto own = instance.runtime.broker().answer_own(check, instance.neutral);
        if (own) return *own;
        auto& engine = instance.runtime.engine();
        if (check.access == MOSQ_ACL_READ) {
            const char* id = mosquitto_client_id(check.client);
            const auto answer = id ? engine.may_read_at_once(check.client, id, to_shown(check))
                                   : std::optional(Answer::untouched);
            if (answer) return to_result(instance, *answer);
        } else if (check.access == MOSQ_ACL_WRITE) {
            if (engine.may_write_at_once(check.client, check.topic)) return instance.neutral;
        }
        return check_converted(instance, check);
    });
}

// With many members this is called for each of them, and nearly always says no. What is not for
// that is in `check_guarded`: it would take a stack frame here, for each of them.
int on_acl_check(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    auto& check = *static_cast<mosquitto_evt_acl_check*>(data);
    if (check.access == MOSQ_ACL_READ && !instance.runtime.broker().is_asking() &&
        instance.runtime.engine().loses_at_once(check.client, to_shown(check)))
        return MOSQ_ERR_ACL_DENIED;
    return check_guarded(instance, check);
}

// Its web interface has URLs checked on a thread of its own, for a client that is none
// (src/http_api.c, check_access).
int on_acl_check_of_any_thread(int event, void* data, void* user_data) noexcept {
    const auto& instance = *static_cast<Instance*>(user_data);
    if (std::this_thread::get_id() != instance.runtime.thread()) return instance.neutral;
    return on_acl_check(event, data, user_data);
}

[[gnu::noinline]] int receive_converted(Instance& instance, const mosquitto_evt_message& event) {
    if (is_none_of_ours(instance, event.topic)) return MOSQ_ERR_SUCCESS;
    const auto client = to_client(event.client);
    if (!client.id.data()) return MOSQ_ERR_SUCCESS;
    return instance.runtime.engine().receive(client, to_message(event)) ? MOSQ_ERR_SUCCESS
                                                                        : MOSQ_ERR_ACL_DENIED;
}

int on_message(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("MESSAGE", MOSQ_ERR_SUCCESS, [&]() -> int {
        const auto& event = *static_cast<const mosquitto_evt_message*>(data);
        instance.runtime.pass();
        if (instance.runtime.engine().receive_at_once(event.client, to_shown(event)))
            return MOSQ_ERR_SUCCESS;
        return receive_converted(instance, event);
    });
}

// 2.1 sleeps for as long as nobody wants a round, and leaves a callback out until the time that it
// asked for last, counted from the time that the event shows (plugin__handle_tick_single). This one
// shall never be left out: what the broker does between two rounds is judged by what it holds at
// their ends. The field has another name in the headers of 2.0.
template <class Tick>
void ask_for_round(Tick& tick, int milliseconds) {
    tick.now_s = 0;
    tick.now_ns = 0;
    if constexpr (requires { tick.next_ms; }) {
        tick.next_ms = milliseconds;
    } else {
        tick.next_ns = milliseconds;
    }
}

int on_tick(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("TICK", MOSQ_ERR_SUCCESS, [&] {
        if (instance.number != 0) return MOSQ_ERR_SUCCESS;  // once a round, however many listeners
        if (const int milliseconds = instance.runtime.tick(); milliseconds > 0)
            ask_for_round(*static_cast<mosquitto_evt_tick*>(data), milliseconds);
        return MOSQ_ERR_SUCCESS;
    });
}

int on_reload(int /*event*/, void* /*data*/, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    // 2.0 asks the next plugin only after DEFER; 2.1 takes that for an error.
    const int answer = instance.runtime.generation() == Generation::v2_0 ? MOSQ_ERR_PLUGIN_DEFER
                                                                         : MOSQ_ERR_SUCCESS;
    return guarded("RELOAD", answer, [&] {
        if (instance.number == 0) instance.runtime.reload();
        return answer;
    });
}

constexpr std::array kCommon{
    EventTable{MOSQ_EVT_MESSAGE, "MESSAGE", on_message},
    EventTable{MOSQ_EVT_RELOAD, "RELOAD", on_reload},
};
constexpr std::array k20{
    EventTable{MOSQ_EVT_ACL_CHECK, "ACL_CHECK", on_acl_check},
    EventTable{MOSQ_EVT_DISCONNECT, "DISCONNECT", v2_0::on_disconnect},
};
constexpr std::array k21{
    EventTable{MOSQ_EVT_ACL_CHECK, "ACL_CHECK", on_acl_check_of_any_thread},
    EventTable{v2_1::kSubscribe, "SUBSCRIBE", v2_1::on_subscribe},
    EventTable{v2_1::kMessageOut, "MESSAGE_OUT", v2_1::on_message_out},
    EventTable{v2_1::kUnsubscribe, "UNSUBSCRIBE", v2_1::on_unsubscribe},
    EventTable{v2_1::kConnect, "CONNECT", v2_1::on_connect},
    EventTable{v2_1::kClientOffline, "CLIENT_OFFLINE", v2_1::on_offline},
    EventTable{MOSQ_EVT_DISCONNECT, "DISCONNECT", v2_1::on_disconnect},
};

template <class Table>
bool register_all(Instance& instance, const Table& table) {
    for (const auto& entry : table) {
        const int result = mosquitto_callback_register(instance.identifier, entry.event,
                                                       entry.callback, nullptr, &instance);
        if (result == MOSQ_ERR_SUCCESS) continue;
        instance.runtime.broker().log(LogLevel::error,
                                      std::string("the broker does not take the callback for ") +
                                          entry.name + " (" + std::to_string(result) + ").");
        return false;
    }
    return true;
}

template <class Table>
void unregister_all(Instance& instance, const Table& table) {
    for (const auto& entry : table) {
        mosquitto_callback_unregister(instance.identifier, entry.event, entry.callback, nullptr);
    }
}

int never_called(int /*event*/, void* /*data*/, void* /*user_data*/) {
    return MOSQ_ERR_SUCCESS;
}

}  // namespace

Generation detect_generation(mosquitto_plugin_id_t* identifier) {
    const int result =
        mosquitto_callback_register(identifier, v2_1::kSubscribe, never_called, nullptr, nullptr);
    if (result != MOSQ_ERR_SUCCESS) return Generation::v2_0;
    mosquitto_callback_unregister(identifier, v2_1::kSubscribe, never_called, nullptr);
    return Generation::v2_1;
}

bool register_events(Instance& instance) {
    if (!register_all(instance, kCommon)) return false;
    register_control(instance);
    if (instance.runtime.generation() == Generation::v2_0) return register_all(instance, k20);
    register_tick(instance);
    return register_all(instance, k21);
}

void unregister_events(Instance& instance) {
    unregister_all(instance, kCommon);
    unregister_control(instance);
    if (instance.runtime.generation() == Generation::v2_0) {
        unregister_all(instance, k20);
    } else {
        unregister_all(instance, k21);
    }
    if (instance.has_tick)
        mosquitto_callback_unregister(instance.identifier, MOSQ_EVT_TICK, on_tick, nullptr);
}

void register_tick(Instance& instance) {
    if (std::exchange(instance.has_acted, true)) return;
    auto& first = instance.runtime.first();
    if (std::exchange(first.has_tick, true)) return;
    mosquitto_callback_register(first.identifier, MOSQ_EVT_TICK, on_tick, nullptr, &first);
}

}  // namespace shared_subscription
