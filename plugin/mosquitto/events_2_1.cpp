// Mosquitto 2.1 has events for subscriptions and sessions; each membership gets a leaf in a native
// share group.
#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "mosquitto/convert.hpp"
#include "mosquitto/events.hpp"
#include "mosquitto/guard.hpp"
#include "mosquitto/leaf.hpp"
#include "mosquitto/runtime.hpp"

namespace shared_subscription::v2_1 {
namespace {

/// The membership that this leaf of the client stands for; none if the client is no such member.
std::optional<SubscriptionFilter> membership_of(Instance& instance, const Client& client,
                                                const SubscriptionFilter& leaf) {
    for (const auto kind : {LeafKind::own, LeafKind::joint}) {
        const auto suffix = leaf_suffix(client.id, kind);
        if (!leaf.share_name.ends_with(suffix)) continue;
        auto filter = leaf;
        filter.share_name.remove_suffix(suffix.size());
        if (instance.runtime.engine().is_member(client, filter)) return filter;
    }
    return std::nullopt;
}

// A kick through the API has each subscription checked once more, by the filter of its leaf, and
// what is denied is removed without another word (src/plugin_public.c, check_subscription_acls).
// Rules name what the client asked for.
Verdict ask_again(Instance& instance, const mosquitto_evt_acl_check& check,
                  std::string_view share_name, std::string_view topic_filter) {
    std::string asked_for(topic_filter);
    if (share_name != kQueueShareName)
        asked_for = "$share/" + std::string(share_name) + "/" + asked_for;
    return ask_others(instance, check, asked_for.c_str());
}

int check_leaf_again(Instance& instance, const mosquitto_evt_acl_check& check, const Client& client,
                     const SubscriptionFilter& filter) {
    const auto verdict = ask_again(instance, check, filter.share_name, filter.topic_filter);
    if (verdict == Verdict::denied)
        std::ignore = instance.runtime.engine().unsubscribe(client, filter, true);
    return answer(instance, verdict);
}

// The placeholder stays while it stands for something.
int check_parked_again(Instance& instance, const mosquitto_evt_acl_check& check,
                       const Client& client) {
    const auto may_stay = [&](const GroupName& group) {
        return ask_again(instance, check, group.share_name, group.filter) != Verdict::denied;
    };
    return instance.runtime.engine().check_parked(client, may_stay) ? MOSQ_ERR_SUCCESS
                                                                    : MOSQ_ERR_ACL_DENIED;
}

void replace(char*& filter, const std::string& with) {
    char* replaced = mosquitto_strdup(with.c_str());
    if (!replaced) throw std::bad_alloc();
    filter = replaced;  // the broker frees the old one
}

void replace_by_leaf(char*& replaced, const Client& client, const SubscriptionFilter& filter,
                     LeafKind kind) {
    replace(replaced, leaf_filter(client.id, filter.share_name, filter.topic_filter, kind));
}

// `$queue/f`, and a group below a mount point, are unknown to everybody else: they shall judge what
// it means. `$share/g/f` is a form of the broker's own, which their rules may name.
void show_what_it_means(Instance& instance, const mosquitto_evt_acl_check& check,
                        const MountPoints::Shown& shown) {
    const auto& filter = shown.filter;
    auto& judged = instance.runtime.judged;
    judged.filter = nullptr;
    if (filter.kind != FilterKind::shared) return;
    if (!shown.is_moved && !std::string_view(check.topic).starts_with(kQueueShareName)) return;
    judged.share_name = filter.share_name;
    shorten_to(check.topic, filter.topic_filter);
    judged.filter = check.topic;
}

/// What the client asked for, before `show_what_it_means`. Good until the next check.
SubscriptionFilter filter_of(Instance& instance, const Subscription& data) {
    auto& judged = instance.runtime.judged;
    if (data.topic_filter == std::exchange(judged.filter, nullptr))
        return {FilterKind::shared, judged.share_name, data.topic_filter, nullptr};
    return parse_subscription(data.topic_filter);
}

// These end the connection at the broker's own hands (src/subs.c, sub__topic_tokenise).
bool is_refused_by_broker(std::string_view filter) {
    constexpr std::string_view kShare = "$share";
    if (!filter.starts_with(kShare)) return false;
    const auto rest = filter.substr(std::min(filter.size(), kShare.size() + 1));
    const auto slash = rest.find('/');
    const auto name = rest.substr(0, slash);
    const bool has_topic_filter = slash != rest.npos && slash + 1 < rest.size();
    return !has_topic_filter || name.find_first_of("+#") != name.npos;
}

// The broker itself sees to `$share`.
void say_no_local(Instance& instance, const Client& client, const SubscriptionFilter& filter) {
    instance.runtime.broker().log(
        LogLevel::notice,
        "client " + quote(client.id) + ": subscription of group " + quote(filter.share_name) +
            " on " + quote(filter.topic_filter) +
            " ends the connection: a shared subscription cannot ask for No Local "
            "[MQTT-3.8.3-4]. A bridge does so with 'bridge_protocol_version mqttv50'; set "
            "'mqttv311' there.");
}

/// When the broker stops, it ends the sessions that it has restored from its file, where they stay
/// (session_expiry__remove_all).
constexpr int kBrokerStops = -1;

}  // namespace

int check_subscribe(Instance& instance, mosquitto_evt_acl_check& check) {
    instance.runtime.broker().write_much_log();
    instance.runtime.judged.filter = nullptr;
    const auto shown = instance.runtime.mount_points().parse(writable(check.topic));
    const auto& filter = shown.filter;
    if (filter.kind == FilterKind::malformed) {
        const int refused = refuse(instance, check, filter.problem);
        return is_refused_by_broker(check.topic) ? instance.neutral : refused;
    }
    const auto client = to_client(check.client);
    if (filter.kind == FilterKind::shared && client.id.data()) {
        if (check.topic == placeholder_filter(client.id))
            return check_parked_again(instance, check, client);
        if (const auto membership = membership_of(instance, client, filter))
            return check_leaf_again(instance, check, client, *membership);
        if (!may_join(instance, client, filter)) return MOSQ_ERR_ACL_DENIED;
    }
    show_what_it_means(instance, check, shown);
    return instance.neutral;
}

int check_unsubscribe(Instance& instance, mosquitto_evt_acl_check& check) {
    show_what_it_means(instance, check, {parse_subscription(check.topic)});
    return instance.neutral;
}

int on_subscribe(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("SUBSCRIBE", MOSQ_ERR_NOMEM, [&] {
        auto& event = *static_cast<SubscribeEvent*>(data);
        const auto client = to_client(event.client);
        if (!client.id.data()) return static_cast<int>(MOSQ_ERR_SUCCESS);
        const auto filter = filter_of(instance, event.data);
        if (filter.kind == FilterKind::malformed) return static_cast<int>(MOSQ_ERR_SUCCESS);
        const bool is_shared = filter.kind == FilterKind::shared;
        const SubscriptionOptions options{event.data.options, event.data.identifier};
        // [MQTT-3.8.3-4]; the broker sets No Local itself for bridges, which are older than MQTT 5.
        if (is_shared && options.no_local() &&
            mosquitto_client_protocol_version(event.client) == 5) {
            say_no_local(instance, client, filter);
            return static_cast<int>(MOSQ_ERR_PROTOCOL);
        }
        auto& engine = instance.runtime.engine();
        engine.subscribe(client, filter, options);
        if (is_shared)
            replace_by_leaf(event.data.topic_filter, client, filter, engine.leaf_kind(filter));
        return static_cast<int>(MOSQ_ERR_SUCCESS);
    });
}

int on_unsubscribe(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("UNSUBSCRIBE", MOSQ_ERR_NOMEM, [&] {
        auto& event = *static_cast<SubscribeEvent*>(data);
        const auto client = to_client(event.client);
        if (!client.id.data()) return MOSQ_ERR_SUCCESS;
        auto filter = filter_of(instance, event.data);
        if (filter.kind == FilterKind::malformed) {
            if (!is_refused_by_broker(event.data.topic_filter))
                replace(event.data.topic_filter, kRemovesNothing);
            return MOSQ_ERR_SUCCESS;
        }
        const auto mounted = instance.runtime.find_mounted(client, filter);
        if (mounted) filter.topic_filter = *mounted;
        const auto kind = instance.runtime.engine().leaf_kind(filter);
        switch (instance.runtime.engine().unsubscribe(client, filter, true)) {
            case Unsubscribed::leaf_goes:
                if (filter.kind == FilterKind::shared)
                    replace_by_leaf(event.data.topic_filter, client, filter, kind);
                break;
            case Unsubscribed::leaf_stays:
                replace(event.data.topic_filter, kRemovesNothingWithSuccess);
                break;
            case Unsubscribed::no_such_use:
                replace(event.data.topic_filter, kRemovesNothing);
                break;
            case Unsubscribed::unknown:
                break;
        }
        return MOSQ_ERR_SUCCESS;
    });
}

// An error would drop a QoS 0 message and leave a QoS 1 or 2 message in the in-flight window for
// ever: never veto here.
int on_message_out(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("MESSAGE_OUT", MOSQ_ERR_SUCCESS, [&] {
        auto& event = *static_cast<mosquitto_evt_message*>(data);
        auto& engine = instance.runtime.engine();
        if (engine.sent_at_once(event.client, event.topic)) return MOSQ_ERR_SUCCESS;
        const auto client = to_client(event.client);
        if (!client.id.data()) return MOSQ_ERR_SUCCESS;
        const auto writing = engine.sent(client, to_message(event));
        if (writing.with_retain) event.retain = true;
        if (writing.without_properties) event.properties = nullptr;
        return MOSQ_ERR_SUCCESS;
    });
}

int on_connect(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("CONNECT", MOSQ_ERR_SUCCESS, [&] {
        const auto client = to_client(static_cast<const ConnectEvent*>(data)->client);
        if (client.id.data()) instance.runtime.engine().connected(client);
        return MOSQ_ERR_SUCCESS;
    });
}

int on_offline(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("CLIENT_OFFLINE", MOSQ_ERR_SUCCESS, [&] {
        // The same layout as DISCONNECT's.
        const auto client = to_client(static_cast<const mosquitto_evt_disconnect*>(data)->client);
        if (client.id.data()) instance.runtime.engine().offline(client);
        return MOSQ_ERR_SUCCESS;
    });
}

int on_disconnect(int /*event*/, void* data, void* user_data) noexcept {
    auto& instance = *static_cast<Instance*>(user_data);
    return guarded("DISCONNECT", MOSQ_ERR_SUCCESS, [&] {
        const auto& event = *static_cast<const mosquitto_evt_disconnect*>(data);
        const auto client = to_client(event.client);
        if (!client.id.data() || event.reason == kBrokerStops) return MOSQ_ERR_SUCCESS;
        instance.runtime.engine().ended(client, event.reason == kSessionTakenOver);
        return MOSQ_ERR_SUCCESS;
    });
}

}  // namespace shared_subscription::v2_1
