// `$CONTROL/shared-subscription/v1` and `$SYS/broker/shared-subscriptions/...`, on the real broker.

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "broker_test.hpp"
#include "control_request.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using Json = nlohmann::json;

class ControlTest : public BrokerTest {
  protected:
    void start() { broker.start({.options = {"plugin_opt_control true"}}); }
    void carry_out(Client& client, const Json& command) {
        const auto response = ask(client, command);
        EXPECT_FALSE(response.contains("error")) << response;
    }
    std::vector<Client*> join(const std::vector<std::string>& ids, const std::string& filter,
                              const ClientOptions& options = {}) {
        auto members = connect_all(ids, options);
        for (auto* member : members) member->subscribe(filter);
        return members;
    }
};

TEST_F(ControlTest, AnswersTheAskingClientOnly) {
    start();
    auto& other = connect("other");
    other.subscribe("$CONTROL/#");
    other.subscribe("#");
    for (const int protocol : {MQTT_PROTOCOL_V31, MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5}) {
        auto& administrator =
            connect("administrator" + std::to_string(protocol), {.protocol = protocol});
        const auto response = ask(administrator, {{"command", "getVersion"}});
        EXPECT_TRUE(response.at("data").contains("version"));
    }
    settle();
    EXPECT_THAT(other.payloads(), IsEmpty());
}

TEST_F(ControlTest, ShowsGroupsAndTheirMembers) {
    start();
    const auto members = join({"a", "b"}, "$share/g/orders/#");
    auto& administrator = connect("administrator");
    administrator.publish(numbered("orders/new", 4, 1));
    settle();
    auto listed =
        ask(administrator, {{"command", "listGroups"}, {"verbose", true}}).at("data").at("groups");
    EXPECT_GT(listed.at(0).at("rate"), 0);
    listed.at(0).erase("rate");
    EXPECT_EQ(listed, Json::parse(R"([{"group":"g","filter":"orders/#",
        "strategy":"round_robin","members":2,"connected":2,"dispatched":4,"queued":0,
        "oldestMessageAge":0,"dropped":0}])"));
    const auto group =
        ask(administrator, {{"command", "getGroup"}, {"group", "g"}}).at("data").at("group");
    EXPECT_EQ(group.at("memberList").size(), 2U);
    EXPECT_EQ(group.at("memberList")[0].at("clientid"), "a");
    EXPECT_EQ(group.at("memberList")[0].at("dispatched"), 2);
    EXPECT_EQ(group.at("memberList")[0].at("state"), "active");
    EXPECT_GT(group.at("memberList")[0].at("since").get<long>(), 1'000'000'000);
}

TEST_F(ControlTest, ShowsWhoMayNotRead) {
    if (!broker_can_be_asked()) GTEST_SKIP() << "This broker does not say who may read.";
    broker.start({.after_plugin = {"acl_file " + broker.write_file("acl",
                                                                   "pattern readwrite $fence/#\n"
                                                                   "topic write $CONTROL/#\n"
                                                                   "topic write t\n"
                                                                   "user reader\n"
                                                                   "topic read t\n")}});
    auto& reader = connect("reader", {.username = "reader"});
    auto& other = connect("other", {.username = "other"});
    for (auto* member : {&reader, &other}) member->subscribe("$share/g/t");
    auto& administrator = connect("administrator");
    const auto states = [&] {
        const auto answer = ask(administrator, {{"command", "getGroup"}, {"group", "g"}});
        std::vector<std::string> all;
        for (const auto& member : answer.at("data").at("group").at("memberList"))
            all.push_back(member.at("state"));
        return all;
    };
    EXPECT_THAT(states(), ElementsAre("active", "active"));
    administrator.publish(numbered("t", 2, 1));
    settle();
    EXPECT_THAT(counts({&reader, &other}), ElementsAre(2, 0));
    administrator.take_messages();
    EXPECT_THAT(states(), ElementsAre("active", "denied"));
}

TEST_F(ControlTest, PausedMemberIsDrained) {
    start();
    const auto members = join({"a", "b"}, "$share/g/t");
    auto& administrator = connect("administrator");
    Json command{{"command", "pauseMember"}, {"group", "g"}, {"clientid", "a"}};
    carry_out(administrator, command);
    administrator.publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 6));
    command["command"] = "resumeMember";
    carry_out(administrator, command);
    administrator.publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 9));
}

