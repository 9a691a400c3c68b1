// What members leave behind when their sessions end, and members that are behind.
#include <gmock/gmock.h>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::size_t kWindow = 3;

/// 2.1, with a member that acknowledges nothing and one that comes later.
class EngineRedispatch : public EngineFixture {
  protected:
    EngineRedispatch() : EngineFixture(kBroker21) { broker.engine->set_redispatch(true); }

    /// "worker" is given that many messages and acknowledges none; "other" joins then.
    void give(int count, std::uint8_t qos = 1, bool persistent = false) {
        broker.connect("worker", {.persistent = persistent, .receive_maximum = kWindow});
        broker.withhold_acknowledgements("worker");
        broker.subscribe("worker", "$share/g/t", qos);
        broker.connect("publisher");
        for (int number = 0; number < count; ++number) {
            broker.publish("publisher",
                           {.topic = "t", .payload = std::to_string(number), .qos = qos});
            if (qos == 2) broker.release("publisher");
        }
        join_all({"other"}, "$share/g/t");
    }
    std::vector<std::string> others() {
        broker.settle();
        return broker.take("other");
    }
};

TEST_F(EngineRedispatch, GivesOthersAllThatALostMemberHasNotAcknowledgedInOrder) {
    give(5);
    broker.drop("worker");
    EXPECT_THAT(others(), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, NeverGivesAQosTwoMessageThatWasWrittenToAnotherClient) {
    give(5, 2);
    broker.drop("worker");
    EXPECT_THAT(others(), ElementsAre("3", "4"));
    EXPECT_EQ(broker.engine->registry().statistics.abandoned, 3U);
}

TEST_F(EngineRedispatch, NeverGivesQosZeroAgain) {
    give(5, 0);
    broker.drop("worker");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, GivesOthersWhatAKickedMemberHasNotAcknowledged) {
    give(5);
    broker.acknowledge("worker");
    broker.kick("worker");
    EXPECT_THAT(others(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, GivesOthersWhatTheClientHadBeforeItBeganAnew) {
    give(5);
    broker.connect("worker");
    EXPECT_THAT(others(), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, GivesNothingOfASessionThatGoesOnInAnotherConnection) {
    give(3, 1, true);
    broker.connect("worker", {.persistent = true, .receive_maximum = kWindow});
    EXPECT_THAT(others(), IsEmpty());
    broker.withhold_acknowledgements("worker");
    broker.acknowledge_some("worker", 3);
    broker.drop("worker");
    broker.expire("worker");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, LeavesAMemberThatLeavesItsMessagesUntilItsSessionEnds) {
    give(5);
    EXPECT_EQ(broker.unsubscribe("worker", "$share/g/t"), Unsubscribed::leaf_goes);
    broker.acknowledge("worker");
    EXPECT_THAT(broker.take("worker"), ElementsAre("0", "1", "2", "3"));
    EXPECT_THAT(others(), IsEmpty());
    broker.drop("worker");
    EXPECT_THAT(others(), ElementsAre("1", "2", "3", "4"));
}

// What the other one joins has the same name.
TEST_F(EngineRedispatch, GivesNothingToAGroupThatBeganWhenItsOwnHadEnded) {
    give(5);
    broker.unsubscribe("other", "$share/g/t");
    broker.unsubscribe("worker", "$share/g/t");
    broker.subscribe("other", "$share/g/t", 2);
    broker.drop("worker");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, GivesNothingOfQosTwoThatAClientTookWithIt) {
    give(5, 2);
    broker.unsubscribe("worker", "$share/g/t");
    broker.drop("worker");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, LeavesASessionThatStaysWhatItWasSentUntilItExpires) {
    give(5, 1, true);
    broker.drop("worker");
    EXPECT_THAT(others(), ElementsAre("3", "4"));
    broker.expire("worker");
    broker.settle();
    EXPECT_THAT(others(), ElementsAre("0", "1", "2"));
}

// What was never sent to it does not show any more.
TEST_F(EngineRedispatch, GivesWhatASessionHadBeforeARestartWhenItEnds) {
    broker.redispatches = true;
    for (const std::uint8_t qos : {std::uint8_t{1}, std::uint8_t{2}}) {
        give(5, qos, true);
        broker.unsubscribe("other", "$share/g/t");
        broker.drop("other");
        broker.drop("worker");
        broker.settle();
        broker.restart(true);
        join_all({"other"}, "$share/g/t");
        EXPECT_THAT(others(), IsEmpty());
        broker.expire("worker");
        if (qos == 1) {
            EXPECT_THAT(others(), ElementsAre("0", "1", "2", "3", "4"));
        } else {
            EXPECT_THAT(others(), IsEmpty());
        }
        broker.drop("other");
        broker.settle();
    }
}

TEST_F(EngineRedispatch, LeavesToASessionWhatIsNotKnownToBeOfItsGroupsAfterARestart) {
    broker.redispatches = true;
    give(2, 1, true);
    broker.subscribe("worker", "+");
    broker.subscribe("worker", "u");
    broker.publish("publisher", {.topic = "u", .payload = "x"});
    broker.settle();
    broker.drop("worker");
    broker.restart(true);
    join_all({"other"}, "$share/g/#");
    broker.expire("worker");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, GivesWhatWasBeforeARestartBeforeWhatWaits) {
    broker.redispatches = true;
    give(2, 1, true);
    broker.unsubscribe("other", "$share/g/t");
    join_all({"later"}, "$share/g/t", kPersistent);
    broker.drop("worker");
    broker.drop("later");
    broker.publish("publisher", {.topic = "t", .payload = "2"});
    broker.settle();
    broker.restart(true);
    broker.expire("worker");
    broker.settle();
    broker.connect("later", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("later"), ElementsAre("0", "1", "2"));
}

TEST_F(EngineRedispatch, TakesBackWhatWasNeverSentWhenSomebodyComes) {
    broker.connect("worker", {.persistent = true, .receive_maximum = kWindow});
    broker.withhold_acknowledgements("worker");
    broker.subscribe("worker", "$share/g/t");
    publish("t", 5);
    broker.drop("worker");
    broker.settle();
    join_all({"other"}, "$share/g/t");
    EXPECT_THAT(others(), ElementsAre("3", "4"));
    broker.connect("worker", {.persistent = true});
    EXPECT_THAT(broker.take("worker"), ElementsAre("0", "1", "2"));
}

TEST_F(EngineRedispatch, LeavesWhatWasNeverSentToASessionThatIsBackFirst) {
    broker.connect("worker", {.persistent = true, .receive_maximum = kWindow});
    broker.withhold_acknowledgements("worker");
    broker.subscribe("worker", "$share/g/t");
    publish("t", 5);
    broker.drop("worker");
    broker.connect("worker", {.persistent = true});
    EXPECT_THAT(broker.take("worker"), ElementsAre("0", "1", "2", "3", "4"));
    join_all({"other"}, "$share/g/t");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, GivesOthersWhatARemovedMemberHasNotAcknowledged) {
    give(5);
    broker.acknowledge("worker");
    EXPECT_EQ(broker.engine->remove_member({"g", "t"}, "worker"), Removal::done);
    EXPECT_THAT(others(), ElementsAre("1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, GivesWhatAnExpiredSessionHadThoughItsClientIsBackBeforeThatIsSeen) {
    give(5, 1, true);
    broker.drop("worker");
    broker.expire("worker");
    broker.connect("worker");
    EXPECT_THAT(others(), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, GivesOthersWhatAClientThatWasAwayLeavesWhenItBeginsAnew) {
    give(5, 1, true);
    broker.drop("worker");
    broker.connect("worker");
    EXPECT_THAT(others(), UnorderedElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, GivesNothingIfSwitchedOff) {
    broker.engine->set_redispatch(false);
    give(5);
    broker.drop("worker");
    EXPECT_THAT(others(), IsEmpty());
}

TEST_F(EngineRedispatch, GivesNothingThatWasAcknowledged) {
    for (const bool persistent : {false, true}) {
        broker.connect("worker", {.persistent = persistent});
        broker.subscribe("worker", "$share/g/t");
        publish("t", 50);
        join_all({"other"}, "$share/g/t");
        broker.drop("worker");
        if (persistent) broker.expire("worker");
        EXPECT_THAT(others(), IsEmpty());
        broker.drop("other");
    }
}

// The broker has deleted them before the plugin knows of it.
TEST_F(EngineRedispatch, GivesWhatIsGoneWithTheSessionToOthers) {
    give(3, 1, true);
    broker.drop("worker");
    broker.expire("worker");
    broker.free_disused();
    publish("u", 10);
    EXPECT_THAT(others(), ElementsAre("0", "1", "2"));
}

TEST_F(EngineRedispatch, LeavesAMemberThatLeavesWhatIsUnderWayToIt) {
    join_all({"away"}, "$share/g/t", kPersistent);
    broker.drop("away");
    publish("t", 5);
    join_all({"passing"}, "$share/g/t");
    EXPECT_EQ(broker.unsubscribe("passing", "$share/g/t"), Unsubscribed::leaf_goes);
    broker.settle();
    EXPECT_THAT(broker.take("passing"), ElementsAre("0", "1", "2", "3"));
    broker.connect("away", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("away"), ElementsAre("4"));
}

TEST_F(EngineRedispatch, KeepsTheMessagesForThoseWhoAreAway) {
    join_all({"away"}, "$share/g/t", {.persistent = true});
    broker.drop("away");
    give(5);
    broker.drop("other");
    broker.drop("worker");
    broker.settle();
    broker.connect("away", {.persistent = true});
    broker.settle();
    EXPECT_THAT(broker.take("away"), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, OrdersThemBeforeWhatWaits) {
    join_all({"away"}, "$share/g/t", {.persistent = true});
    broker.drop("away");
    give(4);
    broker.drop("other");
    broker.drop("worker");
    broker.publish("publisher", {.topic = "t", .payload = "4"});
    broker.settle();
    broker.connect("away", {.persistent = true});
    broker.settle();
    EXPECT_THAT(broker.take("away"), ElementsAre("0", "1", "2", "3", "4"));
}

TEST_F(EngineRedispatch, PassesOverAMemberThatIsBehind) {
    give(0);
    publish("t", 20);
    EXPECT_THAT(broker.take("worker"), SizeIs(kWindow));
    EXPECT_THAT(broker.take("other"), SizeIs(20 - kWindow - 1));
    for (std::size_t number = 0; number < kWindow + 1; ++number) broker.acknowledge("worker");
    EXPECT_THAT(broker.take("worker"), SizeIs(1));
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"worker", "other"}), ElementsAre(2, 2));
}

class EngineRedispatchWithRings : public EngineFixture {
  protected:
    EngineRedispatchWithRings() : EngineFixture(kBroker21WithRings) {}
};

// The broker asks for its leaf, and takes none of it away, until the next turn.
TEST_F(EngineRedispatchWithRings, LosesNothingToASessionThatHasJustExpired) {
    join_all({"gone"}, "$share/g/t", {.persistent = true});
    join_all({"a", "b"}, "$share/g/t");
    broker.turn();
    broker.drop("gone");
    broker.expire("gone");
    publish("t", 6);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(3, 3));
}

}  // namespace
}  // namespace shared_subscription
