#include "core/flow/deliveries.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What keeps a client from getting messages is asked about after so long, or, where the broker
// cannot be asked, doubted.
constexpr std::int64_t kSecondsUntilAsked = 1;
constexpr std::int64_t kSecondsUntilDoubt = 60;

// Of what is published to one client before the broker shows what becomes of it.
constexpr std::size_t kCopiesAtOnce = 100;

}  // namespace

void Deliveries::expect(Session& session, std::uint8_t qos, const Message& message) {
    if (!shows_deliveries_) {
        if (!session.connected && qos > 0 && has_room(session)) hold(session, 1);
        return;
    }
    if (!session.connected) return;
    expected_ = &session;
    expected_qos_ = qos;
    expected_is_noted_ = false;
    expected_address_ = message.topic.data();
}

void Deliveries::expect_non_shared(Session& session, std::uint8_t qos, const Message& message,
                                   std::uint64_t fan_out) {
    expect(session, qos, message);
    if (expected_ != &session || !holdings_.can_ask()) return;
    note(session, {.address = message.topic.data(), .fan_out = fan_out, .qos = qos});
    expected_is_noted_ = true;
}

void Deliveries::expect(const Member& member, std::int64_t id, const Message& message,
                        const Publication& publication, std::uint64_t fan_out) {
    auto& session = member.subscription->session;
    const auto qos = broker_.outgoing_qos(message.qos, member.options);
    expect(session, qos, message);
    if (qos == 0 || expected_ != &session || !holdings_.can_ask()) return;
    note(session, {.address = message.topic.data(),
                   .member = &member,
                   .id = id,
                   .fan_out = fan_out,
                   .publisher = publication.publisher(),
                   .qos = qos,
                   .published_qos = message.qos,
                   .retain = message.retain});
    expected_is_noted_ = true;
}

// Where there is no place, what the broker does not hold any more makes room.
void Deliveries::note(Session& session, const Holding& holding) {
    constexpr std::size_t kFirst = 32;
    auto& holdings = session.flow.holdings;
    if (holdings.size() == holdings.capacity()) {
        if (!holdings.empty() && holdings_.can_ask()) std::ignore = holdings_.prune(session);
        const auto size = holdings.size();
        if (size + size / 4 >= holdings.capacity()) holdings.reserve(std::max(kFirst, 2 * size));
    }
    holdings.push_back(holding);
}

bool Deliveries::takes_more(const Session& session) const noexcept {
    const auto copies = session.flow.copies;
    const bool fits = queue_limit_ == 0 || session.flow.held + copies < queue_limit_;
    return copies < kCopiesAtOnce && (fits || copies == 0);
}

void Deliveries::expect_copy(const Member& member, std::int64_t id, const SharedMessage& message,
                             const void* address) {
    if (!shows_deliveries_) return;
    auto& session = member.subscription->session;
    if (session.flow.copies++ == 0) copied_to_.push_back(session.id);
    const bool is_marked = !message->properties && member.options.identifier == 0;
    note(session,
         {.address = address,
          .member = &member,
          .id = id,
          .fan_out = registry_.fan_out,
          .publisher = message->publisher,
          .qos = broker_.outgoing_qos(message->qos, member.options),
          .published_qos = message->qos,
          .is_copy = true,
          .retain = message->retain,
          .writing = {.with_retain = message->retain && member.options.retain_as_published(),
                      .without_properties = is_marked}});
    list(session);
}

Writing Deliveries::sent(const Client& client, const Message& message) {
    const auto* topic = message.topic.data();
    if (sent_at_once(client.context, topic)) return {};
    auto* session = registry_.find(client.id);
    if (!session) return {};
    auto& flow = session->flow;
    Writing writing;
    if (auto* holding = find_unwritten(flow, message)) {
        writing = holding->writing;
        const bool was_held = holding->state == Holding::State::held;
        set_written(*holding);
        if (holding->is_copy) holding->fan_out = registry_.fan_out;
        if (was_held) {
            registry_.set_held(*session, flow.held - 1);
        } else if (holding->is_copy) {
            --flow.copies;
        }
    } else if (flow.others_held > 0 && message.qos > 0) {
        --flow.others_held;
        registry_.set_held(*session, flow.held - 1);
    }
    flow.held_changed = now_;
    if (has_room(*session)) registry_.set_queue_full(*session, false);
    return writing;
}

