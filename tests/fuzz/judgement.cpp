// What a run is judged by, as far as it shows without comparing it with another.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "../integration/environment.hpp"
#include "configurations.hpp"
#include "player.hpp"

namespace fuzz {
namespace {

using Json = nlohmann::json;

constexpr const char* control_topic = "$CONTROL/shared-subscription/v1";
constexpr std::chrono::milliseconds pause{100};

std::string replaced(std::string text, const std::string& word, const std::string& by) {
    for (auto at = text.find(word); at != text.npos; at = text.find(word, at + by.size())) {
        text.replace(at, word.size(), by);
    }
    return text;
}

std::string escaped(const std::string& text) {
    const auto result = Json(text).dump();
    return result.substr(1, result.size() - 2);
}

std::string identity(const Message& message) {
    return shown(message.topic) + " '" + shown(message.payload) + "'";
}

// A topic that the filter matches.
std::string topic_of(const std::string& filter) {
    return replaced(replaced(filter, "+", "b"), "#", "b");
}

}  // namespace

std::string Player::request(const std::string& json) {
    Client& administrator = world_.administrator();
    administrator.take_messages();
    administrator.publish({.topic = control_topic, .payload = json}, 0, false);
    world_.settle();
    std::string answer;
    for (const auto& message : administrator.take_messages()) answer = message.payload;
    return answer;
}

Statistics Player::statistics() {
    const auto answer =
        Json::parse(request(R"({"commands":[{"command":"getStatistics"}]})"), nullptr, false);
    if (!answer.is_object()) throw Failure("a control request is not answered", "getStatistics");
    const auto data = answer.at("responses").at(0).value("data", Json::object());
    const auto at = [&](const char* name) { return data.value(name, -1L); };
    return {at("groups"),       at("members"), at("dispatched"), at("queued"),
            at("redispatched"), at("dropped"), at("expired")};
}

void Player::steer(const Action& action) {
    if (!with_plugin()) return;
    constexpr std::array strategies{"round_robin", "random", "sticky", "hash_topic", "nonsense"};
    GroupName name{action.group, action.filter};
    int client = action.client;
    // Mostly one that is there.
    const auto& all = accounts_.groups.all();
    if (action.count > 0 && !all.empty()) {
        const auto place = static_cast<std::size_t>(action.count) % all.size();
        const auto& [known, members] = *std::next(all.begin(), static_cast<std::ptrdiff_t>(place));
        name = known;
        client = *members.begin();
    }
    auto json = replaced(action.bytes, "GROUP", escaped(name.share_name));
    json = replaced(json, "FILTER", escaped(name.filter));
    json = replaced(json, "CLIENT", escaped(client_id(client)));
    json = replaced(json, "STRATEGY", strategies.at(static_cast<std::size_t>(action.count)));
    const auto answer = request(json);
    const bool removes = json.find("removeMember") != json.npos;
    if (removes && !answer.empty() && answer.find("\"error\"") == answer.npos) {
        accounts_.groups.leave(name, client);
    }
}

void Player::judge_metrics() {
    const auto now = statistics();
    const auto problem = accounts_.check(now);
    if (!problem) return;
    report("the metrics do not add up", *problem);
    accounts_.open(now);
}

// What a client publishes, or leaves as its will, comes once in a pass.
void Player::judge_observer() {
    if (course_.passes > 1) return;
    for (const auto& message : published_) {
        const auto origin = origin_of(message.payload);
        const bool is_unique = origin.kind == 'm' || origin.kind == 'w' || origin.kind == 'x';
        if (is_unique && !seen_.insert(origin).second) {
            throw Failure("an ordinary client has a message twice", identity(message));
        }
    }
}

// Everybody is back and has read what there was.
void Player::judge_ledger() {
    note_receipts();
    // 2.0 does not show what a session takes with it when it ends.
    if (!integration::broker_is_20()) {
        const auto& name = course_.configuration;
        // Elsewhere only QoS 0 is dropped, and what waits for a group that ends.
        const bool may_be_dropped = has_limits(name) || restricts(name);
        const auto lost =
            ledger_.find_lost(receipts_, may_be_dropped ? accounts_.gone(statistics()) : 0);
        if (lost) throw Failure("a message is lost", *lost);
    }
    const auto doubled = ledger_.find_doubled(receipts_);
    if (doubled) throw Failure("a message was handled twice", *doubled);
}

// The observer has each message once; together, so have the members of the healthy group.
// A will that was delayed may come between two looks.
void Player::judge_health() {
    std::map<std::string, int> balance;
    std::set<std::string> delayed;
    const auto count = [&](const Message& message, int change) {
        balance[identity(message)] += change;
        if (origin_of(message.payload).kind == 'x') delayed.insert(identity(message));
    };
    for (const auto& message : published_) {
        if (matches(healthy_topics, message.topic)) count(message, 1);
    }
    for (int number = 0; number < World::healthy_count; ++number) {
        Client& member = world_.healthy_member(number);
        if (member.take_ended_by_broker()) {
            throw Failure("a healthy member is disconnected",
                          member.id() + "\n" + world_.last_log_lines());
        }
        for (const auto& message : member.take_messages()) count(message, -1);
    }
    for (const auto& [message, difference] : std::exchange(half_seen_, {}))
        balance[message] += difference;
    for (const auto& [message, difference] : balance) {
        if (difference == 0) continue;
        if (delayed.contains(message)) {
            half_seen_[message] = difference;
            continue;
        }
        throw Failure(difference > 0 ? "a healthy group misses a message"
                                     : "a healthy group has a message twice",
                      message);
    }
}

// All members are back and as they should be: each group has to be served.
void Player::revive() {
    if (with_plugin()) judge_metrics();
    for (int number = first_member; number < client_count; ++number) {
        Client& client = world_.random_client(number);
        if (!client.has_kept_session()) client.set_stalled(false);
        if (!client.is_lively()) {
            if (!client.has_kept_session()) continue;
            client.connect(world_.port(), {.clean_start = false, .expiry = 3600});
        }
        // Of a session that was restored, such a broker shows nothing until its client does
        // something.
        if (denies_the_away(course_.configuration)) client.unsubscribe({{"unknown"}});
        client.acknowledge(0);
        client.release();
        world_.settle();
        follow_connection(number, outcome_.actions);
    }
    // A session may have expired meanwhile, and its group with it.
    ledger_.follow(accounts_.groups.all());
    if (!with_plugin()) return;
    resume_members();
    wait_for_queues();
    judge_ledger();
    publish_to_each_group();
}

void Player::resume_members() {
    for (const auto& [name, members] : accounts_.groups.all()) {
        for (const int member : members) {
            request(R"({"commands":[{"command":"resumeMember","group":")" +
                    escaped(name.share_name) + R"(","filter":")" + escaped(name.filter) +
                    R"(","clientid":")" + escaped(client_id(member)) + R"("}]})");
        }
    }
}

