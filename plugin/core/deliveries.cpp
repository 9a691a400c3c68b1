#include "shared_subscription/deliveries.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Deliveries::expect(Session& session, std::uint8_t qos) {
    if (!session.connected) {
        if (qos > 0) hold(session);
        return;
    }
    if (!shows_deliveries_) return;
    expected_ = &session;
    expected_qos_ = qos;
}

void Deliveries::expect(const Member& member, std::int64_t id, const Message& message,
                        std::uint64_t publisher) {
    auto& session = member.subscription->session;
    const auto qos = std::min(message.qos, member.options.qos());
    expect(session, qos);
    if (!keeper_.keeps() || qos == 0) return;
    auto& given = keeper_.add(session.given);
    given.id = id;
    given.member = &member;
    given.address = message.topic.data();
    given.qos = qos;
    given.written = false;
    given.message.topic.assign(message.topic);
    given.message.payload.assign(static_cast<const char*>(message.payload), message.payload_size);
    given.message.qos = message.qos;
    given.message.properties = broker_.keep_properties(message.properties);
    given.message.publisher = publisher;
    // Nothing tells when it is written: it is taken for that.
    if (!shows_deliveries_) keeper_.written(session.given, std::prev(session.given.end()));
}

void Deliveries::sent(const Client& client, const char* topic) {
    if (expected_ && expected_->context == client.context) {
        auto& given = expected_->given;
        const bool is_kept = !given.empty() && given.back().address == topic;
        if (is_kept && !given.back().written) keeper_.written(given, std::prev(given.end()));
        expected_ = nullptr;
        return;
    }
    if (holders_.empty()) return;
    auto* session = registry_.find(client.id);
    if (!session || session->held == 0) return;
    const auto given = std::ranges::find_if(
        session->given, [topic](const Given& one) { return !one.written && one.address == topic; });
    if (given != session->given.end()) keeper_.written(session->given, given);
    registry_.set_held(*session, session->held - 1);
    if (has_room(*session)) registry_.set_full(*session, false);
}

void Deliveries::conclude() {
    if (!expected_) return;
    auto& session = *std::exchange(expected_, nullptr);
    if (expected_qos_ > 0) {
        hold(session);  // its in-flight window is full: the broker sends it when an acknowledgement
                        // comes
    } else {
        set_full(session, "it does not read what it has been sent");
    }
}

void Deliveries::list(Session& session) {
    if (!std::exchange(session.listed, true)) holders_.push_back(session.id);
}

void Deliveries::hold(Session& session) {
    registry_.set_held(session, session.held + 1);
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
    registry_.set_held(session, 0);
    registry_.set_full(session, false);
}

void Deliveries::expect_again(Session& session) {
    if (shows_deliveries_) hold(session);
}

void Deliveries::tick(std::int64_t now) {
    conclude();
    if (now == now_ || holders_.empty()) return;
    now_ = now;
    std::erase_if(holders_, [this](const std::string& id) {
        auto* session = registry_.find(id);
        if (session && has_room(*session)) registry_.set_full(*session, false);
        if (session && session->held > 0) return false;
        if (session) session->listed = false;
        return true;
    });
}

}  // namespace shared_subscription
