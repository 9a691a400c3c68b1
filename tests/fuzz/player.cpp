#include "player.hpp"

#include <algorithm>

#include "../integration/environment.hpp"
#include "configurations.hpp"

namespace fuzz {

Outcome play(const Actions& actions, const Course& course) {
    Outcome outcome;
    Player player(course, outcome);
    player.play(actions);
    return outcome;
}

Player::Player(const Course& course, Outcome& outcome)
    : course_(course),
      outcome_(outcome),
      world_(course.configuration, course.with_plugin == nullptr) {
    accounts_.healthy = {healthy_group, healthy_topics};
    accounts_.hears_plugins = !has_direct_members(course_.configuration);
}

void Player::play(const Actions& actions) {
    carry_out_all(actions);
    if (!outcome_.findings.empty()) outcome_.log = world_.log();
}

void Player::carry_out_all(const Actions& actions) try {
    world_.start();
    if (with_plugin()) accounts_.open(statistics());
    for (int pass = 0; pass < course_.passes; ++pass) {
        for (const auto& action : actions) {
            carry_out(action);
            ++outcome_.actions;
        }
        if (pass == 0) {
            for (int number = 0; number <= client_count; ++number) {
                outcome_.records.push_back(world_.random_client(number).records());
            }
        }
        if (course_.passes == 1) revive();
        leave();
        outcome_.resident_kilobytes.push_back(world_.resident_kilobytes());
    }
    if (with_plugin()) {
        for (int number = 0; number < World::healthy_count; ++number) {
            world_.healthy_member(number).disconnect();
        }
        world_.settle();
        expect_groups(0, 0);
    }
    world_.stop();
    judge_log();
} catch (const Failure& failure) {
    report(failure.kind, failure.what());
} catch (const BadPacket& error) {
    report("no MQTT", error.what());
}

void Player::report(std::string kind, std::string text) {
    text = "after action " + std::to_string(outcome_.actions) + ": " + text;
    outcome_.findings.push_back({std::move(kind), std::move(text)});
}

void Player::carry_out(const Action& action) {
    accounts_.before_action();
    if (action.client < 0 || action.kind == ActionKind::control) {
        carry_out_alone(action);
    } else {
        act(world_.random_client(action.client), action);
    }
    world_.settle();
    published_ = world_.observer().take_messages();
    judge_observer();
    follow(action);
    accounts_.after_action(published_);
    note_receipts();
    if (action.kind == ActionKind::publish && action.message.qos == 1) note_publication(action);
    ledger_.follow(accounts_.groups.all());
    if (!with_plugin()) return mirror(action.number);
    judge_health();
    if (action.number % 20 == 0) judge_metrics();
}

void Player::carry_out_alone(const Action& action) {
    switch (action.kind) {
        case ActionKind::control:
            return steer(action);
        case ActionKind::reload:
            // 2.0 would note once more when the sessions of those that are offline expire, and end
            // with the second time: mosquitto_unpwd_check fails without a listener.
            if (denies_the_away(course_.configuration)) return;
            return world_.reload();
        case ActionKind::restart:
        case ActionKind::crash:
            return restart(action.kind == ActionKind::crash);
        case ActionKind::wait:
            return world_.wait(std::chrono::milliseconds(action.count));
        case ActionKind::other_plugin: {
            const Message& message = action.message;
            const std::string request = std::to_string(action.count) + " " +
                                        std::to_string(message.qos) + " 0 " + message.topic + " " +
                                        message.payload;
            return world_.administrator().publish({.topic = "request/publish", .payload = request},
                                                  0, false);
        }
        default:
            return;
    }
}

void Player::act(Client& client, const Action& action) {
    if (action.kind == ActionKind::connect) return client.connect(world_.port(), action.session);
    if (!client.is_connected()) return;
    switch (action.kind) {
        case ActionKind::disconnect:
            return client.disconnect();
        case ActionKind::close:
            return client.close();
        case ActionKind::reset:
            return client.close(Client::Manner::reset);
        case ActionKind::resume:
            return client.set_stalled(false);
        default:
            break;
    }
    if (client.is_stalled()) return;
    switch (action.kind) {
        case ActionKind::stall:
            return client.set_stalled(true);
        case ActionKind::subscribe:
        case ActionKind::unsubscribe:
            return subscribe(client, action);
        case ActionKind::publish:
            return publish(client, action);
        case ActionKind::release:
            return client.release();
        case ActionKind::resend:
            return client.resend();
        case ActionKind::withhold:
            return client.withhold();
        case ActionKind::acknowledge:
            return client.acknowledge(static_cast<std::size_t>(action.count));
        case ActionKind::raw:
            return action.is_held ? client.send_last(action.bytes) : client.send(action.bytes);
        default:
            return;
    }
}

// Without the plugin, the clients that are in groups are there for what they publish.
void Player::subscribe(Client& client, const Action& action) {
    auto subscriptions = action.subscriptions;
    if (!with_plugin()) {
        std::erase_if(subscriptions, [](const auto& each) { return is_group_filter(each.filter); });
    }
    if (subscriptions.empty()) return;
    if (action.kind == ActionKind::subscribe) {
        client.subscribe(subscriptions, action.subscription_identifier);
    } else {
        client.unsubscribe(subscriptions);
    }
}

void Player::publish(Client& client, const Action& action) {
    auto message = action.message;
    if (is_group_filter(message.topic)) {
        // The plugin refuses it; the broker has a non-shared topic there.
        if (!with_plugin()) return;
        // What is refused gives the client one more place in 2.0's window (send__puback).
        if (has_small_windows(course_.configuration)) message.qos = 0;
    }
    if (has_direct_members(course_.configuration) && message.qos == 2)
        accounts_.may_be_given(message.topic);
    client.publish(message, action.alias, action.is_held);
}

void Player::restart(bool is_crash) {
    world_.restart(is_crash);
    if (!with_plugin()) return;
    accounts_.doubt_all();
    ledger_.clear();
    half_seen_.clear();
    // What the broker saved when it ended last, it has again, whatever has ended since.
    if (is_crash) {
        ordinary_.join_all(saved_);
        for (int number = 0; number < client_count; ++number) {
            if (saved_.has_member(number)) restored_.insert(number);
        }
    } else {
        saved_ = ordinary_;
        saved_groups_ = accounts_.groups;
    }
    if (is_crash || !keeps_groups(course_.configuration)) {
        // 2.0 goes on to serve members whose sessions it kept as non-shared subscribers.
        for (const auto& [name, members] : accounts_.groups.all()) {
            for (const int member : members) {
                ordinary_.join({"", name.filter}, member);
                ledger_.may_be_in(name, member);
            }
        }
        for (const auto& [name, members] : saved_groups_.all()) {
            for (const int member : members) ledger_.may_be_in(name, member);
        }
        accounts_.groups.end_all();
    }
    for (int number = first_member; number < client_count; ++number) {
        const bool is_saved = !world_.random_client(number).has_clean_start();
        if (!is_saved) accounts_.groups.set_doubtful(number, true);
    }
    for (int number = 0; number < World::healthy_count; ++number) {
        world_.healthy_member(number).take_messages();
    }
    accounts_.open(statistics());
}

// The connections that the broker ended where a plugin had a say end here, too.
void Player::mirror(std::size_t action) {
    const auto found = course_.with_plugin->closed.find(action);
    if (found == course_.with_plugin->closed.end()) return;
    for (const int number : found->second) {
        if (number >= first_member) world_.random_client(number).close();
    }
    world_.settle();
    world_.observer().take_messages();
}

void Player::follow(const Action& action) {
    if (action.kind == ActionKind::subscribe || action.kind == ActionKind::unsubscribe) {
        follow_subscriptions(action);
    }
    for (int number = 0; number < client_count; ++number) follow_connection(number, action.number);
    // The broker may have given the session up, under which name ever; CONNACK will tell.
    if (action.kind == ActionKind::raw && !world_.random_client(action.client).is_connected()) {
        accounts_.groups.set_doubtful(action.client, true);
    }
}

void Player::follow_connection(int number, std::size_t action) {
    Client& client = world_.random_client(number);
    client.take_codes();
    if (client.take_ended_by_broker()) outcome_.closed[action].insert(number);
    if (client.is_connected()) restored_.erase(number);
    const bool is_kept = client.has_kept_session() || restored_.contains(number);
    const bool is_ended = !client.is_connected() && !is_kept;
    if (client.take_new_session() || is_ended) {
        if (learns_late(course_.configuration)) accounts_.doubt_groups_of(number);
        accounts_.groups.end_session(number);
        ordinary_.end_session(number);
    }
    accounts_.groups.set_stuck(number, client.limits_packets());
    if (client.limits_packets()) ledger_.excuse(number);
    if (client.is_connected()) {
        accounts_.groups.set_doubtful(number, false);
    } else if (number == timed_client || denies_the_away(course_.configuration)) {
        accounts_.groups.set_doubtful(number, true);
    }
}

void Player::note_receipts() {
    for (int number = first_member; number < client_count; ++number) {
        Client& client = world_.random_client(number);
        client.take_messages();
        for (const auto& origin : client.take_doubtful()) receipts_.by[origin].insert(number);
        for (const auto& origin : client.take_acknowledged()) {
            receipts_.by[origin].insert(number);
            ++receipts_.count[origin];
        }
    }
}

// The observer shows nothing of its QoS.
void Player::note_publication(const Action& action) {
    for (const auto& message : published_) {
        if (origin_of(message.payload).action != action.number) continue;
        auto groups = accounts_.counted();
        groups.erase(accounts_.healthy);
        if (!accounts_.is_heard(message)) {
            for (auto& [name, is_certain] : groups) is_certain = false;
        }
        long others = 0;
        for (const auto& [name, clients] : ordinary_.all()) {
            if (matches(name.filter, message.topic)) others += static_cast<long>(clients.size());
        }
        ledger_.add(message, groups, others);
    }
}

void Player::follow_subscriptions(const Action& action) {
    constexpr int failure = 0x80;
    constexpr int no_local = 4;
    Client& client = world_.random_client(action.client);
    const auto codes = client.take_codes();
    const bool joins = action.kind == ActionKind::subscribe;
    for (std::size_t i = 0; i < action.subscriptions.size(); ++i) {
        const auto& filter = action.subscriptions[i].filter;
        const bool is_group = is_group_filter(filter);
        const auto name = is_group ? group_of(filter) : GroupName{"", filter};
        if (!name) continue;
        auto& groups = is_group ? accounts_.groups : ordinary_;
        if (joins && i < codes.size() && codes[i] < failure) {
            groups.join(*name, action.client);
            // What it is given with QoS 0 may get lost with its connection.
            if (is_group && codes[i] == 0) ledger_.excuse(*name, action.client);
        }
        if (is_group && !joins && integration::broker_is_20()) ledger_.excuse(*name);
        if ((action.subscriptions[i].options & no_local) != 0)
            accounts_.doubt(name->filter, action.client);
        // It takes the filters one by one, until one is a reason to end the connection.
        if (joins && codes.empty() && is_group) {
            accounts_.doubt(*name);
            ledger_.may_be_in(*name, action.client);
        }
        if (joins && codes.empty() && !is_group) ordinary_.join(*name, action.client);
        const bool may_be_left = is_group && client.was_ended_by_broker();
        if (joins || !(client.is_lively() || may_be_left)) continue;
        if (may_be_left || (is_group && learns_late(course_.configuration))) accounts_.doubt(*name);
        groups.leave(*name, action.client);
    }
}

}  // namespace fuzz
