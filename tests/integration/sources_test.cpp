// Every source of messages counts: QoS 2 with retransmissions, $SYS, other plugins.

#include <algorithm>
#include <map>
#include <optional>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Retransmission : public PluginTest {
  protected:
    void SetUp() override {
        PluginTest::SetUp();
        members = connect_all({"a", "b"});
        for (Client* member : members) member->subscribe("$share/g/t");
        non_shared = &connect("ordinary");
        non_shared->subscribe("t");
    }
    static Publish message(const std::string& payload, std::uint16_t identifier) {
        return {.topic = "t", .payload = payload, .qos = 2, .identifier = identifier};
    }
    void expect_each_once(int count) {
        settle();
        EXPECT_THAT(non_shared->payloads(), ElementsAreArray(numbers(1, count)));
        EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, count)));
        EXPECT_THAT(counts(members), Each(static_cast<std::size_t>(count / 2)));
    }

    std::vector<Client*> members;
    Client* non_shared = nullptr;
};

TEST_F(Retransmission, OfQos2IsDeliveredOnce) {
    RawClient publisher(broker.port(), "publisher");
    for (std::uint16_t identifier = 1; identifier <= 4; ++identifier) {
        Publish publish = message(std::to_string(identifier), identifier);
        publisher.publish(publish);
        publisher.expect(PacketType::pubrec);
        publish.dup = true;
        publisher.publish(publish);
        publisher.expect(PacketType::pubrec);
        for (int time = 0; time < 2; ++time) {
            publisher.send(PacketType::pubrel, identifier);
            publisher.expect(PacketType::pubcomp);
        }
    }
    expect_each_once(4);
}

// All PUBLISH come twice before the first PUBREL.
TEST_F(Retransmission, OfSeveralMessagesInFlightIsDeliveredOnce) {
    RawClient publisher(broker.port(), "publisher");
    for (const bool dup : {false, true}) {
        for (std::uint16_t identifier = 1; identifier <= 6; ++identifier) {
            Publish publish = message(std::to_string(identifier), identifier);
            publish.dup = dup;
            publisher.publish(publish);
            publisher.expect(PacketType::pubrec);
        }
    }
    for (std::uint16_t identifier = 1; identifier <= 6; ++identifier) {
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
    }
    expect_each_once(6);
}

TEST_F(Retransmission, AfterAReconnectIsDeliveredOnce) {
    constexpr RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    auto publisher = std::make_optional<RawClient>(broker.port(), "publisher", outliving);
    publisher->publish(message("1", 1));
    publisher->expect(PacketType::pubrec);
    publisher->publish(message("2", 2));
    publisher->expect(PacketType::pubrec);
    publisher.reset();

    publisher.emplace(broker.port(), "publisher", outliving);
    EXPECT_TRUE(publisher->session_present());
    Publish again = message("1", 1);
    again.dup = true;
    publisher->publish(again);
    publisher->expect(PacketType::pubrec);
    for (std::uint16_t identifier = 1; identifier <= 2; ++identifier) {
        publisher->send(PacketType::pubrel, identifier);
        publisher->expect(PacketType::pubcomp);
    }
    expect_each_once(2);
}

// The fan-out of a live message with retain, straight after a SUBSCRIBE, looks like a replay.
TEST_F(Retransmission, LiveRetainedMessageThatEndsBehindASubscribeIsNoReplay) {
    RawClient publisher(broker.port(), "publisher");
    Publish publish{.topic = "r", .payload = "x", .qos = 2, .identifier = 1, .retain = true};
    publisher.publish(publish);
    publisher.expect(PacketType::pubrec);
    Client& member = connect("member");
    member.subscribe("$share/g/r");
    publisher.send(PacketType::pubrel, 1);
    publisher.expect(PacketType::pubcomp);
    settle();
    EXPECT_THAT(member.payloads(), ElementsAre("x"));
}

class SysTopics : public BrokerTest {
  protected:
    static constexpr const char* clock = "$SYS/broker/uptime";

    // Each message of $SYS/broker/uptime has another payload.
    static std::vector<std::string> clocks(const Client& client) {
        std::vector<std::string> result;
        for (const auto& message : client.messages()) {
            if (message.topic == clock && !message.retain) result.push_back(message.payload);
        }
        return result;
    }
};

TEST_F(SysTopics, AreSharedByThoseWhoAskForThemOnly) {
    broker.start({.first = {"sys_interval 1"}});
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("$SYS/#", 0, MQTT_SUB_OPT_SEND_RETAIN_NEVER);
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/$SYS/#");
    Client& elsewhere = connect("elsewhere");
    elsewhere.subscribe("$share/g/#");
    elsewhere.subscribe("$queue/+/broker/uptime");
    settle();
    const auto before = clocks(non_shared).size();
    loop.run_until("$SYS", [&] { return clocks(non_shared).size() >= before + 3; });
    const auto expected = clocks(non_shared);
    settle();

    std::map<std::string, int> received;
    for (const Client* member : members) {
        for (const auto& payload : clocks(*member)) ++received[payload];
    }
    // 2.1 may tell the same second twice.
    for (auto i = before; i < expected.size(); ++i) {
        EXPECT_EQ(received[expected[i]], std::ranges::count(expected, expected[i])) << expected[i];
    }
    const auto all = clocks(non_shared);
    for (const auto& [payload, times] : received)
        EXPECT_LE(times, std::ranges::count(all, payload)) << payload;
    EXPECT_THAT(counts(members), Each(Ge(1U)));
    EXPECT_THAT(elsewhere.messages(), IsEmpty());
}

