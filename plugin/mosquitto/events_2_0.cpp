// Mosquitto 2.0 shows a subscription only in the access check, and all uses of a filter by one
// client share a leaf.
#include <cstring>

#include "mosquitto/convert.hpp"
#include "mosquitto/events.hpp"
#include "mosquitto/guard.hpp"
#include "mosquitto/runtime.hpp"

namespace shared_subscription::v2_0 {
namespace {

void remove_nothing_with_success(const char* filter) {
    shorten_to(filter, kRemovesNothingWithSuccess);
}
// Of one character, any filter may be somebody's that is UTF-8. The broker writes it to its log.
void remove_nothing(const char* filter) {
    constexpr char kNoUtf8 = '\xFF';
    const bool is_one = std::strlen(filter) == 1;
    writable(filter)[0] = is_one ? kNoUtf8 : '#';
    if (!is_one && filter[1] == '/') writable(filter)[1] = '#';
}

// The broker's filter cannot be lengthened.
int refuse_to_remove(Instance& instance, const Client& client, const SubscriptionFilter& filter) {
    instance.runtime.broker().log(
        LogLevel::warning,
        "client " + quote(client.id) + " cannot leave group " + quote(filter.share_name) + " on " +
            quote(filter.topic_filter) +
            ": Mosquitto 2.0 leaves the mount_point out of an UNSUBSCRIBE, and this one is longer "
            "than the prefix of the group. It leaves when its session ends.");
    return MOSQ_ERR_ACL_DENIED;
}

// A kick has it checked again, for what it stands for. Nobody else may have one.
int check_direct(Instance& instance, mosquitto_evt_acl_check& check, const Client& client,
                 const SubscriptionFilter& group) {
    if (instance.runtime.engine().leaf_filter(client, group) != check.topic)
        return refuse(instance, check, "it begins like a filter of the plugin's own");
    const auto verdict = ask_others(instance, check, group.topic_filter.data());
    return verdict == Verdict::denied ? MOSQ_ERR_ACL_DENIED : answer(instance, verdict);
}

}  // namespace

int check_subscribe(Instance& instance, mosquitto_evt_acl_check& check) {
    instance.runtime.broker().write_much_log();
    const auto client = to_client(check.client);
    if (!client.id.data()) return instance.neutral;
    const auto [filter, is_moved] = instance.runtime.mount_points().parse(writable(check.topic));
    if (filter.kind == FilterKind::malformed) return refuse(instance, check, filter.problem);
    auto& engine = instance.runtime.engine();
    if (engine.is_removing(client, check.topic)) return MOSQ_ERR_ACL_DENIED;
    const auto direct = parse_direct(check.topic);
    if (direct.kind != FilterKind::non_shared) return check_direct(instance, check, client, direct);
    const bool is_shared = filter.kind == FilterKind::shared;
    if (is_shared && !may_join(instance, client, filter)) return MOSQ_ERR_ACL_DENIED;

    // The filter that the broker will store: the tail of its string.
    const auto verdict = ask_others(instance, check, filter.topic_filter.data());
    if (verdict == Verdict::denied) return MOSQ_ERR_ACL_DENIED;
    // In UNSUBSCRIBE there is no mount point, so that a direct member's is too short.
    engine.subscribe(client, filter, {check.qos},
                     verdict == Verdict::allowed ? Standing::present : Standing::unconfirmed,
                     !is_moved);
    if (is_shared) shorten_to(check.topic, engine.leaf_filter(client, filter));
    return answer(instance, verdict);
}

int check_unsubscribe(Instance& instance, mosquitto_evt_acl_check& check) {
    const auto client = to_client(check.client);
    if (!client.id.data()) return instance.neutral;
    auto filter = parse_subscription(check.topic);
    if (filter.kind == FilterKind::malformed || has_direct_prefix(check.topic)) {
        remove_nothing(check.topic);
        return instance.neutral;
    }
    const auto mounted = instance.runtime.find_mounted(client, filter);
    if (mounted) filter.topic_filter = *mounted;
    const auto leaf = instance.runtime.engine().leaf_filter(client, filter);
    if (leaf.size() > std::strlen(check.topic)) return refuse_to_remove(instance, client, filter);
    const auto verdict = ask_others(instance, check, filter.topic_filter.data());
    if (verdict == Verdict::denied) return MOSQ_ERR_ACL_DENIED;
    switch (instance.runtime.engine().unsubscribe(client, filter, verdict == Verdict::allowed)) {
        case Unsubscribed::leaf_goes:
            if (filter.kind == FilterKind::shared) shorten_to(check.topic, leaf);
            break;
        case Unsubscribed::leaf_stays:
            remove_nothing_with_success(check.topic);
            break;
        case Unsubscribed::no_such_use:
            remove_nothing(check.topic);
            break;
        case Unsubscribed::unknown:
            break;
    }
    return answer(instance, verdict);
}

int on_disconnect(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("DISCONNECT", MOSQ_ERR_SUCCESS, [&] {
        register_tick(instance);
        const auto& event = *static_cast<const mosquitto_evt_disconnect*>(data);
        const auto client = to_client(event.client);
        if (client.id.data()) {
            instance.runtime.engine().disconnected(client,
                                                   mosquitto_client_clean_session(event.client));
        }
        instance.runtime.pass();
        return MOSQ_ERR_SUCCESS;
    });
}

}  // namespace shared_subscription::v2_0
