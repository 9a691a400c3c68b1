// What a restart of the broker leaves of the groups: members, turns, and what waits for them.

#include "restart_test.hpp"

#include <algorithm>
#include <optional>

#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

struct RestartRow {
    std::string name;
    std::string filter;
    int protocol;
    bool politely;  // the clients disconnect before the broker ends
};
void PrintTo(const RestartRow& row, std::ostream* stream) {
    *stream << row.name;
}

class Restart : public RestartTest, public ::testing::WithParamInterface<RestartRow> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start(remembering());
    }
    std::vector<Client*> join(const std::vector<std::string>& ids, int qos = 1) {
        return RestartTest::join(ids, GetParam().filter, qos, GetParam().protocol);
    }
    void restart() {
        if (GetParam().politely) {
            BrokerTest::restart(remembering());
        } else {
            stop_under_clients();
            broker.start(remembering());
        }
    }
};

using FirstAfterARestart = RestartTest;

// Before it, no event has told the plugin whether the broker has TICKs.
TEST_F(FirstAfterARestart, WorkerGetsWhatWaitsAndNothingElse) {
    broker.start(remembering());
    const auto workers = join({"worker"});
    leave(workers);
    publish(numbered("t", 3, 1));
    BrokerTest::restart(remembering());
    workers[0]->connect();
    workers[0]->subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(workers[0]->payloads(), ElementsAreArray(numbers(1, 3)));
}

TEST_P(Restart, MembersAreMembersAgainWithoutSubscribing) {
    const auto members = join({"a", "b"});
    restart();
    come_back(members);
    publish(numbered("t", 10, 1));
    EXPECT_THAT(counts(members), ElementsAre(5, 5));
    EXPECT_THAT(all_payloads(members), UnorderedElementsAreArray(numbers(1, 10)));

    // And once more, with nothing new to remember.
    restart();
    come_back(members);
    publish(numbered("t", 10, 1));
    EXPECT_THAT(counts(members), ElementsAre(10, 10));
}

TEST_P(Restart, MembersKeepWhatTheyWereGranted) {
    const auto lower = join({"lower"}, 1);
    const auto higher = join({"higher"}, 2);
    restart();
    come_back(lower);
    come_back(higher);
    publish(numbered("t", 10, 2));
    EXPECT_THAT(lower[0]->messages(), AllOf(SizeIs(5), Each(Field(&Message::qos, 1))));
    EXPECT_THAT(higher[0]->messages(), AllOf(SizeIs(5), Each(Field(&Message::qos, 2))));
}

TEST_P(Restart, MembersThatAreStillAwayHoldTheGroup) {
    const auto members = join({"a", "b"});
    restart();
    publish(numbered("t", 10, 1));
    come_back({members[1]});
    come_back({members[0]});
    EXPECT_THAT(members[1]->payloads(), ElementsAreArray(numbers(1, 10)));
    EXPECT_THAT(members[0]->messages(), IsEmpty());
}

TEST_P(Restart, MembersThatAreAwayForSeveralAreMembersAgain) {
    const auto members = join({"a", "b"});
    leave(members);
    for (int i = 0; i < 3; ++i) BrokerTest::restart(remembering());
    publish(numbered("t", 2, 1));
    BrokerTest::restart(remembering());
    come_back(members);
    publish({{.topic = "t", .payload = "3", .qos = 1}, {.topic = "t", .payload = "4", .qos = 1}});
    EXPECT_THAT(all_payloads(members), UnorderedElementsAreArray(numbers(1, 4)));
}

TEST_P(Restart, QueueIsKeptInOrderAndGivenOnce) {
    const auto members = join({"a", "b"}, 2);
    leave(members);
    publish(numbered("t", 20, 2));
    restart();
    publish({{.topic = "t", .payload = "21", .qos = 2}});
    come_back({members[1]});
    EXPECT_THAT(members[1]->payloads(), ElementsAreArray(numbers(1, 21)));
    EXPECT_THAT(members[1]->messages(), Each(Field(&Message::qos, 2)));

    restart();
    come_back(members);
    EXPECT_THAT(counts(members), ElementsAre(0, 21));
}

