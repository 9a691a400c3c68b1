// What arrives at a member is what arrives at any subscriber.

#include <algorithm>

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::Ge;
using ::testing::Le;
using ::testing::Optional;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class DeliveryQos : public PluginTest,
                    public ::testing::WithParamInterface<std::tuple<int, int, int>> {};

TEST_P(DeliveryQos, IsTheLesserOfPublishAndGrant) {
    const auto [protocol, published, granted] = GetParam();
    const auto members = connect_all({"a", "b"}, {.protocol = protocol});
    for (Client* member : members) EXPECT_EQ(member->subscribe("$share/g/t", granted), granted);

    connect("publisher", {.protocol = protocol}).publish(numbered("t", 6, published));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 6)));
    for (const Client* member : members) {
        EXPECT_THAT(member->messages(), Each(Field(&Message::qos, std::min(published, granted))));
    }
}

INSTANTIATE_TEST_SUITE_P(, DeliveryQos,
                         ::testing::Combine(::testing::Values(MQTT_PROTOCOL_V31, MQTT_PROTOCOL_V311,
                                                              MQTT_PROTOCOL_V5),
                                            ::testing::Values(0, 1, 2), ::testing::Values(0, 1, 2)),
                         [](const auto& row) {
                             return protocol_name(std::get<0>(row.param)) + "Published" +
                                    std::to_string(std::get<1>(row.param)) + "Granted" +
                                    std::to_string(std::get<2>(row.param));
                         });

class Delivery : public PluginTest {
  protected:
    static Message rich(const std::string& payload) {
        return {.topic = "t",
                .payload = payload,
                .qos = 1,
                .properties = {.user = {{"a", "1"}, {"b", "2"}, {"a", "3"}},
                               .content_type = "text/plain",
                               .response_topic = "answers/here",
                               .correlation_data = std::string("\0\1\2", 3)}};
    }
};

TEST_F(Delivery, EachMemberHasItsOwnGrant) {
    const auto members = connect_all({"a", "b", "c"});
    for (int qos = 0; Client * member : members) member->subscribe("$share/g/t", qos++);
    connect("publisher").publish(numbered("t", 9, 2));
    settle();
    for (int qos = 0; const Client* member : members) {
        EXPECT_THAT(member->messages(), AllOf(SizeIs(3), Each(Field(&Message::qos, qos++))));
    }
}

TEST_F(Delivery, PropertiesArriveAsTheyWereSent) {
    Client& member = connect("member");
    member.subscribe("$share/g/t", 2);
    connect("publisher").publish(rich("x"));
    settle();
    EXPECT_THAT(member.messages(), ElementsAre(rich("x")));
}

// Two groups at one client: on 2.0 the second copy is published again, with the same properties.
TEST_F(Delivery, PropertiesArriveWithEachCopy) {
    Client& member = connect("member");
    member.subscribe(std::vector<std::string>{"$share/g/t", "$queue/t", "t"}, 2);
    connect("publisher").publish(rich("x"));
    settle();
    EXPECT_THAT(member.messages(), ElementsAre(rich("x"), rich("x"), rich("x")));
}

TEST_F(Delivery, RemainingExpiryArrives) {
    constexpr std::uint32_t expiry = 1000;
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1);
    connect("publisher")
        .publish({.topic = "t", .payload = "x", .qos = 1, .properties = {.expiry = expiry}});
    settle();
    ASSERT_THAT(member.messages(), SizeIs(1));
    // Whole seconds; the test itself takes less than the rest.
    EXPECT_THAT(member.messages()[0].properties.expiry, Optional(AllOf(Le(expiry), Ge(900U))));
}

TEST_F(Delivery, SubscriptionIdentifierIsTheReceiversOwn) {
    const auto members = connect_all({"a", "b"});
    members[0]->subscribe("$share/g/t", 1, 0, 7);
    members[1]->subscribe("$share/g/t", 1, 0, 268435455);
    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    for (std::uint32_t identifier = 7; const Client* member : members) {
        ASSERT_THAT(member->messages(), SizeIs(2));
        for (const auto& message : member->messages()) {
            EXPECT_THAT(message.properties.subscription_identifiers, ElementsAre(identifier));
        }
        identifier = 268435455;
    }
}

TEST_F(Delivery, SubscribingAgainChangesTheIdentifier) {
    Client& member = connect("member");
    member.subscribe("$queue/t", 1, 0, 7);
    member.subscribe("$queue/t", 1, 0, 8);
    Client& publisher = connect("publisher");
    publisher.publish("t", "x", 1);
    settle();
    ASSERT_THAT(member.messages(), SizeIs(1));
    EXPECT_THAT(member.take_messages()[0].properties.subscription_identifiers, ElementsAre(8));

    member.subscribe("$queue/t", 1);
    publisher.publish("t", "x", 1);
    settle();
    ASSERT_THAT(member.messages(), SizeIs(1));
    EXPECT_THAT(member.messages()[0].properties.subscription_identifiers, ElementsAre());
}

TEST_F(Delivery, SubscriptionsOnDifferentFiltersKeepTheirOwnIdentifierAndQos) {
    Client& member = connect("member");
    member.subscribe("$share/g/t/+", 1, 0, 1);
    member.subscribe("$share/h/t/#", 2, 0, 2);
    member.subscribe("t/u", 0, 0, 3);
    connect("publisher").publish("t/u", "x", 2);
    settle();
    const auto expected = [](int qos, std::uint32_t identifier) {
        return Message{.topic = "t/u",
                       .payload = "x",
                       .qos = qos,
                       .properties = {.subscription_identifiers = {identifier}}};
    };
    EXPECT_THAT(member.messages(),
                UnorderedElementsAre(expected(1, 1), expected(2, 2), expected(0, 3)));
}

// On one filter 2.0 has one leaf per client, and with it one QoS and one identifier: documented.
TEST_F(Delivery, SubscriptionsOnOneFilterKeepTheirOwnIdentifierAndQosWhereTheBrokerCan) {
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1, 0, 1);
    member.subscribe("$queue/t", 2, 0, 2);
    member.subscribe("t", 0, 0, 3);
    connect("publisher").publish("t", "x", 2);
    settle();
    ASSERT_THAT(member.messages(), SizeIs(3));
    if (broker_is_20()) return;
    std::vector<std::pair<int, std::uint32_t>> kept;
    for (const auto& message : member.messages()) {
        kept.emplace_back(message.qos, message.properties.subscription_identifiers.at(0));
    }
    EXPECT_THAT(kept, UnorderedElementsAre(std::pair(1, 1U), std::pair(2, 2U), std::pair(0, 3U)));
}

TEST_F(Delivery, PayloadsOfEverySizeArriveWhole) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    const std::string large(1000000, 'x');
    Client& publisher = connect("publisher");
    for (const auto& payload : {std::string(), large, std::string("\0\n", 2), std::string("end")}) {
        publisher.publish("t", payload, 1);
    }
    settle();
    EXPECT_THAT(all_payloads(members), ElementsAre("", std::string("\0\n", 2), "end", large));
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

TEST_F(Delivery, ManyMessagesAtEachQosArriveOnceAndInOrder) {
    constexpr int count = 300;
    Client& member = connect("member");
    member.subscribe("$share/g/t/#", 2);
    for (const int qos : {0, 1, 2}) {
        connect("publisher" + std::to_string(qos)).publish(numbered("t", count, qos));
        settle();
        EXPECT_THAT(member.take_payloads(), ElementsAreArray(numbers(1, count)));
    }
}

}  // namespace
}  // namespace integration
