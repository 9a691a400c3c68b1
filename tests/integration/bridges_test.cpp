// Bridges: another broker as publisher and as subscriber, and this broker's own connection to one.

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;

class Bridges : public BrokerTest {
  protected:
    // The lines of a bridge to the broker on that port.
    static std::vector<std::string> bridge_to(std::uint16_t port,
                                              const std::vector<std::string>& topics) {
        std::vector<std::string> lines = {
            "connection bridge",      "address 127.0.0.1:" + std::to_string(port),
            "remote_clientid bridge", "notifications false",
            "try_private true",       "restart_timeout 1"};
        for (const auto& topic : topics) lines.push_back("topic " + topic);
        return lines;
    }
    // A broker that bridges to the one under test, connected and subscribed.
    Broker& start_far(const std::vector<std::string>& topics, bool subscribes) {
        Broker& far = another_broker();
        far.start({.with_plugin = false, .after_plugin = bridge_to(broker.port(), topics)});
        broker.wait_for_log(subscribes ? "Sending SUBACK to bridge" : "Sending CONNACK to bridge");
        return far;
    }
};

class BridgesOfEachQos : public Bridges, public ::testing::WithParamInterface<int> {};

TEST_P(BridgesOfEachQos, PublishIntoGroups) {
    broker.start();
    Broker& far = start_far({"t/# out " + std::to_string(GetParam())}, false);
    const auto members = connect_all({"a", "b", "c"});
    for (Client* member : members) member->subscribe("$share/g/t/#");
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t/#");
    connect_elsewhere(far, "far").publish(numbered("t/u", 9, GetParam()));
    non_shared.wait_for_messages(9);
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 9)));
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 9)));
}

INSTANTIATE_TEST_SUITE_P(, BridgesOfEachQos, ::testing::Values(0, 1, 2),
                         [](const auto& row) { return "Qos" + std::to_string(row.param); });

TEST_F(Bridges, SubscribeBesideGroups) {
    broker.start();
    Broker& far = start_far({"t/# in 1"}, true);
    Client& listener = connect_elsewhere(far, "listener");
    listener.subscribe("t/#");
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t/#");
    connect("publisher").publish(numbered("t/u", 8, 1));
    listener.wait_for_messages(8);
    settle();
    EXPECT_THAT(listener.payloads(), ElementsAreArray(numbers(1, 8)));
    EXPECT_THAT(counts(members), ElementsAre(4, 4));
}

// In both directions: what comes over the bridge does not go back, and counts once.
TEST_F(Bridges, CarryBothDirections) {
    broker.start();
    Broker& far = start_far({"t/# both 1"}, true);
    Client& far_client = connect_elsewhere(far, "far client");
    far_client.subscribe("t/#");
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t/#");
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t/#");

    far_client.publish(numbered("t/far", 4, 1));
    non_shared.wait_for_messages(4);
    connect("publisher").publish(numbered("t/near", 4, 1));
    far_client.wait_for_messages(8);
    settle();
    EXPECT_EQ(non_shared.messages().size(), 8U);
    EXPECT_EQ(far_client.messages().size(), 8U);
    EXPECT_THAT(counts(members), ElementsAre(4, 4));
}

// Unusual: the far broker is a member of a group. Each message is shared with the others all the
// same, and the group outlives the bridge.
TEST_F(Bridges, MayBeAMember) {
    broker.start();
    Broker& far = start_far({"$share/g/t in 1"}, true);
    Client& listener = connect_elsewhere(far, "listener");
    listener.subscribe("#");
    Client& member = connect("member");
    member.subscribe("$share/g/t");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 6, 1));
    settle();
    EXPECT_EQ(member.messages().size(), 3U);

    EXPECT_EQ(far.stop(), 0);
    settle();
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(member.payloads(), ::testing::Contains("4"));
    EXPECT_THAT(member.messages().size(), Ge(5U));
}

// A bridge of MQTT 5 asks for No Local, which no shared subscription can have. Mosquitto 2.0 does
// not show it to the plugin.
TEST_F(Bridges, OfMqtt5AreToldWhyTheyCannotJoin) {
    if (broker_is_20()) GTEST_SKIP() << "served";
    broker.start();
    Broker& far = another_broker();
    auto lines = bridge_to(broker.port(), {"$queue/t in 1"});
    lines.push_back("bridge_protocol_version mqttv50");
    far.start({.with_plugin = false, .after_plugin = lines});
    broker.wait_for_log(
        "subscription of group '$queue' on 't' ends the connection: a shared "
        "subscription cannot ask for No Local");
    EXPECT_THAT(broker.log_lines("set 'mqttv311' there"), ::testing::Not(IsEmpty()));
    EXPECT_EQ(far.stop(), 0);
}

// The broker's own connection to another one asks no plugin: it is a non-shared subscriber and a
// publisher.
TEST_F(Bridges, OfTheBrokerItselfAreUnaffected) {
    Broker& far = another_broker();
    far.start({.with_plugin = false});
    broker.start({.after_plugin = bridge_to(far.port(), {"t/# out 1", "u/# in 1"})});
    far.wait_for_log("Sending SUBACK to bridge");
    Client& listener = connect_elsewhere(far, "listener");
    listener.subscribe("t/#");
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) {
        member->subscribe("$share/g/t/#");
        member->subscribe("$queue/u/#");
    }
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("u/#");

    connect("publisher").publish(numbered("t/1", 6, 1));
    listener.wait_for_messages(6);
    settle();
    EXPECT_THAT(listener.take_payloads(), ElementsAreArray(numbers(1, 6)));
    EXPECT_THAT(counts(members), ElementsAre(3, 3));

    connect_elsewhere(far, "far client").publish(numbered("u/1", 6, 1));
    non_shared.wait_for_messages(6);
    settle();
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 6)));
    EXPECT_THAT(counts(members), ElementsAre(6, 6));
    EXPECT_THAT(listener.payloads(), IsEmpty());
    // Before the other one: it would try to connect again, in vain.
    EXPECT_EQ(broker.stop(), 0);
}

}  // namespace
}  // namespace integration
