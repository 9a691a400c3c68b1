// The harness itself: it is worth nothing if the broker alone does not behave as the tests assume.

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Harness : public BrokerTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.with_plugin = false});
    }
};

class HarnessProtocol : public Harness, public ::testing::WithParamInterface<int> {};

TEST_P(HarnessProtocol, OrdinarySubscriptionGetsItsMessagesInOrder) {
    Client& subscriber = connect("subscriber", {.protocol = GetParam()});
    Client& publisher = connect("publisher", {.protocol = GetParam()});
    EXPECT_EQ(subscriber.subscribe("t", 2), 2);

    for (const int qos : {0, 1, 2}) publisher.publish(numbered("t", 30, qos));
    settle();

    EXPECT_EQ(subscriber.messages().size(), 90U);
    EXPECT_EQ(subscriber.messages().back(), (Message{.topic = "t", .payload = "30", .qos = 2}));
    subscriber.take_messages();
    subscriber.unsubscribe("t");
    publisher.publish("t", "late", 1);
    settle();
    EXPECT_THAT(subscriber.payloads(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, HarnessProtocol,
                         ::testing::Values(MQTT_PROTOCOL_V31, MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5),
                         [](const auto& row) { return protocol_name(row.param); });

TEST_F(Harness, SessionOutlivesADroppedConnection) {
    Client& subscriber = connect("subscriber", persistent());
    Client& publisher = connect("publisher");
    subscriber.subscribe("t", 1);
    subscriber.drop();
    settle();

    publisher.publish("t", "away", 1);
    EXPECT_TRUE(subscriber.connect());

    settle();
    EXPECT_THAT(subscriber.payloads(), ElementsAre("away"));
}

TEST_F(Harness, PropertiesArriveAsTheyWereSent) {
    Client& client = connect("client");
    client.subscribe("t", 1, 0, 7);
    Message message{.topic = "t",
                    .payload = "p",
                    .qos = 1,
                    .properties = {.user = {{"a", "1"}, {"a", "2"}},
                                   .content_type = "text",
                                   .response_topic = "answers",
                                   .correlation_data = std::string("\0\1", 2),
                                   .expiry = 1000}};
    client.publish(message);
    settle();
    message.properties.subscription_identifiers = {7};
    EXPECT_THAT(client.messages(), ElementsAre(message));
}

TEST_F(Harness, LogIsWaitedForAndSearched) {
    connect("somebody");
    broker.wait_for_log("somebody");
    EXPECT_THAT(broker.log_lines("somebody"), Not(IsEmpty()));
    EXPECT_THAT(broker.log_lines("nobody"), IsEmpty());
}

TEST_F(Harness, BrokerStartsAgainInTheSamePlace) {
    connect("first").disconnect();
    EXPECT_EQ(broker.stop(), 0);
    broker.start({.with_plugin = false});
    connect("second");
    EXPECT_THAT(broker.log(), HasSubstr("second"));
}

TEST(HarnessAlone, BrokerThatGivesUpIsNoticed) {
    Broker broker;
    EXPECT_NE(broker.start_in_vain({.with_plugin = false, .after_plugin = {"no_such_option"}}), 0);
    EXPECT_THAT(broker.log(), HasSubstr("no_such_option"));
    EXPECT_THAT(broker.alarming_log_lines(), Not(IsEmpty()));
}

}  // namespace
}  // namespace integration
