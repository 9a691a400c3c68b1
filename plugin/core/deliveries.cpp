#include "shared_subscription/deliveries.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// A client that takes nothing for so long gets another try.
constexpr std::int64_t kSecondsUntilDoubt = 60;

}  // namespace

void Deliveries::expect(Session& session, std::uint8_t qos, const Message& message) {
    const void* address = message.topic.data();
    if (!session.connected) {
        if (qos > 0) hold(session, address);
        return;
    }
    if (!shows_deliveries_) return;
    expected_ = &session;
    expected_qos_ = qos;
    expected_address_ = address;
}

void Deliveries::expect(const Member& member, std::int64_t id, const Message& message,
                        const Publication& publication) {
    auto& session = member.subscription->session;
    const auto qos = std::min(message.qos, member.options.qos());
    expect(session, qos, message);
    if (!redispatches_ || qos == 0) return;
    auto properties = message.properties ? broker_.keep_properties(message.properties) : nullptr;
    session.given.add(member, id, qos, message, std::move(properties), publication.publisher(),
                      arrivals_);
    // Nothing tells when it is written: it is taken for that.
    if (!shows_deliveries_) written(session, message.topic.data());
}

void Deliveries::sent(const Client& client, const char* topic) {
    if (sent_at_once(client.context, topic)) return;
    auto* session = registry_.find(client.id);
    if (!session || !registry_.release(*session, topic)) return;
    session->held_changed = now_;
    written(*session, topic);
    if (has_room(*session)) registry_.set_full(*session, false);
}

void Deliveries::written(Session& session, const void* address) {
    ++session.written;
    session.given.written(address, std::min(session.window, redispatch_window_), arrivals_);
}

void Deliveries::miss() {
    auto& session = *std::exchange(expected_, nullptr);
    if (expected_qos_ > 0) {
        // Its in-flight window is full: the broker sends it when an acknowledgement comes.
        hold(session, expected_address_);
        learn_window(session);
    } else {
        set_full(session, "it does not read what it has been sent");
    }
}

// What has been written since the client connected fills the window at most; ordinary messages,
// which are not counted, must have no part in that.
void Deliveries::learn_window(Session& session) {
    const auto is_ordinary = [](const auto& subscription) { return subscription->ordinary; };
    if (std::ranges::any_of(session.subscriptions, is_ordinary)) return;
    session.window = std::min(session.window, std::max<std::size_t>(session.written, 1));
}

void Deliveries::list(Session& session) {
    if (!std::exchange(session.listed, true)) holders_.push_back(session.id);
}

void Deliveries::hold(Session& session, const void* address) {
    if (has_room(session)) registry_.hold(session, address);  // or else the broker drops it
    session.held_changed = now_;
    list(session);
    if (!has_room(session)) set_full(session, "its queue is full (max_queued_messages)");
}

void Deliveries::set_full(Session& session, const char* why) {
    if (session.full) return;
    list(session);
    registry_.set_full(session, true);
    broker_.log(LogLevel::notice, "client " + quote(session.id) + " is passed over: " + why + ".");
}

void Deliveries::forget(Session& session) {
    registry_.release_all(session);
    registry_.set_full(session, false);
    session.written = 0;
    session.window = static_cast<std::size_t>(-1);
}

void Deliveries::expect_again(Session& session, const Message& message) {
    if (shows_deliveries_) hold(session, message.topic.data());
}

void Deliveries::tick(std::int64_t now) {
    conclude();
    if (std::exchange(now_, now) == now || holders_.empty()) return;
    std::erase_if(holders_, [this](const std::string& id) {
        auto* session = registry_.find(id);
        if (!session) return true;
        if (has_room(*session)) registry_.set_full(*session, false);
        if (session->held.empty()) return !(session->listed = false);
        // What expires in the client's queue is dropped without a word.
        if (!session->full && now_ - session->held_changed >= kSecondsUntilDoubt) {
            session->held_changed = now_;
            registry_.release(*session, session->held.front());
        }
        return false;
    });
}

}  // namespace shared_subscription
