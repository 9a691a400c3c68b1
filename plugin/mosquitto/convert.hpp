// From the broker's structures to the core's, and answers common to the generations.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "mosquitto/headers.hpp"
#include "mosquitto/runtime.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/subscription_filter.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription {

/// A connection that has not got through CONNECT yet has no identifier: its view is empty, `data()`
/// null.
[[nodiscard]] inline Client to_client(const ::mosquitto* client) {
    const char* id = mosquitto_client_id(client);
    return {.context = client, .id = id ? std::string_view(id) : std::string_view()};
}

/// Of MESSAGE events and ACL checks alike.
template <class Event>
[[nodiscard]] ShownMessage to_shown(const Event& event) {
    return {.topic = event.topic,
            .payload = event.payload,
            .payload_size = event.payloadlen,
            .qos = event.qos,
            .retain = event.retain,
            .properties = event.properties};
}

template <class Event>
[[nodiscard]] Message to_message(const Event& event) {
    return to_shown(event).measured(std::strlen(event.topic));
}

/// The broker's own buffer behind a filter that it shows as const (handle__subscribe: `sub`).
///
/// ACL_CHECK SUBSCRIBE and UNSUBSCRIBE show the heap string that the broker passes to sub__add or
/// sub__remove next; only the type of the pointer is const. Within its length it may be changed,
/// never lengthened.
[[nodiscard]] inline char* writable(const char* filter) {
    return const_cast<char*>(filter);
}

/// Makes the broker's filter `topic_filter`, which is its tail.
inline void shorten_to(const char* filter, std::string_view topic_filter) {
    std::memmove(writable(filter), topic_filter.data(), topic_filter.size());
    writable(filter)[topic_filter.size()] = '\0';
}

// Filters that no client is subscribed to, to let an UNSUBSCRIBE change nothing in the broker's
// tree. sub__remove answers "success" where even the first level is unknown, "no subscription
// existed" elsewhere. No SUBSCRIBE can hold a level that begins with '#' and goes on.
inline constexpr const char* kRemovesNothingWithSuccess = "$";
inline constexpr const char* kRemovesNothing = "#none";

/// Refuses a filter that begins like a shared subscription and is none.
[[nodiscard]] inline int refuse(Instance& instance, const mosquitto_evt_acl_check& check,
                                const char* problem) {
    const char* id = mosquitto_client_id(check.client);
    instance.runtime.broker().log(
        LogLevel::notice, "client " + quote(id ? id : "") + ": subscription " + quote(check.topic) +
                              " is refused: " + problem +
                              "; allowed are $share/<group>/<filter> and $queue/<filter>.");
    instance.runtime.broker().write_log();
    return MOSQ_ERR_ACL_DENIED;
}

/// As Engine::may_join.
[[nodiscard]] inline bool may_join(Instance& instance, const Client& client,
                                   const SubscriptionFilter& group) {
    const bool may = instance.runtime.engine().may_join(client, group);
    if (!may) instance.runtime.broker().write_log();
    return may;
}

/// What everybody else says to a check of that filter instead; allowed where nobody else decides.
/// `filter` is terminated.
[[nodiscard]] inline Verdict ask_others(Instance& instance, const mosquitto_evt_acl_check& check,
                                        const char* filter) {
    if (!instance.others_decide) return Verdict::allowed;
    auto question = check;
    question.topic = filter;
    return instance.runtime.broker().ask_others(question);
}

/// The answer to a check about which others have been asked and said that.
[[nodiscard]] inline int answer(const Instance& instance, Verdict verdict) {
    if (verdict == Verdict::denied) return MOSQ_ERR_ACL_DENIED;
    return verdict == Verdict::allowed && instance.others_decide ? MOSQ_ERR_SUCCESS
                                                                 : instance.neutral;
}

}  // namespace shared_subscription
