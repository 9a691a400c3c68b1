#include "mosquitto/mosquitto_broker.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <utility>

#include "mosquitto/convert.hpp"
#include "mosquitto/leaf.hpp"
#include "mosquitto/look_up.hpp"

extern "C" {
#include <mqtt_protocol.h>
}

namespace shared_subscription {
namespace {

// The core only ever hands back what the broker gave.
::mosquitto* to_client(Context context) {
    return const_cast<::mosquitto*>(static_cast<const ::mosquitto*>(context));
}

int to_mosquitto(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::subscribe:
            return MOSQ_LOG_SUBSCRIBE;
        case LogLevel::unsubscribe:
            return MOSQ_LOG_UNSUBSCRIBE;
        case LogLevel::info:
            return MOSQ_LOG_INFO;
        case LogLevel::notice:
            return MOSQ_LOG_NOTICE;
        case LogLevel::warning:
            return MOSQ_LOG_WARNING;
        case LogLevel::error:
            break;
    }
    return MOSQ_LOG_ERR;
}

}  // namespace

MosquittoBroker::MosquittoBroker()
    : property_copy_all_(look_up<PropertyCopyAll>("mosquitto_property_copy_all")),
      find_client_(look_up<FindClient>("mosquitto_client")),
      set_info_(look_up<SetInfo>("mosquitto_plugin_set_info")),
      subscription_add_(look_up<SubscriptionAdd>("mosquitto_subscription_add")),
      subscription_delete_(look_up<SubscriptionDelete>("mosquitto_subscription_delete")),
      compact_store_(look_up<CompactStore>("db__msg_store_compact")),
      visit_held_(look_up<VisitHeld>("db__check_acl_of_all_messages")),
      acl_check_(look_up<void*>("mosquitto_acl_check")) {}

// 2.0.11 exports `mosquitto_property_copy_all`, too, but hands the NULL of a string without
// characters to strdup there. Later releases of 2.0 do not export it.
mosquitto_property* MosquittoBroker::copy(const mosquitto_property* properties) {
    const bool can_copy = property_copy_all_ && shows_properties_;
    if (!can_copy) return make_list(list_properties(properties));
    mosquitto_property* copied = nullptr;
    if (properties) property_copy_all_(&copied, properties);
    return copied;
}

void MosquittoBroker::publish(const Message& message) {
    publish(nullptr, message, message.qos,
            copy(static_cast<const mosquitto_property*>(message.properties)));
}

// The broker takes RETAIN from it (single_publish); no subscription gives it an identifier. The
// list of properties is the one that the broker keeps with the message. A payload of format 0 is
// one whose format is not told [MQTT-3.3.2.3.2].
const void* MosquittoBroker::publish_to(std::string_view client_id, const Message& message,
                                        const SubscriptionOptions& options) {
    auto* properties = copy(static_cast<const mosquitto_property*>(message.properties));
    if (options.identifier() > 0) {
        mosquitto_property_add_varint(&properties, MQTT_PROP_SUBSCRIPTION_IDENTIFIER,
                                      options.identifier());
    }
    if (!properties && shows_properties_)
        mosquitto_property_add_byte(&properties, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 0);
    has_published_to_ = true;
    const bool is_published = publish(std::string(client_id).c_str(), message,
                                      outgoing_qos(message.qos, options), properties);
    return is_published && shows_properties_ ? properties : nullptr;
}

bool MosquittoBroker::publish(const char* client_id, const Message& message, int qos,
                              mosquitto_property* properties) {
    const char* payload = message.payload_size > 0 ? static_cast<const char*>(message.payload) : "";
    const int result = mosquitto_broker_publish_copy(client_id, message.topic.data(),
                                                     static_cast<int>(message.payload_size),
                                                     payload, qos, message.retain, properties);
    if (result == MOSQ_ERR_SUCCESS) return true;
    mosquitto_property_free_all(&properties);
    log(LogLevel::error, "cannot publish a copy of a message: out of memory.");
    return false;
}

void MosquittoBroker::free_dropped(std::int64_t milliseconds) {
    using std::chrono::steady_clock, std::chrono::duration_cast;
    constexpr std::int64_t kBetween = 1000;
    constexpr std::int64_t kPartOfTheTime = 500;
    if (!has_published_to_ || !compact_store_ || milliseconds < free_next_) return;
    has_published_to_ = false;
    const auto begin = steady_clock::now();
    compact_store_();
    const auto spent = duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
    free_next_ = milliseconds + std::max<std::int64_t>(kBetween, spent.count() * kPartOfTheTime);
}

KeptProperties MosquittoBroker::keep_properties(const void* properties) {
    return own(copy(static_cast<const mosquitto_property*>(properties)));
}

KeptProperties MosquittoBroker::keep_published_properties(const void* properties) {
    return make_properties(
        list_properties(properties));  // no Subscription Identifier is among them
}

