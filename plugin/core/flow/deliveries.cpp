#include "core/flow/deliveries.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// A client that takes nothing for so long gets another try.
constexpr std::int64_t kSecondsUntilDoubt = 60;

// Of what is published to one client before the broker shows what becomes of it.
constexpr std::size_t kCopiesAtOnce = 100;

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
    const auto qos = broker_.outgoing_qos(message.qos, member.options);
    expect(session, qos, message);
    if (!redispatches_ || qos == 0) return;
    auto properties = message.properties ? broker_.keep_properties(message.properties) : nullptr;
    session.flow.given.add(member, id, qos, message, std::move(properties), publication.publisher(),
                           arrivals_);
    // Nothing tells when it is written: it is taken for that.
    if (!shows_deliveries_) written(session, message.topic.data());
}

bool Deliveries::takes_more(const Session& session) const noexcept {
    if (!session.flow.copies) return true;
    const auto expected = session.flow.copies->expected.size();
    const bool fits = queue_limit_ == 0 || session.flow.held.size() + expected < queue_limit_;
    return expected < kCopiesAtOnce && (fits || expected == 0);
}

void Deliveries::expect_copy(const Member& member, std::int64_t id, const SharedMessage& message,
                             const void* address) {
    auto& session = member.subscription->session;
    const auto qos = broker_.outgoing_qos(message->qos, member.options);
    if (redispatches_ && qos > 0) {
        session.flow.given.add(member, id, qos, message->message(), message->properties,
                               message->publisher, arrivals_);
        session.flow.given.miss_newest(address);
        if (!shows_deliveries_) written(session, address);
    }
    if (!shows_deliveries_) return;
    if (!session.flow.copies) session.flow.copies = std::make_unique<SessionCopies>();
    if (session.flow.copies->expected.empty()) copied_to_.push_back(session.id);
    const bool is_marked = !message->properties && member.options.identifier == 0;
    session.flow.copies->expected.push_back(
        {.address = address,
         .qos = qos,
         .writing = {.with_retain = message->retain && member.options.retain_as_published(),
                     .without_properties = is_marked}});
    list(session);
}

std::optional<Writing> Deliveries::take_copy(Session& session, const Message& message) {
    if (!session.flow.copies || !message.properties) return {};
    for (auto* copies : {&session.flow.copies->expected, &session.flow.copies->held}) {
        const auto found =
            std::ranges::find(*copies, message.properties, &SessionCopies::Copy::address);
        if (found == copies->end()) continue;
        const auto copy = *found;
        copies->erase(found);
        std::ignore = registry_.release(session, copy.address);
        session.flow.given.found(copy.address, message.topic.data(), arrivals_);
        if (copy.qos > 0) written(session, message.topic.data());
        return copy.writing;
    }
    return {};
}

Writing Deliveries::sent(const Client& client, const Message& message) {
    const auto* topic = message.topic.data();
    if (sent_at_once(client.context, topic)) return {};
    auto* session = registry_.find(client.id);
    if (!session) return {};
    const auto writing = take_copy(*session, message);
    if (!writing) {
        if (!registry_.release(*session, topic)) return {};
        written(*session, topic);
    }
    session->flow.held_changed = now_;
    if (has_room(*session)) registry_.set_queue_full(*session, false);
    return writing.value_or(Writing());
}

// The broker has had its round, and did not write these: it holds them back.
void Deliveries::give_up_copies(Session& session) {
    if (!session.flow.copies) return;
    for (const auto& copy : std::exchange(session.flow.copies->expected, {})) {
        if (copy.qos == 0) {
            if (session.connected)
                set_queue_full(session, "it does not read what it has been sent");
            continue;
        }
        hold(session, copy.address);
        session.flow.copies->held.push_back(copy);
        learn_window(session);
    }
}

void Deliveries::written(Session& session, const void* address) {
    ++session.flow.written;
    session.flow.given.written(address, std::min(session.flow.window, redispatch_window_),
                               arrivals_);
}

void Deliveries::miss() {
    auto& session = *std::exchange(expected_, nullptr);
    if (expected_qos_ > 0) {
        // Its in-flight window is full: the broker sends it when an acknowledgement comes.
        hold(session, expected_address_);
        learn_window(session);
    } else {
        set_queue_full(session, "it does not read what it has been sent");
    }
}

// What has been written since the client connected fills the window at most; non-shared messages,
// which are not counted, must have no part in that.
void Deliveries::learn_window(Session& session) {
    const auto is_non_shared = [](const auto& subscription) { return subscription->non_shared; };
    if (std::ranges::any_of(session.subscriptions, is_non_shared)) return;
    session.flow.window =
        std::min(session.flow.window, std::max<std::size_t>(session.flow.written, 1));
}

void Deliveries::list(Session& session) {
    if (!std::exchange(session.flow.listed, true)) holders_.push_back(session.id);
}

void Deliveries::hold(Session& session, const void* address) {
    if (has_room(session)) registry_.hold(session, address);  // or else the broker drops it
    session.flow.held_changed = now_;
    list(session);
    if (!has_room(session)) set_queue_full(session, "its queue is full (max_queued_messages)");
}

void Deliveries::set_queue_full(Session& session, const char* why) {
    if (session.flow.queue_full) return;
    list(session);
    registry_.set_queue_full(session, true);
    broker_.log(LogLevel::notice, "client " + quote(session.id) + " is passed over: " + why + ".");
}

void Deliveries::forget(Session& session) {
    registry_.release_all(session);
    registry_.set_queue_full(session, false);
    session.flow.written = 0;
    session.flow.window = static_cast<std::size_t>(-1);
}

void Deliveries::expect_again(Session& session, const Message& message) {
    if (!shows_deliveries_) return;
    // The broker shows it by its properties when it writes it, too.
    const auto& copies = session.flow.copies;
    const bool is_copy = copies && message.properties &&
                         std::ranges::find(copies->held, message.properties,
                                           &SessionCopies::Copy::address) != copies->held.end();
    hold(session, is_copy ? message.properties : message.topic.data());
}

void Deliveries::tick(std::int64_t now) {
    conclude();
    for (const auto& id : std::exchange(copied_to_, {})) {
        if (auto* session = registry_.find(id)) give_up_copies(*session);
    }
    if (std::exchange(now_, now) == now || holders_.empty()) return;
    std::erase_if(holders_, [this](const std::string& id) {
        auto* session = registry_.find(id);
        if (!session) return true;
        if (session->flow.held.empty()) session->flow.copies.reset();
        if (has_room(*session)) registry_.set_queue_full(*session, false);
        if (session->flow.held.empty()) return !(session->flow.listed = false);
        // What expires in the client's queue is dropped without a word.
        if (!session->flow.queue_full && now_ - session->flow.held_changed >= kSecondsUntilDoubt) {
            session->flow.held_changed = now_;
            registry_.release(*session, session->flow.held.front());
        }
        return false;
    });
}

}  // namespace shared_subscription