TEST_F(ControlTest, MessagesWaitWhileAllArePaused) {
    start();
    const auto members = join({"a"}, "$share/g/t");
    auto& administrator = connect("administrator");
    Json command{{"command", "pauseMember"}, {"group", "g"}, {"clientid", "a"}};
    carry_out(administrator, command);
    administrator.publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0));
    command["command"] = "resumeMember";
    carry_out(administrator, command);
    settle();
    EXPECT_EQ(members[0]->payloads(), numbers(1, 6));
}

struct RemovalRow {
    std::string name;
    bool is_offline;
};
void PrintTo(const RemovalRow& row, std::ostream* stream) {
    *stream << row.name;
}

class Removal : public ControlTest, public ::testing::WithParamInterface<RemovalRow> {};

// 2.0 ends the connection of the client with it.
TEST_P(Removal, TakesTheMemberOut) {
    const bool is_offline = GetParam().is_offline;
    start();
    auto& removed = connect("removed", persistent());
    removed.subscribe("$share/g/t");
    removed.subscribe("other");
    removed.subscribe("$share/h/another");
    auto& stays = connect("stays");
    stays.subscribe("$share/g/t");
    auto& administrator = connect("administrator");
    if (is_offline) leave({&removed});
    carry_out(administrator,
              {{"command", "removeMember"}, {"group", "g"}, {"clientid", "removed"}});
    const bool ended = broker_is_20() || is_offline;
    if (ended) {
        loop.run_until("the end of the connection", [&] { return !removed.connected(); });
        come_back({&removed});
    }
    administrator.publish(numbered("t", 4, 1));
    administrator.publish("other", "own", 1);
    administrator.publish("another", "group's", 1);
    settle();
    EXPECT_THAT(removed.payloads(), ElementsAre("own", "group's"));
    EXPECT_EQ(stays.payloads(), numbers(1, 4));
    removed.take_messages();
    removed.subscribe("$share/g/t");
    administrator.publish(numbered("t", 2, 1));
    settle();
    EXPECT_THAT(removed.messages(), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(, Removal,
                         ::testing::Values(RemovalRow{"Connected", false},
                                           RemovalRow{"Away", true}),
                         [](const auto& row) { return row.param.name; });

// 2.0 would lose more than this member.
class RemovalLater : public ControlTest {
  protected:
    void remove_when_back(Client& administrator, Client& member) {
        const Json removal{{"command", "removeMember"}, {"group", "g"}, {"clientid", "member"}};
        if (broker_is_20()) {
            EXPECT_THAT(ask(administrator, removal).value("error", ""),
                        HasSubstr("remove it while it is connected"));
            come_back({&member});
            administrator.publish("other", "own");  // that it is back may show only now
            member.wait_for_messages(1);
            EXPECT_THAT(member.payloads(), ElementsAre("own"));
            member.take_messages();
        }
        carry_out(administrator, removal);
        loop.run_until("the end of the connection", [&] { return !member.connected(); });
        come_back({&member});
        administrator.publish("t", "group's", 1);
        administrator.publish("other", "own", 1);
        settle();
        EXPECT_THAT(member.payloads(), ElementsAre("own"));
    }
};

TEST_F(RemovalLater, OfWhomTheBrokerHasRestored) {
    const Configuration configuration{
        .first = {"persistence true", "persistence_location " + broker.path("")},
        .options = {"plugin_opt_control true",
                    "plugin_opt_persistence_file " + broker.path("groups.sqlite")}};
    broker.start(configuration);
    auto& member = connect("member", persistent());
    member.subscribe("$share/g/t");
    member.subscribe("other");
    restart(configuration);
    remove_when_back(connect("administrator"), member);
}

TEST_F(RemovalLater, OfWhomTheBrokerAsksNobody) {
    if (!broker_denies_the_away()) GTEST_SKIP() << "This broker asks about those that are away.";
    broker.start({.first = {"per_listener_settings true"}, .options = {"plugin_opt_control true"}});
    auto& member = connect("member", persistent());
    member.subscribe("$share/g/t");
    member.subscribe("other");
    leave({&member});
    remove_when_back(connect("administrator"), member);
}

struct OwnRemovalRow {
    std::string name;
    ClientOptions options;
};
void PrintTo(const OwnRemovalRow& row, std::ostream* stream) {
    *stream << row.name;
}

class OwnRemoval : public ControlTest, public ::testing::WithParamInterface<OwnRemovalRow> {};

// On 2.0 that ends the connection in the midst of its own PUBLISH.
TEST_P(OwnRemoval, LeavesTheBrokerAsItShouldBe) {
    start();
    auto& removed = connect("removed", GetParam().options);
    removed.subscribe("$share/g/t");
    auto& stays = connect("stays");
    stays.subscribe("$share/g/t");
    const std::string request =
        R"({"commands":[{"command":"removeMember","group":"g","clientid":"removed"}]})";
    if (broker_is_20()) {
        removed.start_publish({.topic = control_topic, .payload = request, .qos = 1});
        loop.run_until("the end of the connection", [&] { return !removed.connected(); });
    } else {
        removed.publish(control_topic, request, 1);
        removed.wait_for_messages(1);
        removed.take_messages();
    }
    stays.publish(numbered("t", 4, 1));
    stays.wait_for_messages(4);
    EXPECT_EQ(stays.payloads(), numbers(1, 4));
    EXPECT_THAT(removed.payloads(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, OwnRemoval,
                         ::testing::Values(OwnRemovalRow{"Clean", {}},
                                           OwnRemovalRow{"Persistent", persistent()},
                                           OwnRemovalRow{"CleanMqtt311", {.protocol = 4}},
                                           OwnRemovalRow{"PersistentMqtt311", persistent(4)}),
                         [](const auto& row) { return row.param.name; });

TEST_F(ControlTest, StrategyIsChanged) {
    start();
    const auto members = join({"a", "b", "c"}, "$share/g/t");
    auto& administrator = connect("administrator");
    carry_out(administrator, {{"command", "setStrategy"}, {"strategy", "sticky"}, {"group", "g"}});
    administrator.publish(numbered("t", 5, 1));
    settle();
    EXPECT_THAT(counts(members), ::testing::UnorderedElementsAre(5, 0, 0));
}

TEST_F(ControlTest, StrategyOutlivesARestart) {
    const Configuration configuration{
        .options = {"plugin_opt_control true",
                    "plugin_opt_persistence_file " + broker.path("groups.db")}};
    broker.start(configuration);
    carry_out(connect("administrator"),
              {{"command", "setStrategy"}, {"strategy", "sticky"}, {"group", "g"}});
    restart(configuration);
    const auto members = join({"a", "b", "c"}, "$share/g/t");
    connect("publisher").publish(numbered("t", 5, 1));
    settle();
    EXPECT_THAT(counts(members), ::testing::UnorderedElementsAre(5, 0, 0));
}

TEST_F(ControlTest, WhatIsNoRequestIsRefused) {
    start();
    auto& administrator = connect("administrator");
    for (const auto& request : {std::string("nonsense"), std::string(1'000'000, '['),
                                std::string("\0\0", 2), std::string()}) {
        EXPECT_TRUE(ask_with(administrator, request).contains("error"));
    }
}

TEST_F(ControlTest, IsOffWhereEverybodyCouldUseIt) {
    broker.start();
    const auto response = ask(connect("anybody"), {{"command", "getVersion"}});
    EXPECT_THAT(response.at("error").get<std::string>(), HasSubstr("plugin_opt_control true"));
}

TEST_F(ControlTest, AccessControlSaysWhoMay) {
    broker.start({.after_plugin = {"acl_file " + broker.write_file("acl",
                                                                   "pattern readwrite $fence/#\n"
                                                                   "user administrator\n"
                                                                   "topic write " +
                                                                       control_topic + "\n")}});
    auto& administrator = connect("administrator", {.username = "administrator"});
    EXPECT_TRUE(ask(administrator, {{"command", "getVersion"}}).contains("data"));
    auto& other = connect("other", {.username = "other"});
    other.publish(control_topic, R"({"commands":[{"command":"getVersion"}]})", 1);
    settle();
    EXPECT_THAT(other.payloads(), IsEmpty());
}

TEST_F(ControlTest, CanBeSwitchedOff) {
    broker.start(
        {.options = {"plugin_opt_control false"},
         .after_plugin = {"acl_file " + broker.write_file("acl", "topic write $CONTROL/#\n")}});
    EXPECT_TRUE(ask(connect("anybody"), {{"command", "getVersion"}}).contains("error"));
}

class SysTopicsTest : public BrokerTest {
  protected:
    static constexpr const char* kRoot = "$SYS/broker/shared-subscriptions/";

    // Drives the clients until the last value of the topic is this one.
    void wait_for(Client& client, const std::string& topic, const std::string& value) {
        const auto whole = kRoot + topic;
        loop.run_until(whole + " " + value, [&] {
            const auto last = last_values(client);
            const auto found = last.find(whole);
            return found != last.end() && found->second == value;
        });
    }
    // The same of the object of the group that has this name, at any rate; the topic.
    std::string wait_for_group(Client& client, const Json& value) {
        std::string topic;
        loop.run_until(value.dump(), [&] {
            for (const auto& [name, payload] : last_values(client)) {
                auto said = Json::parse(payload, nullptr, false);
                if (said.is_object() && said.erase("rate") == 1 && said == value) topic = name;
            }
            return !topic.empty();
        });
        return topic.substr(std::string(kRoot).size());
    }
    static std::map<std::string, std::string> last_values(const Client& client) {
        std::map<std::string, std::string> values;
        for (const auto& message : client.messages()) values[message.topic] = message.payload;
        return values;
    }
};

TEST_F(SysTopicsTest, MetricsArePublished) {
    broker.start({.options = {"plugin_opt_sys_interval 1"}});
    auto& monitor = connect("monitor");
    monitor.subscribe("$SYS/broker/shared-subscriptions/#");
    wait_for(monitor, "groups", "0");
    auto& member = connect("member");
    member.subscribe("$share/g/orders/+");
    member.publish(numbered("orders/1", 3, 1));
    wait_for(monitor, "groups", "1");
    wait_for(monitor, "messages/dispatched", "3");
    Json group{{"group", "g"}, {"filter", "orders/+"},  {"strategy", "round_robin"},
               {"members", 1}, {"connected", 1},        {"dispatched", 3},
               {"queued", 0},  {"oldestMessageAge", 0}, {"dropped", 0}};
    const auto topic = wait_for_group(monitor, group);
    auto& late = connect("late");
    late.subscribe("$SYS/broker/shared-subscriptions/#");
    EXPECT_EQ(wait_for_group(late, group), topic);
    member.disconnect();
    wait_for(monitor, "groups", "0");
    wait_for(monitor, topic, "");
}

// Those that make metrics of topics replace '/', ' ', '-' and '.' by '_'; what is left has to be a
// name of a metric, and no other's.
TEST_F(SysTopicsTest, EachTopicIsTheNameOfAMetric) {
    broker.start({.options = {"plugin_opt_sys_interval 1"}});
    auto& monitor = connect("monitor");
    monitor.subscribe(std::string(kRoot) + "#");
    auto& member = connect("member");
    const std::vector<std::string> filters{"$share/a b/t", "$share/a-b/t", "$share/a.b/t",
                                           "$share/a_b/t", "$share/%2F/t", "$share/\xC3\xA4/t",
                                           "$queue/a/+/#", "$queue/t",     "$share/\"/{}"};
    for (const auto& filter : filters) member.subscribe(filter);
    const std::string root = kRoot;
    std::set<std::string> names;
    loop.run_until("all groups", [&] {
        std::size_t groups = 0;
        for (const auto& [topic, value] : last_values(monitor))
            groups += topic.starts_with(root + "group/") && !value.empty() ? 1U : 0U;
        return groups == filters.size();
    });
    for (const auto& [topic, value] : last_values(monitor)) {
        std::string name = topic.substr(root.size());
        for (auto& character : name)
            if (std::string_view("/ -.").find(character) != std::string_view::npos) character = '_';
        EXPECT_THAT(name, MatchesRegex("[a-zA-Z_:][a-zA-Z0-9_:]*"));
        EXPECT_TRUE(names.insert(name).second) << name;
    }
}

TEST_F(SysTopicsTest, MembershipsAreLogged) {
    broker.start({.first = {"log_type subscribe", "log_type unsubscribe"}});
    auto& member = connect("member");
    member.subscribe("$share/g/t");
    member.unsubscribe("$share/g/t");
    broker.wait_for_log("client 'member' joined group 'g' on 't', which has 1 member now.");
    broker.wait_for_log("client 'member' left group 'g' on 't', which has 0 members now.");
}

TEST_F(SysTopicsTest, VersionIsLogged) {
    broker.start();
    EXPECT_THAT(broker.log_lines("shared-subscription: version "), SizeIs(1));
}

}  // namespace
}  // namespace integration