KeptProperties MosquittoBroker::own(mosquitto_property* properties) {
    if (!properties) return nullptr;
    return {properties, [](const void* kept) {
                auto* list = static_cast<mosquitto_property*>(const_cast<void*>(kept));
                mosquitto_property_free_all(&list);
            }};
}

Verdict MosquittoBroker::ask_others_to_read(Context context, const Message& message) {
    return ask_others(context, message, MOSQ_ACL_READ);
}

Verdict MosquittoBroker::ask_others_to_write(Context context, const Message& message) {
    return ask_others(context, message, MOSQ_ACL_WRITE);
}

Verdict MosquittoBroker::ask_others(Context context, const Message& message, int access) {
    mosquitto_evt_acl_check check{};
    check.client = to_client(context);
    check.topic = message.topic.data();
    check.payload = message.payload;
    check.properties = static_cast<mosquitto_property*>(const_cast<void*>(message.properties));
    check.access = access;
    check.payloadlen = message.payload_size;
    check.qos = message.qos;
    check.retain = message.retain;
    return ask_others(check);
}

// `mosquitto_acl_check` is the broker's own entry to the chain. It is no part of the plugin
// interface: builds by CMake (Debian's) export it, builds by make do not. `arrived` sees
// whether the arguments arrive as sent.
Verdict MosquittoBroker::ask_others(const mosquitto_evt_acl_check& check) {
    using Check20 =
        int (*)(::mosquitto*, const char*, std::uint32_t, void*, std::uint8_t, bool, int);
    using Check21 = int (*)(::mosquitto*, const char*, std::uint32_t, void*, std::uint8_t, bool,
                            mosquitto_property*, int);
    if (!acl_check_ || is_asking()) return Verdict::unknown;

    question_ = &check;
    auto* payload = const_cast<void*>(check.payload);
    const int result =
        shows_properties_
            ? reinterpret_cast<Check21>(acl_check_)(check.client, check.topic, check.payloadlen,
                                                    payload, check.qos, check.retain,
                                                    check.properties, check.access)
            : reinterpret_cast<Check20>(acl_check_)(check.client, check.topic, check.payloadlen,
                                                    payload, check.qos, check.retain, check.access);
    question_ = nullptr;
    if (!acl_check_) return Verdict::unknown;
    return result == MOSQ_ERR_SUCCESS ? Verdict::allowed : Verdict::denied;
}

int MosquittoBroker::arrived(const mosquitto_evt_acl_check& check, int neutral) noexcept {
    const auto& sent = *question_;
    const bool is_it = check.client == sent.client && check.topic == sent.topic &&
                       check.access == sent.access && check.payload == sent.payload &&
                       check.payloadlen == sent.payloadlen && check.qos == sent.qos &&
                       check.retain == sent.retain;
    if (!is_it) acl_check_ = nullptr;  // this broker's function takes other arguments: never again
    return neutral;
}

// What a resumed session holds is put to access control (src/database.c). The same function, called
// at any time, shows what any session holds; what is denied, it loses. Exported where
// `mosquitto_acl_check` is; not part of the plugin interface either.
bool MosquittoBroker::visit_session(Context context, int access,
                                    const std::function<bool(const Message&)>& stays) {
    auto* client = to_client(context);
    if (!can_visit_held() || visitor_ || !reaches_us(client)) return false;
    let_visit(access, stays, [&] { visit_held_(client); });
    return true;
}

bool MosquittoBroker::visit_held(Context context,
                                 const std::function<bool(const Message&)>& stays) {
    return visit_session(context, MOSQ_ACL_READ, stays);
}

void MosquittoBroker::visit_received(Context context,
                                     const std::function<void(const Message&)>& see) {
    const auto stays = [&see](const Message& message) { return see(message), true; };
    visit_session(context, MOSQ_ACL_WRITE, stays);
}

// It may come in the midst of a question to others.
template <class Ask>
void MosquittoBroker::let_visit(int access, const std::function<bool(const Message&)>& visitor,
                                const Ask& ask) {
    const mosquitto_evt_acl_check none{};
    const auto* before = std::exchange(question_, &none);
    visitor_ = &visitor;
    visited_ = access;
    ask();
    visitor_ = nullptr;
    question_ = before;
}

// Not about a session that was restored without its listener, under `per_listener_settings`: there
// the broker itself says no, and the session would lose all.
bool MosquittoBroker::reaches_us(::mosquitto* client) {
    bool has_arrived = false;
    const std::function<bool(const Message&)> arrives = [&has_arrived](const Message&) {
        return has_arrived = true;
    };
    using Check = int (*)(::mosquitto*, const char*, std::uint32_t, void*, std::uint8_t, bool,
                          mosquitto_property*, int);
    if (!acl_check_ || !shows_properties_ || !mosquitto_client_id(client)) return false;
    let_visit(MOSQ_ACL_READ, arrives, [&] {
        reinterpret_cast<Check>(acl_check_)(client, "", 0, nullptr, 0, false, nullptr,
                                            MOSQ_ACL_READ);
    });
    return has_arrived;
}

