#include "core/flow/deliveries.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What keeps a client from getting messages is asked about after so long, or, where the broker
// cannot be asked, doubted.
constexpr std::int64_t kSecondsUntilAsked = 1;
constexpr std::int64_t kSecondsUntilDoubt = 60;

// A client that acknowledges nothing for so long may be collecting acknowledgements.
constexpr std::int64_t kSecondsOfSilence = 2;

// Of what is published to one client before the broker shows what becomes of it: where it is
// certain that it goes there, and where it is not known how much it takes.
constexpr std::size_t kCopiesAtOnce = 100;
constexpr std::size_t kCopiesAtAGuess = 20;

// What is given to one of several members at least.
constexpr std::size_t kLeast = 4;

// Messages that the broker is asked about in one round, for those who are given no more for now.
constexpr std::size_t kAskedAboutInARound = 500;

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

void Deliveries::expect(Member& member, std::int64_t id, const Message& message,
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
    note_load(member);
}

// Where there is no place, what the broker does not hold any more makes room.
void Deliveries::note(Session& session, const Holding& holding) {
    constexpr std::size_t kFirst = 32;
    auto& holdings = session.flow.holdings;
    if (holdings.empty()) session.flow.acknowledged = now_;
    if (holdings.size() == holdings.capacity()) {
        if (!holdings.empty() && may_ask_ && holdings_.can_ask()) std::ignore = prune(session);
        const auto size = holdings.size();
        if (size + size / 4 >= holdings.capacity()) holdings.reserve(std::max(kFirst, 2 * size));
    }
    holdings.push_back(holding);
}

bool Deliveries::takes_more(const Member& member, const StoredMessage& message) {
    auto& session = member.subscription->session;
    const auto copies = session.flow.copies;
    const bool fits = queue_limit_ == 0 || session.flow.held + copies < queue_limit_;
    if (copies >= kCopiesAtOnce || (!fits && copies > 0)) return false;
    const bool is_held = broker_.outgoing_qos(message.qos, member.options) > 0;
    if (!shows_deliveries_ || !is_held || !spreads_load(member.group->strategy())) return true;
    if (!holdings_.can_ask()) return copies < kCopiesAtAGuess;
    if (has_room_for(member, message.size())) return true;
    if (!may_ask_) return false;
    if (session.flow.asked_in != round_ && ask(session) && has_room_for(member, message.size()))
        return true;
    set_used_up(session);
    return false;
}

// What may be too large is given only where the broker writes it at once, so that it shows.
bool Deliveries::has_room_for(const Member& member, std::size_t size) const noexcept {
    const auto& session = member.subscription->session;
    const auto& flow = session.flow;
    const auto& group = *member.group;
    const auto known = flow.holdings.size();
    const auto given = known + flow.others_held - std::min(known, flow.released);
    if (!is_sure_to_take(session, size) && !flow.silent)
        return given < std::max<std::size_t>(flow.window, 1);
    if (given >= flow.window + std::min(beyond_window(flow), flow.most_held)) return false;
    return group.connected < 2 || flow.silent || given < share_of(member);
}

// As long as nothing was held back, the window is larger than what has been seen: one without a
// limit is to show soon.
std::size_t Deliveries::beyond_window(const Session::Flow& flow) const noexcept {
    return flow.is_window_known ? max_held_back_ : std::max(max_held_back_, flow.window / 2);
}

// Of what waits, a member that works at less than half the pace of the average gets no more than
// what it will have done when the others have done the rest: as much as it has had a part in what
// was done so far.
std::size_t Deliveries::share_of(const Member& member) noexcept {
    const auto& group = *member.group;
    const bool is_known = member.pace.episode == group.pace.episode;
    const std::size_t done = is_known ? member.pace.released : 0;
    if (2 * done * group.connected >= group.pace.released) return kAnySize;
    return kLeast + group.queue.size() * (done + 1) / (group.pace.released + group.connected);
}

// What has been acknowledged since shows in the next round.
void Deliveries::note_load(Member& member) {
    auto& group = *member.group;
    if (group.strategy() != Strategy::least_loaded) return;
    group.set_load(member, member.subscription->session.flow.holdings.size());
    if (!std::exchange(group.pace.is_counted, true)) loaded_.push_back(group.number);
}