class OtherPlugins : public BrokerTest, public ::testing::WithParamInterface<int> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.options = {"plugin_opt_access_control none"},
                      .after_plugin = {std::string("plugin ") + ON_REQUEST_PLUGIN}});
    }
    // What the other plugin shall publish.
    std::string request(int count, const std::string& topic, const std::string& payload,
                        bool retain = false) const {
        return std::to_string(count) + ' ' + std::to_string(GetParam()) + (retain ? " 1 " : " 0 ") +
               topic + ' ' + payload;
    }
};

TEST_P(OtherPlugins, MessagesReachOneMemberOfEachGroup) {
    const auto members = connect_all({"a", "b"});
    const auto queue = connect_all({"c", "d", "e"});
    Client& non_shared = connect("ordinary");
    for (Client* member : members) member->subscribe("$share/g/t");
    for (Client* member : queue) member->subscribe("$queue/#");
    non_shared.subscribe("t");
    Client& asking = connect("asking");
    // Equal ones in one turn of the broker, and several requests in a row.
    asking.publish({{.topic = "request/publish", .payload = request(6, "t", "x"), .qos = 1},
                    {.topic = "request/publish", .payload = request(1, "t", "y"), .qos = 1},
                    {.topic = "request/publish", .payload = request(5, "t", "x"), .qos = 1}});
    settle();

    std::vector<std::string> expected(11, "x");
    expected.emplace_back("y");
    EXPECT_THAT(non_shared.payloads(), SizeIs(12));
    EXPECT_THAT(counts(members), ElementsAre(6, 6));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(expected));
    // "#" has the requests as well.
    EXPECT_THAT(counts(queue), ElementsAre(5, 5, 5));
}

TEST_P(OtherPlugins, EqualMessagesReachASingleMemberEachTime) {
    Client& member = connect("member");
    member.subscribe(std::vector<std::string>{"$share/g/t", "$queue/+", "t"});
    connect("asking").publish("request/publish", request(5, "t", "x"), 1);
    settle();
    EXPECT_THAT(member.payloads(), SizeIs(15));
}

TEST_P(OtherPlugins, EqualMessagesWithRetainReachOneMember) {
    const auto members = connect_all({"a", "b"});
    Client& asking = connect("asking");
    for (Client* member : members) member->subscribe("$share/g/t");
    asking.publish("request/publish", request(4, "t", "x", true), 1);
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

// On 2.1 they are fanned out with nothing between the SUBSCRIBE and them.
TEST_P(OtherPlugins, MessagesWithRetainStraightBehindASubscribeAreNoReplay) {
    RawClient member(broker.port(), "member");
    member.publish({.topic = "request/publish", .payload = request(3, "t", "x", true)});
    member.subscribe({"$share/g/t"}, 0);
    settle();
    const auto first = member.received().size();  // 3, unless they came before the SUBSCRIBE
    member.publish({.topic = "request/publish", .payload = request(3, "t", "x", true)});
    member.subscribe({"$share/g/t"}, 0);
    settle();
    EXPECT_THAT(first, ::testing::AnyOf(0, 3));
    EXPECT_THAT(member.received(), SizeIs(3));
}

// Nor behind one of another filter. Once either member is next.
TEST_P(OtherPlugins, MessagesWithRetainStraightBehindAnotherSubscribeReachOneMember) {
    RawClient member(broker.port(), "member");
    member.subscribe({"$share/g/t"}, 0);  // The broker asks for it first.
    Client& other = connect("other");
    other.subscribe("$share/g/t");
    for (int time = 1; time <= 2; ++time) {
        member.publish({.topic = "request/publish", .payload = request(4, "t", "x", true)});
        member.subscribe({"ordinary"}, 0);
        settle();
        EXPECT_THAT(other.take_messages(), SizeIs(2));
        EXPECT_THAT(member.received(), SizeIs(2));
        connect("publisher" + std::to_string(time)).publish("t", "y", 1);
        settle();
        EXPECT_EQ(other.take_messages().size() + member.received().size(), 1U);
    }
}

INSTANTIATE_TEST_SUITE_P(, OtherPlugins, ::testing::Values(0, 1, 2),
                         [](const auto& row) { return "Qos" + std::to_string(row.param); });

// What the broker itself says in its log, as messages.
class BrokersLog : public BrokerTest, public ::testing::WithParamInterface<bool> {};

TEST_P(BrokersLog, IsShared) {
    expect_alarming_log(noise_of_wills_at_the_end);  // what it logs at the end goes to members, too
    std::vector<std::string> lines;
    if (GetParam()) {
        lines.push_back("acl_file " +
                        broker.write_file("acl",
                                          "topic readwrite #\ntopic readwrite $fence/#\n"
                                          "topic read $SYS/#\n"));
    }
    broker.start({.first = {"log_dest topic"}, .after_plugin = lines});
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/ops/$SYS/broker/log/#", 0);
    settle();
    for (Client* member : members) member->take_messages();
    Client& watching = connect("watching");
    watching.subscribe("$SYS/broker/log/#", 0);
    for (int number = 0; number < 20; ++number)
        connect("noise " + std::to_string(number)).subscribe("noise");
    settle();
    std::map<std::string, int> times;
    for (const auto& payload : all_payloads(members)) ++times[payload];
    EXPECT_GE(times.size(), 20U);
    for (const auto& [payload, count] : times) {
        if (payload.find("noise ") != payload.npos) {
            EXPECT_EQ(count, 1) << payload;
        }
    }
    for (Client* member : members) EXPECT_THAT(member->messages(), ::testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(, BrokersLog, ::testing::Bool(), [](const auto& row) {
    return row.param ? "WithAnAclFile" : "WithoutAccessControl";
});

}  // namespace
}  // namespace integration