int MosquittoBroker::visit(const mosquitto_evt_acl_check& check) {
    const bool stays = check.access != visited_ || (*visitor_)(to_message(check));
    return stays ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
}

std::size_t MosquittoBroker::subscription_count(Context context) {
    const int count = mosquitto_client_sub_count(to_client(context));
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

int MosquittoBroker::protocol_version(Context context) {
    return mosquitto_client_protocol_version(to_client(context));
}

Context MosquittoBroker::find_session(std::string_view client_id) {
    return find_client_ ? find_client_(std::string(client_id).c_str()) : nullptr;
}

// Every connection has an address (context__init); a session that was restored never had one.
bool MosquittoBroker::is_connection(Context context) {
    return mosquitto_client_address(to_client(context)) != nullptr;
}

// 2.0 saves only what began without Clean Start (persist__client_save); on 2.1 plugins that store
// sessions go by the session's expiry, which MQTT 5 alone has.
bool MosquittoBroker::may_outlive_restart(Context context) {
    return !mosquitto_client_clean_session(to_client(context)) ||
           (shows_properties_ && protocol_version(context) == 5);
}

void MosquittoBroker::add_leaf(std::string_view client_id, const GroupName& group, LeafKind kind,
                               const SubscriptionOptions& options) {
    add_leaf(client_id, v2_1::leaf_filter(client_id, group.share_name, group.filter, kind),
             options);
}

void MosquittoBroker::add_leaf(std::string_view client_id, std::string leaf,
                               const SubscriptionOptions& options) {
    if (!subscription_add_) return;
    std::string id(client_id);
    v2_1::Subscription subscription{};
    subscription.client_id = id.data();
    subscription.topic_filter = leaf.data();
    subscription.identifier = options.identifier();
    subscription.options = options.flags();
    subscription_add_(&subscription);
}

bool MosquittoBroker::remove_leaf(std::string_view client_id, const GroupName& group,
                                  LeafKind kind) {
    return remove_leaf(client_id,
                       v2_1::leaf_filter(client_id, group.share_name, group.filter, kind));
}

bool MosquittoBroker::remove_leaf(std::string_view client_id, const std::string& leaf) {
    if (!subscription_delete_) return false;
    subscription_delete_(std::string(client_id).c_str(), leaf.c_str());
    return true;
}

void MosquittoBroker::add_placeholder(std::string_view client_id) {
    add_leaf(client_id, v2_1::placeholder_filter(client_id), {});
}

void MosquittoBroker::remove_placeholder(std::string_view client_id) {
    std::ignore = remove_leaf(client_id, v2_1::placeholder_filter(client_id));
}

// With its will, as for any connection that the client does not end; a client that is offline is
// left alone only like that (disconnect_client sets its state otherwise).
void MosquittoBroker::disconnect(std::string_view client_id) {
    mosquitto_kick_client_by_clientid(std::string(client_id).c_str(), true);
}

std::int64_t MosquittoBroker::now() {
    using std::chrono::duration_cast, std::chrono::seconds, std::chrono::system_clock;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

// `context__add_to_disused` takes the identifier away; the memory goes at the top of the next
// round.
bool MosquittoBroker::has_ended(Context context) {
    return mosquitto_client_id(to_client(context)) == nullptr;
}

void MosquittoBroker::log(LogLevel level, std::string_view text) {
    constexpr std::size_t kPiece = 16384;  // bytes
    const auto size = text.size() + 2;
    if (lines_.empty() || lines_.back().capacity() - lines_.back().size() < size)
        lines_.emplace_back().reserve(std::max(kPiece, size));
    auto& piece = lines_.back();
    piece += static_cast<char>(level);
    piece += text;
    piece += '\0';
    if (!has_ticks_) write_log();
}

// What is logged meanwhile waits for the next time.
void MosquittoBroker::write_log(bool has_ticks) {
    has_ticks_ |= has_ticks;
    for (const auto& piece : std::exchange(lines_, {})) {
        for (std::size_t begin = 0; begin < piece.size();) {
            const char* text = piece.c_str() + begin + 1;
            write(static_cast<LogLevel>(piece[begin]), text);
            begin += std::strlen(text) + 2;
        }
    }
}

void MosquittoBroker::write(LogLevel level, const char* text) {
    const char* prefix = level == LogLevel::error     ? "Error: "
                         : level == LogLevel::warning ? "Warning: "
                                                      : "";
    mosquitto_log_printf(to_mosquitto(level), "%sshared-subscription: %s", prefix, text);
}

void MosquittoBroker::name_plugin(mosquitto_plugin_id_t* identifier) const {
    if (set_info_) set_info_(identifier, "shared-subscription", PLUGIN_VERSION);
}

}  // namespace shared_subscription