TEST_P(Restart, WhoHasLeftIsNoMemberAfterwards) {
    const auto members = join({"unsubscribing", "ending", "staying"});
    members[0]->unsubscribe(GetParam().filter);
    leave({members[1]});
    connect("ending", {.protocol = GetParam().protocol, .clean_start = true});
    settle();
    restart();
    come_back({members[0], members[2]});
    EXPECT_FALSE(members[1]->connect());
    publish(numbered("t", 6, 1));
    EXPECT_THAT(counts(members), ElementsAre(0, 0, 6));
}

INSTANTIATE_TEST_SUITE_P(
    , Restart,
    ::testing::Values(RestartRow{"ShareMqtt5", "$share/g/t", MQTT_PROTOCOL_V5, true},
                      RestartRow{"ShareMqtt5CutOff", "$share/g/t", MQTT_PROTOCOL_V5, false},
                      RestartRow{"ShareMqtt311", "$share/g/t", MQTT_PROTOCOL_V311, true},
                      RestartRow{"WildcardMqtt5", "$share/g/+/#", MQTT_PROTOCOL_V5, true},
                      RestartRow{"QueueMqtt5", "$queue/t", MQTT_PROTOCOL_V5, true},
                      RestartRow{"QueueMqtt311CutOff", "$queue/t", MQTT_PROTOCOL_V311, false}),
    [](const auto& row) { return row.param.name; });

class Remembered : public RestartTest {};

TEST_F(Remembered, SubscriptionIdentifiers) {
    if (broker_is_20()) return;  // does not show them
    broker.start(remembering());
    Client& member = connect("member", persistent());
    member.subscribe("$share/g/t", 1, 0, 7);
    member.subscribe("$queue/t", 1, 0, 300);
    restart(remembering());
    come_back({&member});
    publish(numbered("t", 1, 1));
    std::vector<std::uint32_t> identifiers;
    for (const auto& message : member.messages()) {
        std::ranges::copy(message.properties.subscription_identifiers, back_inserter(identifiers));
    }
    EXPECT_THAT(identifiers, ::testing::UnorderedElementsAre(7, 300));
}

TEST_F(Remembered, PropertiesOfQueuedMessages) {
    broker.start(remembering());
    const auto members = join({"member"}, "$share/g/#", 2);
    leave(members);
    const std::vector<Message> messages{
        {.topic = "t",
         .payload = std::string("\0\xFF'\"", 4),
         .qos = 1,
         .properties = {.payload_format = 0,
                        .user = {{"a", "1"}, {"b", "2"}, {"a", "3"}},
                        .content_type = "application/octet-stream",
                        .response_topic = "answers/1",
                        .correlation_data = std::string("\0\1\2", 3)}},
        {.topic = "t/\xC3\xBC", .payload = "", .qos = 1},
        {.topic = "t", .payload = std::string(200000, 'x'), .qos = 1}};
    publish(messages);
    restart(remembering());
    come_back(members);
    EXPECT_THAT(members[0]->messages(), ElementsAreArray(messages));
}

TEST_F(Remembered, TurnOfRoundRobin) {
    broker.start(remembering());
    const auto members = join({"a", "b", "c"});
    publish(numbered("t", 2, 1));
    EXPECT_THAT(all_payloads(members), ElementsAre("1", "2"));
    restart(remembering());
    come_back({members[2], members[1], members[0]});
    publish({{.topic = "t", .payload = "3", .qos = 1}});
    EXPECT_THAT(counts(members), ElementsAre(1, 1, 1));
}