// They are written in their order.
Holding* Deliveries::find_unwritten(Session::Flow& flow, const Message& message) {
    auto& holdings = flow.holdings;
    for (std::size_t left = holdings.size(); left > 0; --left, ++flow.next_held) {
        if (flow.next_held >= holdings.size()) flow.next_held = 0;
        auto& holding = holdings[flow.next_held];
        if (holding.is_shown_as(message) && holding.state != Holding::State::written)
            return &holding;
    }
    return nullptr;
}

// The broker has had its round, and did not write these: it holds them back.
void Deliveries::give_up_copies(Session& session) {
    session.flow.copies = 0;
    std::size_t held = 0;
    std::erase_if(session.flow.holdings, [&](Holding& holding) {
        if (!holding.is_copy || holding.state != Holding::State::expected) return false;
        if (holding.qos == 0) {
            if (session.connected)
                set_queue_full(session, "it does not read what it has been sent");
            return true;
        }
        holding.state = Holding::State::held;
        holding.fan_out = registry_.fan_out;
        ++held;
        return false;
    });
    if (held > 0) hold(session, held);
}

void Deliveries::miss() {
    auto& session = *std::exchange(expected_, nullptr);
    if (expected_qos_ == 0) {
        set_queue_full(session, "it does not read what it has been sent");
        return;
    }
    // Its in-flight window is full: the broker sends it when an acknowledgement comes. Beyond its
    // own limit it drops it.
    if (!has_room(session) && !holdings_.can_ask()) return;
    if (expected_is_noted_) {
        session.flow.holdings.back().state = Holding::State::held;
    } else {
        ++session.flow.others_held;
    }
    hold(session, 1);
}

void Deliveries::list(Session& session) {
    if (!std::exchange(session.flow.listed, true)) holders_.push_back(session.id);
}

void Deliveries::count_held(Session& session) {
    const auto is_held = [](const Holding& one) { return one.state == Holding::State::held; };
    const auto held = std::ranges::count_if(session.flow.holdings, is_held);
    registry_.set_held(session, static_cast<std::size_t>(held) + session.flow.others_held);
}

void Deliveries::hold(Session& session, std::size_t messages) {
    registry_.set_held(session, session.flow.held + messages);
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

// What it has been given is shown again, and what is on its way comes to the new connection.
void Deliveries::forget(Session& session) {
    for (auto& holding : session.flow.holdings) {
        if (holding.state == Holding::State::held) holding.state = Holding::State::written;
    }
    session.flow.others_held = 0;
    registry_.set_held(session, 0);
    registry_.set_queue_full(session, false);
}

void Deliveries::expect_again(Session& session, const Message& message) {
    if (!shows_deliveries_) return;
    auto& holdings = session.flow.holdings;
    const auto found = std::ranges::find_if(holdings, [&](const Holding& holding) {
        return holding.is_shown_as(message) && holding.state == Holding::State::written;
    });
    if (found == holdings.end()) {
        ++session.flow.others_held;
    } else {
        found->state = Holding::State::held;
    }
    hold(session, 1);
}

bool Deliveries::look_again(Session& session) {
    auto& flow = session.flow;
    if (has_room(session)) registry_.set_queue_full(session, false);
    if (flow.held == 0) return !(flow.listed = false);
    const auto silence = now_ - flow.held_changed;
    if (!session.connected || silence < kSecondsUntilAsked) return false;
    if (holdings_.can_ask()) {
        ask_again(session);
    } else if (!flow.queue_full && silence >= kSecondsUntilDoubt) {
        // What expires in the client's queue is dropped without a word.
        flow.held_changed = now_;
        if (flow.others_held > 0) --flow.others_held;
        registry_.set_held(session, flow.held - 1);
    }
    return false;
}

// What is not held any more, though it was not written, is no reason to pass the client over.
void Deliveries::ask_again(Session& session) {
    session.flow.held_changed = now_;
    const auto others = holdings_.prune(session);
    if (!others) return;
    session.flow.others_held = std::min(session.flow.others_held, *others);
    count_held(session);
    if (has_room(session)) registry_.set_queue_full(session, false);
}

void Deliveries::tick(std::int64_t now) {
    conclude();
    for (const auto& id : std::exchange(copied_to_, {})) {
        if (auto* session = registry_.find(id)) give_up_copies(*session);
    }
    if (std::exchange(now_, now) == now || holders_.empty()) return;
    std::erase_if(holders_, [this](const std::string& id) {
        auto* session = registry_.find(id);
        return !session || look_again(*session);
    });
}

}  // namespace shared_subscription
