// What becomes of members whose connections and sessions end, move or come back.
#include <gmock/gmock.h>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using EngineSessions = EngineTest;

TEST_P(EngineSessions, ThatEndGetNothingMore) {
    join_all({"a", "b"}, "$share/g/t");
    broker.drop("a");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
}

// Until the next turn the broker has the leaves of both connections.
TEST_P(EngineSessions, ThatEndAndBeginInOneTurnAreTwo) {
    broker.set_others([](const auto& /*client*/, const auto& /*topic*/) { return true; });
    join_all({"b", "a"}, "$share/g/t");
    publish("t", 1);
    broker.drop("a");
    join_all({"a"}, "$share/g/t");
    broker.publish("publisher", {.topic = "t", .payload = "in the same turn"});
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 4));
}

TEST_P(EngineSessions, OfOldClientsEndAtOnce) {
    join_all({"a"}, "$share/g/t", {.protocol = 4});
    broker.drop("a");
    EXPECT_EQ(broker.engine->registry().session_count(), 0U);
}

TEST_P(EngineSessions, ThatStayComeAfterTheConnected) {
    join_all({"away"}, "$share/g/t", kPersistent);
    join_all({"there"}, "$share/g/t");
    broker.drop("away");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"away", "there"}), ElementsAre(0, 4));
    broker.drop("there");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"away", "there"}), ElementsAre(0, 0));
    broker.connect("away", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("away"), ElementsAre("0", "1", "2", "3"));
}

TEST_P(EngineSessions, ThatAreResumedKeepWhatWaitsAndTheMembership) {
    join_all({"a"}, "$share/g/t", kPersistent);
    subscribe_all({"a"}, "t");
    broker.drop("a");
    publish("t", 3);
    EXPECT_THAT(broker.take("a"), IsEmpty());
    broker.connect("a", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("a"), SizeIs(denies_the_away() ? 3 : 6));
    publish("t", 3);
    EXPECT_THAT(broker.take("a"), SizeIs(6));
}

TEST_P(EngineSessions, ThatAreTakenOverKeepWhatIsInFlight) {
    join_all({"a", "b"}, "$share/g/t", kPersistent);
    broker.withhold_acknowledgements("a");
    publish("t", 4);
    broker.connect("a", kPersistent);
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(4, 4));
}

TEST_P(EngineSessions, ThatAreTakenOverWithACleanStartAreNoMembers) {
    join_all({"a", "b"}, "$share/g/t", kPersistent);
    broker.connect("a");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
    EXPECT_EQ(broker.engine->registry().session_count(), 1U);
    subscribe_all({"a"}, "$share/g/t");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(EngineSessions, ThatBeganAnewWhileAwayAreNoMembers) {
    join_all({"a"}, "$share/g/t", kPersistent);
    join_all({"b"}, "$share/g/t");
    broker.drop("a");
    broker.settle();
    broker.connect("a");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
}

TEST_P(EngineSessions, ThatExpireCostTheGroupNothing) {
    join_all({"gone", "away"}, "$share/g/t", kPersistent);
    for (const auto* id : {"gone", "away"}) broker.drop(id);
    broker.settle();
    broker.expire("gone");
    broker.settle();
    publish("t", 4);
    broker.connect("away", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take_counts({"gone", "away"}), ElementsAre(0, 4));
    EXPECT_EQ(broker.engine->registry().session_count(), 1U);
}

// A broker that asks nothing about those who are offline says neither that one is back.
TEST_P(EngineSessions, ThatAreAwayWhileOthersGetMessagesStayMembers) {
    join_all({"away"}, "$share/g/t", kPersistent);
    join_all({"there"}, "$share/g/t");
    broker.drop("away");
    publish("t", 2);
    broker.connect("away", kPersistent);
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"away", "there"}), ElementsAre(2, 4));
}

