// Retained messages: joining a group never replays them, a live one goes to one member.

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Retained : public PluginTest {
  protected:
    static Message retained(const std::string& topic, const std::string& payload) {
        return {.topic = topic, .payload = payload, .qos = 1, .retain = true};
    }
};

struct JoinRow {
    std::string name;
    std::string filter;
    int protocol;
    int options;
};
void PrintTo(const JoinRow& row, std::ostream* stream) {
    *stream << row.name;
}

class RetainedAndJoining : public Retained, public ::testing::WithParamInterface<JoinRow> {};

TEST_P(RetainedAndJoining, ReplaysNothingHoweverOften) {
    const JoinRow& row = GetParam();
    Client& publisher = connect("publisher");
    publisher.publish(retained("t", "1"));
    publisher.publish(retained("t/u", "2"));
    const auto members = connect_all({"a", "b"}, {.protocol = row.protocol});
    for (int time = 0; time < 2; ++time) {
        for (Client* member : members) member->subscribe(row.filter, 1, row.options);
    }
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 0));

    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

INSTANTIATE_TEST_SUITE_P(
    , RetainedAndJoining,
    ::testing::Values(
        JoinRow{"ShareMqtt31", "$share/g/t", MQTT_PROTOCOL_V31, 0},
        JoinRow{"ShareMqtt311", "$share/g/#", MQTT_PROTOCOL_V311, 0},
        JoinRow{"ShareMqtt5", "$share/g/t/#", MQTT_PROTOCOL_V5, 0},
        JoinRow{"QueueMqtt311", "$queue/t", MQTT_PROTOCOL_V311, 0},
        JoinRow{"QueueMqtt5", "$queue/+", MQTT_PROTOCOL_V5, 0},
        JoinRow{"SendIfNew", "$share/g/t", MQTT_PROTOCOL_V5, MQTT_SUB_OPT_SEND_RETAIN_NEW},
        JoinRow{"SendNever", "$share/g/t", MQTT_PROTOCOL_V5, MQTT_SUB_OPT_SEND_RETAIN_NEVER}),
    [](const auto& row) { return row.param.name; });

// The filters of one SUBSCRIBE in this order, one of them non-shared.
class RetainedInOneSubscribe : public Retained,
                               public ::testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(RetainedInOneSubscribe, OnlyTheOrdinaryFilterGetsItsOwn) {
    connect("publisher").publish(retained("t", "kept"));
    for (const int protocol : {MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5}) {
        Client& client = connect("client" + std::to_string(protocol), {.protocol = protocol});
        client.subscribe(GetParam(), 1);
        settle();
        EXPECT_THAT(client.messages(), ElementsAre(retained("t", "kept")))
            << protocol_name(protocol);
    }
}

INSTANTIATE_TEST_SUITE_P(
    , RetainedInOneSubscribe,
    ::testing::Values(std::vector<std::string>{"$share/g/t", "t"},
                      std::vector<std::string>{"t", "$share/g/t"},
                      std::vector<std::string>{"$share/g/t", "$queue/t", "+", "$share/g/#"},
                      std::vector<std::string>{"$share/g/#", "t", "$share/h/#"}));

TEST_F(Retained, OrdinarySubscriptionBesideAMembershipGetsItsOwnEachTime) {
    connect("publisher").publish(retained("t", "kept"));
    Client& client = connect("client");
    client.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(client.take_messages(), IsEmpty());
    for (int time = 0; time < 2; ++time) {
        client.subscribe("t", 1);
        settle();
        EXPECT_THAT(client.take_messages(), ElementsAre(retained("t", "kept")));
    }
    client.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(client.take_messages(), IsEmpty());
}

TEST_F(Retained, OthersGetTheirOwnWhileAGroupHasMembers) {
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    publisher.publish(retained("t", "kept"));
    settle();
    EXPECT_THAT(member.take_payloads(), ElementsAre("kept"));

    Client& other = connect("other");
    other.subscribe("#", 1);
    settle();
    EXPECT_THAT(other.messages(), ElementsAre(retained("t", "kept")));
    EXPECT_THAT(member.messages(), IsEmpty());
}

TEST_F(Retained, LivePublishReachesOneMemberAndIsStored) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    for (const auto& number : numbers(1, 4)) publisher.publish(retained("t", number));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 4)));
    EXPECT_THAT(members[0]->messages(),
                Contains(::testing::Field(&Message::retain, false)).Times(2));

    Client& late = connect("late");
    late.subscribe("t", 1);
    settle();
    EXPECT_THAT(late.messages(), ElementsAre(retained("t", "4")));
}

TEST_F(Retained, RetainAsPublishedIsKept) {
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1, MQTT_SUB_OPT_RETAIN_AS_PUBLISHED);
    connect("publisher").publish(retained("t", "kept"));
    settle();
    EXPECT_THAT(member.messages(), ElementsAre(retained("t", "kept")));
}

TEST_F(Retained, ClearingReachesOneMember) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$queue/t", 1);
    Client& publisher = connect("publisher");
    publisher.publish(retained("t", "kept"));
    publisher.publish(retained("t", ""));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(1, 1));
    EXPECT_THAT(all_payloads(members), ElementsAre("", "kept"));

    Client& late = connect("late");
    late.subscribe("t", 1);
    settle();
    EXPECT_THAT(late.messages(), IsEmpty());
}

TEST_F(Retained, ReplayToAnotherFilterOfAMemberCostsNoTurn) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    publisher.publish(retained("t", "1"));
    settle();
    for (Client* member : members) {
        member->subscribe("+", 1);
        member->unsubscribe("+");
    }
    settle();
    for (Client* member : members) {
        EXPECT_THAT(member->messages(), Contains(retained("t", "1")).Times(1));
        member->take_messages();
    }
    publisher.publish(numbered("t", 3, 1));
    settle();
    // With the first message, each has had two turns.
    EXPECT_THAT(all_payloads(members), SizeIs(3));
    EXPECT_NE(members[0]->messages().size(), members[1]->messages().size());
}

}  // namespace
}  // namespace integration