void Player::wait_for_queues() {
    std::string waiting;
    for (int tries = 0; tries < 50; ++tries) {
        waiting = queues();
        if (waiting.empty()) return;
        world_.wait(pause);
    }
    throw Failure("messages wait although all members are there", waiting);
}

std::map<GroupName, Player::Shown> Player::list_groups() {
    const auto answer = Json::parse(
        request(R"({"commands":[{"command":"listGroups","verbose":true,"count":1000}]})"), nullptr,
        false);
    if (!answer.is_object()) throw Failure("a control request is not answered", "listGroups");
    std::map<GroupName, Shown> result;
    for (const auto& group : answer.at("responses").at(0).at("data").at("groups")) {
        result[{group.at("group"), group.at("filter")}] = {group.value("members", 0L),
                                                           group.value("queued", 0L)};
    }
    return result;
}

// Of groups that may have nobody left, the broker has still to say so.
std::string Player::queues() {
    std::string result;
    for (const auto& [name, group] : list_groups()) {
        if (group.queued == 0 || !accounts_.groups.is_certain(name)) continue;
        result += std::to_string(group.queued) + " for '" + shown(name.share_name) + "' on '" +
                  shown(name.filter) + "'; ";
    }
    return result;
}

void Player::publish_to_each_group() {
    world_.observer().take_messages();
    std::set<std::string> topics;
    for (const auto& [name, members] : accounts_.groups.all()) {
        // What may not be published, and what the restricted member may not read.
        if (is_for_broker_alone(name)) continue;
        topics.insert(topic_of(name.filter));
    }
    for (const auto& topic : topics) {
        for (int number = first_member; number < client_count; ++number) {
            world_.random_client(number).take_messages();
        }
        const auto payload = "fresh" + std::to_string(++fresh_);
        world_.administrator().publish({.topic = topic, .payload = payload, .qos = 1}, 0, false);
        world_.settle();
        judge_service(payload, topic);
    }
}