TEST_P(EngineSessions, ThatAreAwayTwiceStayMembers) {
    join_all({"away"}, "$share/g/t", kPersistent);
    join_all({"there"}, "$share/g/t");
    for (int round = 0; round < 2; ++round) {
        broker.drop("away");
        publish("t", 2);
        broker.connect("away", kPersistent);
        broker.settle();
    }
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"away", "there"}), ElementsAre(2, 6));
}

TEST_P(EngineSessions, ThatBeganAnewWhileOthersGotMessagesAreNoMembers) {
    join_all({"a"}, "$share/g/t", kPersistent);
    join_all({"b"}, "$share/g/t");
    broker.drop("a");
    publish("t", 2);
    broker.connect("a");
    broker.settle();
    publish("t", 2);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
    EXPECT_EQ(broker.engine->registry().session_count(), 1U);
}

TEST_P(EngineSessions, ThatAreResumedKeepWhatIsInFlight) {
    join_all({"a", "b"}, "$share/g/t", kPersistent);
    broker.withhold_acknowledgements("a");
    publish("t", 4);
    broker.drop("a");
    publish("t", 2);
    broker.connect("a", kPersistent);  // the model expects that nothing in flight is denied
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(4, 6));
}

TEST_P(EngineSessions, ThatAreKickedStay) {
    join_all({"a"}, "$share/g/t", kPersistent);
    subscribe_all({"a"}, "u");
    broker.kick("a");
    publish("t", 2);
    publish("u", 2);
    EXPECT_THAT(broker.take("a"), IsEmpty());
    broker.connect("a", kPersistent);
    publish("t", 2);
    EXPECT_THAT(broker.take("a"), SizeIs(denies_the_away() ? 4 : 6));
    EXPECT_NE(broker.unsubscribe("a", "t"), Unsubscribed::leaf_goes);
}

TEST_P(EngineSessions, ManyThatExpireAreForgotten) {
    if (!is_2_1()) return;  // 2.0 does not say who is gone: they are noticed when a message comes
    std::vector<std::string> ids;
    for (int number = 0; number < 50; ++number) ids.push_back("client " + std::to_string(number));
    join_all(ids, "$share/g/t", kPersistent);
    for (const auto& id : ids) broker.drop(id);
    for (const auto& id : ids) broker.expire(id);
    broker.settle();
    EXPECT_EQ(broker.engine->registry().session_count(), 0U);
}

INSTANTIATE_FOR_GENERATIONS(EngineSessions);

class EngineWithListenerSettings : public EngineFixture {
  protected:
    EngineWithListenerSettings() : EngineFixture(kBroker20WithListenerSettings) {}
};

// Nothing is shown of them when the broker asks about nobody.
TEST_F(EngineWithListenerSettings, LosesWhatNoClientPublishesAtOnceWhileAllAreAway) {
    join_all({"a"}, "$share/g/t", kPersistent);
    broker.connect("publisher");
    broker.drop("a");
    broker.settle();
    broker.publish_by_plugin({.topic = "t", .payload = "a plugin's"});
    broker.settle();
    broker.publish("publisher", {.topic = "t", .payload = "twice", .qos = 2});
    broker.settle();
    broker.release("publisher");
    broker.publish("publisher", {.topic = "t", .payload = "waits"});
    broker.settle();
    broker.connect("a", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("waits"));
}

TEST_F(EngineWithListenerSettings, KeepsThatForThoseAwayIfSomebodyElseIsAskedAbout) {
    join_all({"a"}, "$share/g/t", kPersistent);
    join_all({"other"}, "$share/h/t");
    broker.drop("a");
    broker.settle();
    broker.publish_by_plugin({.topic = "t", .payload = "x"});
    broker.settle();
    broker.connect("a", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "other"}), ElementsAre(1, 1));
}

