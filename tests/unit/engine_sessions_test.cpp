// What becomes of members whose connections and sessions end, move or come back.
#include <gmock/gmock.h>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr SmallBroker::ConnectOptions kPersistent{.protocol = 5, .persistent = true};

using EngineSessions = EngineTest;

TEST_P(EngineSessions, ThatEndGetNothingMore) {
    join_all({"a", "b"}, "$share/g/t");
    broker.drop("a");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
}

// Until the next turn the broker has the leaves of both connections.
TEST_P(EngineSessions, ThatEndAndBeginInOneTurnAreTwo) {
    broker.others_allow = [](const auto& /*client*/, const auto& /*topic*/) { return true; };
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
    EXPECT_EQ(broker.engine.registry().session_count(), 0U);
}

TEST_P(EngineSessions, ThatStayComeAfterTheConnected) {
    join_all({"away"}, "$share/g/t", kPersistent);
    join_all({"there"}, "$share/g/t");
    broker.drop("away");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"away", "there"}), ElementsAre(0, 4));
    broker.drop("there");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"away", "there"}), ElementsAre(4, 0));
}

TEST_P(EngineSessions, ThatAreResumedKeepWhatWaitsAndTheMembership) {
    join_all({"a"}, "$share/g/t", kPersistent);
    subscribe_all({"a"}, "t");
    broker.drop("a");
    publish("t", 3);
    EXPECT_THAT(broker.take("a"), SizeIs(6));
    broker.connect("a", kPersistent);  // fails if the engine denies what the session holds
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
    EXPECT_EQ(broker.engine.registry().session_count(), 1U);
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
    EXPECT_THAT(broker.take_counts({"gone", "away"}), ElementsAre(0, 4));
    EXPECT_EQ(broker.engine.registry().session_count(), 1U);
}

TEST_P(EngineSessions, ThatAreKickedStay) {
    join_all({"a"}, "$share/g/t", kPersistent);
    subscribe_all({"a"}, "u");
    broker.kick("a");
    publish("t", 2);
    publish("u", 2);
    EXPECT_THAT(broker.take("a"), SizeIs(4));
    broker.connect("a", kPersistent);
    publish("t", 2);
    EXPECT_THAT(broker.take("a"), SizeIs(2));
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
    EXPECT_EQ(broker.engine.registry().session_count(), 0U);
}

INSTANTIATE_FOR_GENERATIONS(EngineSessions);

// 2.0 reports the end of a WebSockets connection that was taken over once the new one is busy.
TEST(EngineOn20, IsNotMisledByALateReport) {
    SmallBroker broker(kBroker20);
    broker.connect("a", kPersistent);
    broker.subscribe("a", "$share/g/t");
    const int before = 0;
    const Client late{.context = &before, .id = "a"};
    broker.engine.disconnected(late, true);
    broker.connect("publisher");
    broker.publish("publisher", {.topic = "t", .payload = "x"});
    broker.settle();
    EXPECT_THAT(broker.take("a"), SizeIs(1));
}

}  // namespace
}  // namespace shared_subscription