// One copy for each group. Which of a client's copies is for which does not show, so those for its
// non-shared subscriptions count as well, where they may.
void Player::judge_service(const std::string& payload, const std::string& topic) {
    long least = 0;
    long most = 0;
    std::string names;
    for (const auto& [name, members] : accounts_.groups.all()) {
        if (!matches(name.filter, topic)) continue;
        ++most;
        // Where the broker cannot be asked, what a member may not read is lost for its group.
        if (restricts(course_.configuration) && members.contains(restricted_client)) continue;
        if (accounts_.groups.is_certain(name)) ++least;
        names += " '" + shown(name.share_name) + "' on '" + shown(name.filter) + "'";
    }
    for (const auto& name : accounts_.doubted()) {
        if (matches(name.filter, topic)) ++most;
    }
    for (const auto& [name, clients] : ordinary_.all()) {
        if (matches(name.filter, topic)) most += static_cast<long>(clients.size());
    }
    const auto count_copies = [&] {
        long copies = 0;
        for (int number = first_member; number < client_count; ++number) {
            for (const auto& message : world_.random_client(number).take_messages()) {
                if (message.payload == payload) ++copies;
            }
        }
        return copies;
    };
    long copies = count_copies();
    for (int tries = 0; tries < 30 && copies < least; ++tries) {
        world_.wait(pause);
        copies += count_copies();
    }
    const auto text = std::to_string(copies) + " copies of a message to '" + shown(topic) +
                      "' instead of " + std::to_string(least) + " to " + std::to_string(most) +
                      "; groups:" + names;
    if (copies < least) throw Failure("a group is not served", text);
    if (copies > most) throw Failure("members have a message too often", text);
}

// All sessions end, and what is retained is taken away.
void Player::leave() {
    for (int number = 0; number < client_count; ++number) {
        Client& client = world_.random_client(number);
        client.connect(world_.port(), {});
        world_.settle();
        client.disconnect();
        world_.settle();
    }
    for (const auto& topic : all_topics()) {
        world_.administrator().publish({.topic = topic, .qos = 1, .retain = true}, 0, false);
        world_.settle();
    }
    for (int number = 0; number < client_count; ++number) {
        accounts_.groups.end_session(number);
        ordinary_.end_session(number);
    }
    if (with_plugin()) expect_groups(1, World::healthy_count);
    world_.observer().take_messages();
    for (int number = 0; number < World::healthy_count; ++number) {
        world_.healthy_member(number).take_messages();
    }
    if (with_plugin()) accounts_.open(statistics());
}

// 2.0 does not tell that a client has begun anew while it was connected, and hardly that a session
// has ended where it has no TICK. The next message on its filter shows that, if the broker asks
// about somebody else in a group.
void Player::ask_about_all() {
    std::set<std::string> topics;
    for (const auto& [name, group] : list_groups()) {
        if (!is_for_broker_alone(name)) topics.insert(topic_of(name.filter));
    }
    Client& witness = world_.witness();
    witness.connect(world_.port(), {.protocol = 4});
    world_.settle();
    for (const auto& topic : topics) {
        witness.subscribe({{"$share/witness/" + topic}}, 0);
        world_.settle();
        world_.administrator().publish({.topic = topic}, 0, false);
        world_.settle();
    }
    witness.disconnect();
    world_.settle();
}

void Player::expect_groups(long groups, long members) {
    if (integration::broker_is_20()) ask_about_all();
    Statistics now;
    for (int tries = 0; tries < 40; ++tries) {
        now = statistics();
        if (integration::broker_is_20()) leave_out_groups_of_broker(now);
        if (now.groups == groups && now.members == members && now.queued == 0) return;
        world_.wait(pause);
    }
    throw Failure("groups are left", std::to_string(now.groups) + " groups, " +
                                         std::to_string(now.members) + " members, " +
                                         std::to_string(now.queued) +
                                         " queued, although everybody has left: " +
                                         request(R"({"commands":[{"command":"listGroups"}]})"));
}

void Player::leave_out_groups_of_broker(Statistics& statistics) {
    for (const auto& [name, group] : list_groups()) {
        if (!is_for_broker_alone(name)) continue;
        --statistics.groups;
        statistics.members -= group.members;
        statistics.queued -= group.queued;
    }
}

void Player::judge_log() {
    const auto log = world_.log();
    const auto is_odd = [](char each) {
        const auto code = static_cast<unsigned char>(each);
        return (code < 0x20 && each != '\n' && each != '\t') || code == 0x7F;
    };
    if (const auto odd = std::ranges::find_if(log, is_odd); with_plugin() && odd != log.end()) {
        const auto begin = odd - std::min<std::ptrdiff_t>(odd - log.begin(), 60);
        report("a control character in the log", std::string(begin, odd + 1));
    }
    for (const char* word : {"runtime error:", "Sanitizer", "exception"}) {
        const auto at = log.find(word);
        if (at != log.npos) report("an alarm in the log", log.substr(at, 500));
    }
}

}  // namespace fuzz