// Where a group is so large that not all are asked about, the others seem to hold what they held.
void Deliveries::count_loads() {
    for (const auto number : std::exchange(loaded_, {})) {
        auto* found = registry_.find_group(number);
        if (!found) continue;
        auto& group = *found;
        group.pace.is_counted = false;
        const auto& members = group.members();
        std::size_t asked_about = 0;
        for (auto left = members.size(); left > 0 && asked_about < kAskedAboutInARound; --left) {
            if (++group.pace.next_counted >= members.size()) group.pace.next_counted = 0;
            auto& member = *members[group.pace.next_counted];
            auto& session = member.subscription->session;
            if (session.flow.holdings.empty() || !session.connected) continue;
            asked_about += session.flow.holdings.size();
            if (session.flow.asked_in != round_) ask(session);
            group.set_load(member, session.flow.holdings.size());
        }
    }
}

void Deliveries::set_used_up(Session& session) {
    if (session.flow.used_up) return;
    registry_.set_used_up(session, true);
    used_up_.push_back(session.id);
}

bool Deliveries::has_got(Session& session, std::size_t size) {
    auto& flow = session.flow;
    if (is_sure_to_take(session, size)) return true;
    if (size < flow.too_large) {
        flow.too_large = size;
        broker_.log(LogLevel::notice, "client " + quote(session.id) +
                                          " is passed over for messages of " +
                                          std::to_string(size) +
                                          " bytes or more: they exceed its Maximum Packet Size.");
    }
    return false;
}

void Deliveries::note_taken(Session& session, std::int64_t id, std::size_t size) {
    if (is_sure_to_take(session, size)) return;
    const auto& holdings = session.flow.holdings;
    const auto found = std::find_if(holdings.rbegin(), holdings.rend(), [id](const Holding& one) {
        return one.is_copy && one.id == id && one.is_written();
    });
    if (found != holdings.rend()) session.flow.largest_taken = size;
}

void Deliveries::expect_copy(Member& member, std::int64_t id, const SharedMessage& message,
                             const void* address) {
    if (!shows_deliveries_) return;
    auto& session = member.subscription->session;
    ++session.flow.copies;
    copied_to(session);
    const bool is_marked = !message->properties && member.options.identifier() == 0;
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
    note_load(member);
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
            ++flow.released;
            flow.acknowledged = now_;
            if (holding->member) released_ = holding->member->group;
        } else if (holding->is_copy) {
            holding->state = Holding::State::shown;
        }
        flow.silent = false;
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
        if (holding.is_shown_as(message) && !holding.is_written()) return &holding;
    }
    return nullptr;
}

// The broker has had its round, and nothing has been read from clients since, so that what it does
// not hold now, but has written, is not acknowledged but was too large. What was published while it
// drained others' messages it comes to in the next round (queue_plugin_msgs).
void Deliveries::settle_copies(Session& session) {
    using Where = Holding::State;
    auto& flow = session.flow;
    flow.copies = 0;
    std::vector<Missing> written;
    for (const auto& holding : flow.holdings) {
        if (holding.state == Where::shown && holding.qos > 0)
            written.push_back({session.id, holding.id, holding.address, Fate::written});
    }
    if (!session.connected || !holdings_.can_ask() || !ask(session)) {
        give_up_copies(session);
        for (auto& holding : flow.holdings)
            if (holding.state == Where::shown) holding.state = Where::written;
        return;
    }
    bool is_full = false;
    std::erase_if(flow.holdings, [&](Holding& holding) {
        if (holding.state == Where::shown) holding.state = Where::written;
        if (holding.is_settled()) return false;
        if (holdings_.was_shown(holding)) {
            holding.state = Where::held;
            holding.fan_out = registry_.fan_out;
            return false;
        }
        const bool is_dropped = std::exchange(holding.state, Where::unseen) == Where::unseen;
        is_full |= is_dropped;
        if (!is_dropped) copied_to(session);
        missing_.push_back(
            {session.id, holding.id, holding.address, is_dropped ? Fate::dropped : Fate::open});
        return is_dropped;
    });
    std::erase_if(written, [&](const Missing& copy) {
        return std::ranges::any_of(flow.holdings, [&copy](const Holding& holding) {
            return holding.id == copy.id && holding.address == copy.address;
        });
    });
    std::ranges::move(written, std::back_inserter(missing_));
    count_held(session);
    learn_window(session);
    if (flow.held > 0) list(session);
    if (!is_full) return;
    // One it always holds (db__ready_for_queue).
    flow.most_held = std::max<std::size_t>(flow.held, 1);
    set_queue_full(session, "the broker drops what is for it");
}

