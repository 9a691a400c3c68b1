// Members that the plugin alone serves (plugin_opt_direct_from): 2.0 has them in its tree by a
// filter that matches nothing. What holds for members of any kind is in large_groups_test.cpp.

#include "control_request.hpp"
#include "raw_client.hpp"
#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class DirectMembers : public RestartTest {
  protected:
    static constexpr const char* direct = "plugin_opt_direct_from 1";
    static constexpr const char* filter = "$share/g/t";

    void SetUp() override {
        RestartTest::SetUp();
        if (!broker_is_20()) GTEST_SKIP() << "2.0 alone";
    }
    // The first has a leaf, the others are direct.
    std::vector<Client*> join_all(const std::vector<std::string>& ids,
                                  const ClientOptions& client_options = {}) {
        const auto members = connect_all(ids, client_options);
        for (Client* member : members) EXPECT_EQ(member->subscribe(filter, 1), 1);
        return members;
    }
    // What the broker has in its tree for it.
    bool has_direct_filter(const std::string& id, const std::string& text = "$SHARE/g/t") const {
        return !broker.log_lines(": " + id + " 1 " + text).empty();
    }
    // Until it gets one, by which the plugin has seen that it is there.
    void wait_until_served(Client& member) {
        do publish(numbered("t", 1, 1));
        while (member.take_payloads().empty());
    }
};

TEST_F(DirectMembers, TakeTurnsWithTheFirst) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b", "c"});
    EXPECT_FALSE(has_direct_filter("a"));
    EXPECT_TRUE(has_direct_filter("b") && has_direct_filter("c"));
    for (const int qos : {0, 1, 2}) {
        publish(numbered("t", 9, qos));
        EXPECT_THAT(counts(members), Each(3U)) << "QoS " << qos;
        EXPECT_THAT(members[1]->take_payloads(), ElementsAre("2", "5", "8"));
        for (Client* member : members) member->take_messages();
    }
}

TEST_F(DirectMembers, GoOnWithoutTheFirst) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b", "c"});
    members[0]->disconnect();
    for (const int qos : {0, 1, 2}) {
        publish(numbered("t", 4, qos));
        EXPECT_THAT(all_payloads({members[1], members[2]}), ElementsAreArray(numbers(1, 4)));
        EXPECT_THAT(counts({members[1], members[2]}), Each(2U)) << "QoS " << qos;
        for (Client* member : members) member->take_messages();
    }
    Client& dying = connect("dying", {.will = Message{.topic = "t", .payload = "will", .qos = 1}});
    dying.drop();
    settle();
    EXPECT_THAT(all_payloads(members), ElementsAre("will"));
}

// 2.0 does not show No Local, by which the broker does not ask about the publisher.
// The broker asks about nobody when it releases a message that the first was there for.
TEST_F(DirectMembers, GetWhatIsReleasedAfterTheFirstHasGone) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b"});
    RawClient publisher(broker.port(), "publisher");
    const auto receive = [&publisher](std::uint16_t identifier, const std::string& payload) {
        publisher.publish({.topic = "t", .payload = payload, .qos = 2, .identifier = identifier});
        publisher.expect(PacketType::pubrec);
    };
    const auto release = [&publisher](std::uint16_t identifier) {
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
    };
    receive(1, "x");
    receive(2, "y");
    receive(3, "z");
    release(1);
    members[0]->unsubscribe(filter);
    settle();
    release(2);
    members[0]->subscribe(filter, 1);
    release(3);
    settle();
    EXPECT_THAT(all_payloads(members), UnorderedElementsAre("x", "y", "z"));
    receive(4, "w");
    members[0]->disconnect();
    release(4);
    members[1]->wait_for_messages(3);
    settle();
    EXPECT_THAT(all_payloads(members), UnorderedElementsAre("x", "y", "z", "w"));
}

TEST_F(DirectMembers, GetWhatTheFirstPublishesWithNoLocal) {
    broker.start({.options = {direct}});
    Client& first = connect("first");
    first.subscribe("$queue/t", 1, MQTT_SUB_OPT_NO_LOCAL);
    Client& second = connect("second");
    second.subscribe("$queue/t", 1);
    EXPECT_TRUE(has_direct_filter("second", "$QUEUE/t"));
    first.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(second.payloads(), ElementsAreArray(numbers(1, 4)));
    EXPECT_THAT(first.payloads(), IsEmpty());
}

TEST_F(DirectMembers, GetWhatTheirOrdinarySubscriptionsAsk) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b"});
    Client& both = *members[1];
    both.subscribe("t", 1);
    both.subscribe("$share/other/t", 1);
    publish(numbered("t", 4, 1));
    EXPECT_THAT(members[0]->payloads(), SizeIs(2));
    EXPECT_THAT(both.payloads(), SizeIs(4 + 2 + 4));
}

TEST_F(DirectMembers, LeaveByUnsubscribe) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b", "c"}, persistent());
    members[1]->unsubscribe(filter);
    publish(numbered("t", 4, 1));
    EXPECT_THAT(counts(members), ElementsAre(2, 0, 2));
    members[2]->unsubscribe(filter);
    members[0]->unsubscribe(filter);
    publish(numbered("t", 4, 1));
    EXPECT_THAT(counts(members), ElementsAre(2, 0, 2));
    EXPECT_THAT(broker.log_lines("left group"), SizeIs(3));
    EXPECT_EQ(members[1]->subscribe(filter, 1), 1);
    publish(numbered("t", 4, 1));
    EXPECT_THAT(counts(members), ElementsAre(2, 4, 2));
}

