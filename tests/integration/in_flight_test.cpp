// What is under way to a member that loses its connection stays its own.

#include <optional>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A member that withholds its acknowledgements, loses its connection, and resumes its session,
// while another member stands by.
class InFlight : public PluginTest {
  protected:
    static constexpr RawOptions outliving{
        .protocol = 5, .clean_start = false, .session_expiry = 3600};

    // Two others have joined; the member comes back to three messages that are its own already.
    void expect_turns_go_on(Client& publisher) {
        const auto others = connect_all({"a", "b"});
        for (Client* other : others) other->subscribe("$share/g/t", 1);
        settle();

        RawClient resumed = resume();
        EXPECT_THAT(resumed.received(), SizeIs(3));
        publisher.publish(numbered("t", 9, 1));
        settle();
        EXPECT_THAT(resumed.received(), SizeIs(3));
        EXPECT_THAT(counts(others), ElementsAre(3, 3));
    }
    RawClient resume() {
        RawClient member(broker.port(), "member", outliving);
        EXPECT_TRUE(member.session_present());
        return member;
    }
};

TEST_F(InFlight, UnacknowledgedMessagesComeAgainToTheSameMember) {
    auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
    member->subscribe({"$share/g/t"}, 1);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 5, 1));
    std::vector<Publish> first;
    for (int i = 0; i < 5; ++i) first.push_back(member->next_publish());
    member.reset();
    Client& standing_by = connect("standing by");
    standing_by.subscribe("$share/g/t", 1);
    settle();

    RawClient resumed = resume();
    for (auto& publish : first) publish.dup = true;
    EXPECT_THAT(resumed.received(), ElementsAreArray(first));
    settle();
    EXPECT_THAT(standing_by.payloads(), IsEmpty());
}

// 2.1: what was never sent goes to whoever is there; what was, stays.
TEST_F(InFlight, WhatWaitsBehindAFullWindowGoesToWhoeverIsThere) {
    constexpr int count = 50, window = 20;  // of mosquitto
    auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
    member->subscribe({"$share/g/t"}, 1);
    connect("publisher").publish(numbered("t", count, 1));
    member->next_publish();
    member.reset();
    Client& standing_by = connect("standing by");
    standing_by.subscribe("$share/g/t", 1);
    settle();

    const int kept = broker_is_20() ? count : window;
    RawClient resumed = resume();
    std::vector<std::string> payloads;
    for (int i = 0; i < kept; ++i) {
        const Publish publish = resumed.next_publish();
        payloads.push_back(publish.payload);
        resumed.send(PacketType::puback, publish.identifier);
    }
    EXPECT_THAT(payloads, ElementsAreArray(numbers(1, kept)));
    EXPECT_THAT(resumed.received(), IsEmpty());
    EXPECT_THAT(standing_by.payloads(), ElementsAreArray(numbers(kept + 1, count)));
}

TEST_F(InFlight, Qos2BeforePubrecCompletesWithTheSameMember) {
    auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
    member->subscribe({"$share/g/t"}, 2);
    connect("publisher").publish("t", "x", 2);
    Publish publish = member->next_publish();
    member.reset();
    Client& standing_by = connect("standing by");
    standing_by.subscribe("$share/g/t", 2);
    settle();

    RawClient resumed = resume();
    publish.dup = true;
    EXPECT_EQ(resumed.next_publish(), publish);
    resumed.send(PacketType::pubrec, publish.identifier);
    EXPECT_EQ(identifier_of(resumed.expect(PacketType::pubrel)), publish.identifier);
    resumed.send(PacketType::pubcomp, publish.identifier);
    EXPECT_THAT(resumed.received(), IsEmpty());
    settle();
    EXPECT_THAT(standing_by.payloads(), IsEmpty());
}

TEST_F(InFlight, Qos2BeforePubcompCompletesWithTheSameMember) {
    auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
    member->subscribe({"$share/g/t"}, 2);
    connect("publisher").publish("t", "x", 2);
    const Publish publish = member->next_publish();
    member->send(PacketType::pubrec, publish.identifier);
    member->expect(PacketType::pubrel);
    member.reset();
    Client& standing_by = connect("standing by");
    standing_by.subscribe("$share/g/t", 2);
    settle();

    RawClient resumed = resume();
    EXPECT_EQ(identifier_of(resumed.expect(PacketType::pubrel)), publish.identifier);
    resumed.send(PacketType::pubcomp, publish.identifier);
    EXPECT_THAT(resumed.received(), IsEmpty());
    settle();
    EXPECT_THAT(standing_by.payloads(), IsEmpty());
}

// Three messages are the member's own already: they count for no turn when they come again.
TEST_F(InFlight, ResumingDisturbsNoTurn) {
    auto member = std::make_optional<RawClient>(broker.port(), "member", outliving);
    member->subscribe({"$share/g/t"}, 1);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 3, 1));
    member.reset();
    expect_turns_go_on(publisher);
}

// The broker asks whether it may still publish that, before it asks about what it holds.
TEST_F(InFlight, WhatTheMemberItselfHasBegunToPublishDisturbsNoTurn) {
    RawClient member(broker.port(), "member", outliving);
    member.subscribe({"$share/g/t"}, 1);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 3, 1));
    member.publish({.topic = "elsewhere", .payload = "x", .qos = 2, .identifier = 7});
    member.expect(PacketType::pubrec);
    expect_turns_go_on(publisher);
}

}  // namespace
}  // namespace integration