void Deliveries::copied_to(Session& session) {
    if (!std::exchange(session.flow.copied_to, true)) copied_to_.push_back(session.id);
}

// The broker did not write these: it holds them back.
void Deliveries::give_up_copies(Session& session) {
    session.flow.copies = 0;
    std::size_t held = 0;
    std::erase_if(session.flow.holdings, [&](Holding& holding) {
        if (!holding.is_copy || holding.is_settled()) return false;
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
    session.flow.window = 0;
    session.flow.is_window_known = false;
    session.flow.released = 0;
    session.flow.silent = false;
    session.flow.most_held = kAnySize;
    session.flow.largest_taken = 0;
    session.flow.too_large = kAnySize;
    registry_.set_held(session, 0);
    registry_.set_queue_full(session, false);
}

void Deliveries::expect_again(Session& session, const Message& message) {
    if (!shows_deliveries_) return;
    auto& holdings = session.flow.holdings;
    const auto found = std::ranges::find_if(holdings, [&](const Holding& holding) {
        return holding.is_shown_as(message) && holding.is_written();
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
        ask(session);
        // What is not held any more, though it was not written, is no reason to pass it over.
        flow.held_changed = now_;
        if (has_room(session)) registry_.set_queue_full(session, false);
    } else if (!flow.queue_full && silence >= kSecondsUntilDoubt) {
        // What expires in the client's queue is dropped without a word.
        flow.held_changed = now_;
        if (flow.others_held > 0) --flow.others_held;
        registry_.set_held(session, flow.held - 1);
    }
    return false;
}

// What is not held any more is acknowledged.
std::optional<std::size_t> Deliveries::prune(Session& session) {
    auto& flow = session.flow;
    const auto before = flow.holdings.size();
    const auto others = holdings_.prune(session);
    if (flow.holdings.size() < before) {
        flow.acknowledged = now_;
        flow.silent = false;
    }
    return others;
}

bool Deliveries::ask(Session& session) {
    auto& flow = session.flow;
    const auto others = prune(session);
    if (!others) return false;
    flow.asked_in = round_;
    flow.others_held = std::min(flow.others_held, *others);
    count_held(session);
    learn_window(session);
    return true;
}

void Deliveries::learn_window(Session& session) {
    auto& flow = session.flow;
    const auto in_flight = std::ranges::count_if(flow.holdings, &Holding::is_written);
    const auto count = static_cast<std::size_t>(in_flight);
    flow.window = flow.held > 0 ? count : std::max(flow.window, count);
    flow.is_window_known |= flow.held > 0;
}

bool Deliveries::may_take_more(Session& session) {
    auto& flow = session.flow;
    if (!session.connected || !ask(session)) return true;
    flow.silent |= now_ - flow.acknowledged >= kSecondsOfSilence;
    bool is_wanted = false;
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            const auto& queue = member->group->queue;
            if (queue.empty()) continue;
            if (has_room_for(*member, queue.front().message->size())) return true;
            is_wanted = true;
        }
    }
    return !is_wanted;
}

// Some in each round, where they are many.
void Deliveries::look_at_used_up() {
    std::size_t asked_about = 0;
    while (next_used_up_ < used_up_.size() && asked_about < kAskedAboutInARound) {
        auto& id = used_up_[next_used_up_];
        auto* session = registry_.find(id);
        if (session) asked_about += 1 + session->flow.holdings.size();
        if (session && session->flow.used_up && !may_take_more(*session)) {
            ++next_used_up_;
            continue;
        }
        id.swap(used_up_.back());
        used_up_.pop_back();
        if (session) registry_.set_used_up(*session, false);
    }
    if (next_used_up_ >= used_up_.size()) next_used_up_ = 0;
}

void Deliveries::tick(std::int64_t now) {
    conclude();
    ++round_;
    const bool is_next_second = std::exchange(now_, now) != now;
    for (const auto& id : std::exchange(copied_to_, {})) {
        auto* session = registry_.find(id);
        if (!session) continue;
        session->flow.copied_to = false;
        settle_copies(*session);
    }
    look_at_used_up();
    count_loads();
    if (!is_next_second || holders_.empty()) return;
    std::erase_if(holders_, [this](const std::string& id) {
        auto* session = registry_.find(id);
        return !session || look_again(*session);
    });
}

}  // namespace shared_subscription
