// Groups: who is a member of which, and that each group gets one copy of each message.

#include <mqtt_protocol.h>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

using Groups = PluginTest;

TEST_F(Groups, EachMessageReachesOneMemberOfAnyProtocolVersion) {
    const std::vector<Client*> members{&connect("old", {.protocol = MQTT_PROTOCOL_V31}),
                                       &connect("common", {.protocol = MQTT_PROTOCOL_V311}),
                                       &connect("new", {.protocol = MQTT_PROTOCOL_V5})};
    for (Client* member : members) EXPECT_EQ(member->subscribe("$share/g/t", 2), 2);

    connect("publisher").publish(numbered("t", 9, 2));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(3, 3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 9)));
}

TEST_F(Groups, MessagesArriveThoughNothingElseHappensInTheBroker) {
    Client& member = connect("member");
    member.subscribe(std::vector<std::string>{"$share/g1/t", "$share/g2/t", "$queue/t", "t"});
    connect("publisher").publish("t", "1", 1);
    member.wait_for_messages(4);
}

TEST_F(Groups, QueueIsTheGroupNamedQueue) {
    const auto members = connect_all({"a", "b"});
    members[0]->subscribe("$queue/t");
    members[1]->subscribe("$share/$queue/t");

    connect("publisher").publish(numbered("t", 8));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(4, 4));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 8)));
}

TEST_F(Groups, EitherNameOfQueueLeavesIt) {
    const auto members = connect_all({"a", "b"});
    members[0]->subscribe("$queue/t");
    members[1]->subscribe("$share/$queue/t");
    members[0]->unsubscribe("$share/$queue/t");
    members[1]->unsubscribe("$queue/t");

    connect("publisher").publish("t", "1", 1);
    settle();

    EXPECT_THAT(counts(members), ElementsAre(0, 0));
}

TEST_F(Groups, OneNameWithTwoFiltersIsTwoGroups) {
    const auto members = connect_all({"a", "b"});
    members[0]->subscribe("$share/g/a/#");
    members[1]->subscribe("$share/g/a/b");

    Client& publisher = connect("publisher");
    publisher.publish(numbered("a/b", 3, 1));
    publisher.publish("a/c", "4", 1);
    settle();

    EXPECT_THAT(members[0]->payloads(), ElementsAre("1", "2", "3", "4"));
    EXPECT_THAT(members[1]->payloads(), ElementsAre("1", "2", "3"));
}

TEST_F(Groups, OtherGroupsAndOrdinarySubscribersAreNotAffected) {
    const auto first = connect_all({"a1", "a2", "a3"});
    const auto second = connect_all({"b1", "b2"});
    const auto non_shared = connect_all({"o1", "o2"});
    for (Client* member : first) member->subscribe("$share/first/t");
    for (Client* member : second) member->subscribe("$share/second/t");
    non_shared[0]->subscribe("t");
    non_shared[1]->subscribe("#");

    connect("publisher").publish(numbered("t", 6, 1));
    settle();

    EXPECT_THAT(counts(first), ElementsAre(2, 2, 2));
    EXPECT_THAT(all_payloads(first), ElementsAreArray(numbers(1, 6)));
    EXPECT_THAT(counts(second), ElementsAre(3, 3));
    EXPECT_THAT(all_payloads(second), ElementsAreArray(numbers(1, 6)));
    for (const Client* client : non_shared) {
        EXPECT_THAT(client->payloads(), ElementsAreArray(numbers(1, 6)));
    }
}

TEST_F(Groups, MemberMayPublishToItsOwnGroup) {
    Client& member = connect("member");
    member.subscribe("$share/g/t");
    member.publish("t", "1", 1);
    settle();
    EXPECT_THAT(member.payloads(), ElementsAre("1"));
}

TEST_F(Groups, SubscribingAgainChangesTheQosAndIsNoSecondMembership) {
    const auto members = connect_all({"a", "b"});
    EXPECT_EQ(members[0]->subscribe("$share/g/t", 0), 0);
    EXPECT_EQ(members[1]->subscribe("$share/g/t", 1), 1);
    EXPECT_EQ(members[0]->subscribe("$share/g/t", 2), 2);
    Client& publisher = connect("publisher");

    publisher.publish(numbered("t", 8, 2));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(4, 4));
    EXPECT_THAT(members[0]->take_messages(), Each(::testing::Field(&Message::qos, 2)));
    EXPECT_THAT(members[1]->take_messages(), Each(::testing::Field(&Message::qos, 1)));

    EXPECT_EQ(members[0]->subscribe("$share/g/t", 0), 0);
    publisher.publish(numbered("t", 8, 2));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(4, 4));
    EXPECT_THAT(members[0]->take_messages(), Each(::testing::Field(&Message::qos, 0)));
}

TEST_F(Groups, OneUnsubscribeLeavesAndUnsubackSaysSo) {
    RawClient member(broker.port(), "member");
    member.subscribe({"$share/g/t"});
    member.subscribe({"$share/g/t", "$queue/t"});

    EXPECT_THAT(member.unsubscribe({"$share/g/t", "$share/never/t", "$queue/t"}),
                ElementsAre(0, MQTT_RC_NO_SUBSCRIPTION_EXISTED, 0));
    EXPECT_THAT(member.unsubscribe({"$share/g/t", "$queue/t"}),
                ElementsAre(MQTT_RC_NO_SUBSCRIPTION_EXISTED, MQTT_RC_NO_SUBSCRIPTION_EXISTED));

    connect("publisher").publish("t", "1", 1);
    settle();
    EXPECT_THAT(member.received(), IsEmpty());
}