// The first choice is left again, so that a plugin that forgot would not come to the same.
TEST_F(Remembered, ChoiceOfSticky) {
    const auto sticky = remembering({"plugin_opt_strategy sticky"});
    broker.start(sticky);
    auto members = join({"a", "b", "c"});
    const auto chosen = [&] {
        publish(numbered("t", 3, 1));
        return std::ranges::find_if(
            members, [](Client* member) { return member->take_messages().size() == 3; });
    };
    const auto first = chosen();
    ASSERT_NE(first, members.end());
    Client* const left = *first;
    leave({left});
    const auto second = chosen();
    ASSERT_NE(second, members.end());
    Client* const choice = *second;
    come_back({left});

    restart(sticky);
    std::ranges::partition(members, [&](Client* member) { return member != choice; });
    come_back(members);
    EXPECT_EQ(chosen() - members.begin(), 2);
}

// 2.0 saves what was begun with Clean Start only if another connection takes it over without.
TEST_F(Remembered, SessionsThatAnotherConnectionHasTakenOver) {
    const RawOptions before{.clean_start = true, .session_expiry = 3600};
    const RawOptions after{.clean_start = false, .session_expiry = 3600};
    broker.start(remembering());
    std::optional<RawClient> member(std::in_place, broker.port(), "member", before);
    member->subscribe({"$share/g/t"}, 1);
    RawClient successor(broker.port(), "member", after);
    ASSERT_TRUE(successor.session_present());
    settle();
    member.reset();
    successor.disconnect();
    restart(remembering());
    const auto others = join({"other"});
    member.emplace(broker.port(), "member", after);
    ASSERT_TRUE(member->session_present());
    publish(numbered("t", 4, 1));
    EXPECT_THAT(member->received(), SizeIs(2));
    EXPECT_THAT(counts(others), ElementsAre(2));
}

// What was given to a member's session is the broker's to keep.
TEST_F(Remembered, WhatIsUnderWayToAMember) {
    constexpr int count = 24;  // The window of mosquitto is 20, and 4 are held back.
    const RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    broker.start(remembering());
    auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
    member->subscribe({"$share/g/t"}, 1);
    publish(numbered("t", count, 1));
    member->next_publish();
    const auto others = join({"other"});
    restart(remembering());
    come_back(others);

    member.emplace(broker.port(), "member", outliving);
    EXPECT_TRUE(member->session_present());
    std::vector<std::string> payloads;
    for (int i = 0; i < count; ++i) {
        const Publish publish = member->next_publish();
        payloads.push_back(publish.payload);
        member->send(PacketType::puback, publish.identifier);
    }
    EXPECT_THAT(payloads, ElementsAreArray(numbers(1, count)));
    EXPECT_THAT(member->received(), IsEmpty());
    EXPECT_THAT(others[0]->messages(), IsEmpty());
}

// As if there had been no restart.
TEST_F(Remembered, WhatAMemberHadNotAcknowledgedWhenItsSessionEnds) {
    const RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    for (const int qos : {1, 2}) {
        broker.start(remembering());
        auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
        member->subscribe({"$share/g/t"}, static_cast<std::uint8_t>(qos));
        publish(numbered("t", 5, qos));
        const Publish first = member->next_publish();
        if (qos == 1) member->send(PacketType::puback, first.identifier);
        EXPECT_THAT(member->received(), SizeIs(4));
        const auto others = join({"other"});
        restart(remembering());
        come_back(others);
        EXPECT_THAT(others[0]->messages(), IsEmpty());

        member.emplace(broker.port(), "member", RawOptions{.clean_start = true});
        settle();
        const bool is_known = qos == 1 && !broker_is_20();
        EXPECT_THAT(others[0]->payloads(),
                    ElementsAreArray(is_known ? numbers(2, 5) : std::vector<std::string>{}));
        EXPECT_THAT(member->received(), IsEmpty());
        others[0]->unsubscribe("$share/g/t");
        stop_under_clients();
    }
}

}  // namespace
}  // namespace integration