TEST_F(DirectMembers, AreFoundOutWhoResumeTheirSessionsAndSayNothing) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b"}, persistent());
    leave({members[1]});
    publish(numbered("t", 4, 1));
    EXPECT_THAT(members[0]->take_payloads(), ElementsAreArray(numbers(1, 4)));
    come_back({members[1]});
    wait_until_served(*members[1]);
    // The same in a connection that takes the session over.
    Client& again = connect("b", persistent());
    wait_until_served(again);
}

TEST_F(DirectMembers, EndWithTheirSessions) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b", "c", "d"});
    leave({members[1]});
    publish(numbered("t", 6, 1));
    EXPECT_THAT(counts({members[0], members[2], members[3]}), Each(2U));
    connect("c");  // takes it over, and begins anew
    leave({members[0], members[3]});
    broker.wait_for_log("left group", 4);
}

TEST_F(DirectMembers, EndWithASessionThatExpires) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a"});
    const ClientOptions brief{.clean_start = false, .session_expiry = 1};
    join_all({"b"}, brief)[0]->drop();
    // The first is asked about; who went, only by roll call.
    broker.wait_for_log("client 'b' left group");
    publish(numbered("t", 4, 1));
    EXPECT_THAT(members[0]->payloads(), SizeIs(4));
}

TEST_F(DirectMembers, GetWhatWaitedForThem) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b"}, persistent());
    leave(members);
    publish(numbered("t", 5, 1));
    come_back({members[1]});
    members[1]->wait_for_messages(5);
    EXPECT_THAT(members[1]->payloads(), ElementsAreArray(numbers(1, 5)));
    come_back({members[0]});
    EXPECT_THAT(members[0]->payloads(), IsEmpty());
}

TEST_F(DirectMembers, OutliveARestart) {
    broker.start(remembering({direct}));
    const auto members = join_all({"a", "b", "c"}, persistent());
    // What they are is remembered, whatever the option says then.
    restart(remembering());
    come_back({members[1], members[2]});
    wait_until_served(*members[1]);
    wait_until_served(*members[2]);
    for (Client* member : members) member->take_messages();
    publish(numbered("t", 6, 1));
    EXPECT_THAT(counts({members[1], members[2]}), Each(3U));
    members[1]->unsubscribe(filter);
    publish(numbered("t", 2, 1));
    EXPECT_THAT(counts({members[1], members[2]}), ElementsAre(3, 5));
}

TEST_F(DirectMembers, MayBeRemoved) {
    broker.start({.options = {direct, "plugin_opt_control true"}});
    const auto members = join_all({"a", "b", "c"}, persistent());
    Client& administrator = connect("administrator");
    const auto answer =
        ask(administrator,
            {{"command", "removeMember"}, {"group", "g"}, {"filter", "t"}, {"clientid", "b"}});
    administrator.disconnect();
    EXPECT_FALSE(answer.contains("error")) << answer;
    come_back({members[1]});
    publish(numbered("t", 4, 1));
    EXPECT_THAT(counts(members), ElementsAre(2, 0, 2));
}

TEST_F(DirectMembers, GetNoRetainedMessage) {
    broker.start({.options = {direct}});
    connect("publisher").publish({.topic = "t", .payload = "retained", .qos = 1, .retain = true});
    const auto members = join_all({"a", "b"});
    settle();
    EXPECT_THAT(all_payloads(members), IsEmpty());
}

// What nobody but the plugin may use.
TEST_F(DirectMembers, HaveFiltersOfTheirOwn) {
    broker.start({.options = {direct}});
    const auto members = join_all({"a", "b"});
    Client& other = connect("other");
    for (const auto* text : {"$SHARE/g/t", "$SHARE/g/#", "$SHARE/g", "$SHARE", "$QUEUE/t"})
        EXPECT_THAT(other.subscribe(text, 1), Ge(0x80)) << text;
    for (const auto* topic : {"$SHARE/g/t", "$QUEUE/t"})
        EXPECT_THAT(other.publish(topic, "x", 1), Ge(0x80)) << topic;
    members[1]->unsubscribe("$SHARE/g/t");
    publish(numbered("t", 4, 1));
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

TEST_F(DirectMembers, AreNoneOnTopicsOfTheBroker) {
    broker.start({.options = {direct, "plugin_opt_sys_interval 1"}});
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/$SYS/#", 1);
    EXPECT_TRUE(broker.log_lines("$SHARE").empty());
}

// From 2.0.12 on nobody can be asked, so that they have to have leaves.
TEST_F(DirectMembers, GetWhatTheyMayRead) {
    const auto acl = broker.write_file("acl", "topic readwrite t\ntopic readwrite $fence/#\n");
    const auto judges = broker.write_file("judges", "topic write t\ntopic readwrite $fence/#\n");
    broker.start({.before_plugin = {"acl_file " + judges}, .options = {direct}});
    const std::size_t refusals = broker_can_be_asked() ? 0 : 1;
    EXPECT_THAT(broker.log_lines("plugin_opt_direct_from has no effect"), SizeIs(refusals));
    const auto members = connect_all({"a", "b", "c"});
    for (Client* member : members) member->subscribe(filter, 1);
    EXPECT_EQ(has_direct_filter("b"), broker_can_be_asked());
    publish(numbered("t", 4, 1));
    EXPECT_THAT(all_payloads(members), IsEmpty());
    for (Client* member : members) member->disconnect();
    broker.reload({.before_plugin = {"acl_file " + acl}, .options = {direct}});
    const auto readers = join_all({"d", "e", "f"});
    publish(numbered("t", 6, 1));
    EXPECT_THAT(counts(readers), Each(2U));
}

}  // namespace
}  // namespace integration