TEST_F(EngineWithListenerSettings, KeepsAMemberThatIsBackForLessThanATurn) {
    join_all({"a"}, "$share/g/t", kPersistent);
    broker.drop("a");
    broker.settle();
    broker.connect("a", kPersistent);
    broker.drop("a");
    publish("t", 2);
    broker.connect("a", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1"));
}

TEST_F(EngineWithListenerSettings, NoticesAnExpiryWhenItHappens) {
    join_all({"a"}, "$share/g/t", kPersistent);
    broker.drop("a");
    broker.settle();
    broker.expire("a");
    broker.settle();
    EXPECT_EQ(broker.engine->registry().session_count(), 0U);
}

class EngineOn20 : public EngineFixture {
  protected:
    EngineOn20() : EngineFixture(kBroker20) {}

    /// One message, and nothing of what follows from it.
    void send(const std::string& id, const std::string& payload) {
        broker.publish(id, {.topic = "t", .payload = payload});
    }
};

TEST_F(EngineOn20, KeepsWhatIsInFlightWhenAWebSocketTakesOver) {
    connect_all({"a", "publisher"}, kPersistent);
    broker.subscribe("a", "$share/g/t");
    broker.withhold_acknowledgements("a");
    send("publisher", "before");
    broker.turn();
    broker.connect("a", {.protocol = 5, .persistent = true, .websocket = true});
    send("publisher", "before the report");
    broker.settle();
    send("publisher", "after it");
    EXPECT_THAT(broker.take("a"), ElementsAre("before", "before the report", "after it"));
}

TEST_F(EngineOn20, LosesNoMemberToTheReturnOfAClientWithoutSubscriptions) {
    connect_all({"member", "other", "publisher"}, kPersistent);
    for (const auto* id : {"member", "other"}) broker.subscribe(id, "t");
    broker.withhold_acknowledgements("other");
    send("publisher", "held");
    broker.unsubscribe("other", "t");
    broker.subscribe("member", "$share/g/t");
    send("publisher", "1");  // a copy is under way now
    for (const auto* id : {"member", "other"}) broker.connect(id, kPersistent);
    broker.settle();
    send("publisher", "2");
    broker.settle();
    EXPECT_THAT(broker.take("member"), ElementsAre("held", "1", "1", "2", "2"));
}

TEST_F(EngineOn20, GivesTheCopyOfAMemberThatLeavesToAnother) {
    connect_all({"a", "b", "publisher"});
    for (const auto* id : {"a", "b"}) {
        for (const auto* filter : {"$share/g/t", "$share/h/t"}) broker.subscribe(id, filter);
    }
    send("publisher", "x");
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(1, 0));
    EXPECT_EQ(broker.engine->registry().census().queued, 1U);
    broker.drop("a");
    broker.settle();
    EXPECT_THAT(broker.take("b"), ElementsAre("x"));
}

TEST_F(EngineOn20, ForgetsTheCopyOfAGroupThatEnds) {
    connect_all({"a", "publisher"});
    for (const auto* filter : {"$share/g/t", "$share/h/t", "t"}) broker.subscribe("a", filter);
    send("publisher", "x");
    for (const auto* filter : {"$share/g/t", "$share/h/t"}) broker.unsubscribe("a", filter);
    broker.settle();
    EXPECT_THAT(broker.take("a"), SizeIs(1));
}

// The broker does not say who subscribed with No Local; it does not ask for them.
TEST_F(EngineOn20, LearnsOfNoLocal) {
    connect_all({"a", "b"});
    for (const auto* id : {"a", "b"}) broker.subscribe(id, "$share/g/t", 1, true);
    for (const auto* payload : {"0", "1", "2"}) send("a", payload);
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 3));
}

TEST_F(EngineOn20, WaitsForTheBrokerWhereOthersMayRefuseAnUnsubscribe) {
    broker.exports_acl_check = false;
    connect_all({"a", "b", "publisher"});
    for (const auto* id : {"a", "b"}) broker.subscribe(id, "$share/g/t");
    broker.unsubscribe("a", "$share/g/t");
    for (const auto* payload : {"0", "1"}) send("publisher", payload);
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 2));
    EXPECT_EQ(broker.engine->registry().session_count(), 1U);
}

}  // namespace
}  // namespace shared_subscription