TEST_F(Groups, LeavingAGroupOneNeverJoinedHarmsNobody) {
    Client& member = connect("member");
    Client& stranger = connect("stranger");
    member.subscribe("$share/g/t");
    stranger.subscribe("t");
    stranger.unsubscribe("$share/g/t");

    connect("publisher").publish(numbered("t", 2, 1));
    settle();

    EXPECT_THAT(member.payloads(), ElementsAre("1", "2"));
    EXPECT_THAT(stranger.payloads(), ElementsAre("1", "2"));
}

TEST_F(Groups, NoLocalIsAProtocolErrorWhereItCanBeSeen) {
    constexpr std::uint8_t no_local = 0x04;
    const auto is_refused = [this](const std::string& filter) {
        RawClient client(broker.port(), "client");
        client.send_subscribe({filter}, no_local);
        return client.ended_by_broker();
    };
    EXPECT_EQ(is_refused("$share/g/t"), broker_refuses_no_local());
    EXPECT_EQ(is_refused("$queue/t"), !broker_is_20());  // by the plugin
}

// A filter, a topic that it matches, and one that it does not.
struct FilterRow {
    std::string name;
    std::string group_filter;
    std::string match;
    std::string no_match;
};
void PrintTo(const FilterRow& row, std::ostream* stream) {
    *stream << row.name;
}

class GroupFilter : public PluginTest, public ::testing::WithParamInterface<FilterRow> {};

TEST_P(GroupFilter, MatchesAsItWouldWithoutAGroup) {
    const FilterRow& row = GetParam();
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) EXPECT_EQ(member->subscribe(row.group_filter, 1), 1);

    Client& publisher = connect("publisher");
    publisher.publish(row.no_match, "no", 1);
    publisher.publish(numbered(row.match, 4, 1));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(2, 2));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 4)));
    EXPECT_THAT(members[0]->messages(), Each(::testing::Field(&Message::topic, row.match)));
}

INSTANTIATE_TEST_SUITE_P(
    , GroupFilter,
    ::testing::Values(FilterRow{"Topic", "$share/g/t", "t", "t/u"},
                      FilterRow{"Queue", "$queue/t", "t", "t/u"},
                      FilterRow{"ShareQueue", "$share/$queue/a/b", "a/b", "a"},
                      FilterRow{"EmptyFirstLevel", "$share/g//t", "/t", "t"},
                      FilterRow{"QueueEmptyFirstLevel", "$queue//t", "/t", "t"},
                      FilterRow{"OnlySlash", "$share/g//", "/", "a"},
                      FilterRow{"EmptyMiddleLevel", "$share/g/a//b", "a//b", "a/b"},
                      FilterRow{"Everything", "$share/g/#", "a/b/c", "$queuex/t"},
                      FilterRow{"QueueEverything", "$queue/#", "t", "$queuex/t"},
                      FilterRow{"HashMatchesParent", "$share/g/a/#", "a", "b"},
                      FilterRow{"HashMatchesBelow", "$share/g/a/#", "a/b/c", "b/c"},
                      FilterRow{"Plus", "$share/g/a/+/c", "a/b/c", "a/b/d"},
                      FilterRow{"PlusMatchesEmptyLevel", "$share/g/a/+", "a/", "a"},
                      FilterRow{"PlusHash", "$share/g/+/#", "a", "$queuex/t"},
                      FilterRow{"OnlyPlus", "$queue/+", "t", "t/u"},
                      FilterRow{"ShareNameWithSpaces", "$share/our own group/t", "t", "u"},
                      FilterRow{"ShareNameBeyondAscii", "$share/größe/höhe", "höhe", "h"},
                      FilterRow{"ShareNameLikeAPrefix", "$share/$share/t", "t", "u"},
                      FilterRow{"DollarTopic", "$share/g/$queuex/t", "$queuex/t", "t"}),
    [](const auto& row) { return row.param.name; });

TEST_F(Groups, NamesThatOnlyBeginLikeAPrefixAreOrdinaryFilters) {
    const auto clients = connect_all({"a", "b"});
    for (Client* client : clients) client->subscribe("$queuex/t");
    connect("publisher").publish(numbered("$queuex/t", 2, 1));
    settle();
    for (const Client* client : clients) EXPECT_THAT(client->payloads(), ElementsAre("1", "2"));
}

TEST_F(Groups, AllListenersAndTransportsShareTheGroups) {
    EXPECT_EQ(broker.stop(), 0);
    const ReservedPort second_port;
    const std::string socket = broker.path("mosquitto.socket");
    broker.start(
        {.after_plugin = {"listener " + std::to_string(second_port.number()) + " 127.0.0.1",
                          "listener 0 " + socket}});
    const std::vector<Client*> members{&connect("first"),
                                       &connect(loopback(second_port.number()), "second"),
                                       &connect(unix_socket(socket), "third")};
    for (Client* member : members) member->subscribe("$share/g/t");

    connect("publisher").publish(numbered("t", 9, 1));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(3, 3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 9)));
}

}  // namespace
}  // namespace integration
