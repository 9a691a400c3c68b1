// Messages that wait for a group: who gets them, in which order, and how many may wait.
#include <gmock/gmock.h>

#include <limits>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EngineQueue : public EngineTest {
  protected:
    /// Members of the group, who are offline.
    void leave_behind(const std::vector<std::string>& ids) {
        join_all(ids, "$share/g/t", kPersistent);
        for (const auto& id : ids) broker.drop(id);
        broker.settle();
    }
    std::vector<std::string> come_back(const std::string& id) {
        broker.connect(id, kPersistent);
        broker.settle();
        return broker.take(id);
    }
};

TEST_P(EngineQueue, GoesToTheFirstThatIsBackInOrder) {
    for (const auto* first : {"a", "b"}) {
        leave_behind({"a", "b"});
        publish("t", 20);
        const auto got = come_back(first);
        EXPECT_THAT(got, SizeIs(20));
        EXPECT_EQ(got.front(), "0");
        EXPECT_EQ(got.back(), "19");
        EXPECT_THAT(come_back(*first == 'a' ? "b" : "a"), IsEmpty());
    }
}

// On its way to a member, too, a message is counted once; and when it was in vain.
TEST_P(EngineQueue, IsCountedOnce) {
    const auto counted = [&] {
        const auto& registry = broker.engine->registry();
        const auto& since = registry.statistics;
        return registry.census().queued + since.dispatched + since.dropped - since.redispatched;
    };
    leave_behind({"a"});
    publish("t", 3);
    EXPECT_EQ(counted(), 3U);
    for (const bool stays : {false, true}) {
        broker.connect("a", kPersistent);
        broker.turn();
        EXPECT_EQ(counted(), 3U) << "under way";
        if (!stays) broker.drop("a");
        broker.settle();
        EXPECT_EQ(counted(), 3U);
    }
    EXPECT_THAT(broker.take("a"), SizeIs(3));
}

TEST_P(EngineQueue, WaitsForOneThatMayReadIt) {
    broker.set_others([](const auto& client, const auto& /*topic*/) { return client != "a"; });
    for (const auto* first : {"a", "b"}) {
        leave_behind({first, *first == 'a' ? "b" : "a"});
        publish("t", 2);
        EXPECT_THAT(come_back("a"), IsEmpty());
        EXPECT_THAT(come_back("b"), SizeIs(2));
    }
}

TEST_P(EngineQueue, GoesToANewcomer) {
    leave_behind({"a"});
    publish("t", 3);
    join_all({"b"}, "$share/g/t");
    broker.settle();
    EXPECT_THAT(broker.take("b"), ElementsAre("0", "1", "2"));
    EXPECT_THAT(come_back("a"), IsEmpty());
}

TEST_P(EngineQueue, GoesToANewcomerWhenTheMemberItWaitedForLeaves) {
    for (const bool unsubscribes : {true, false}) {
        join_all({"a"}, "$share/g/t", kPersistent);
        broker.drop("a");
        publish("t", 2);
        join_all({"a"}, "$share/g/t", {.protocol = 4, .persistent = true});
        join_all({"b"}, "$share/g/t");
        if (unsubscribes) {
            broker.unsubscribe("a", "$share/g/t");
        } else {
            broker.connect("a");  // without its session
        }
        broker.settle();
        EXPECT_THAT(broker.take("b"), ElementsAre("0", "1"));
        broker.drop("b");
        broker.settle();
    }
}

TEST_P(EngineQueue, EndsWithTheGroup) {
    leave_behind({"a"});
    publish("t", 3);
    broker.connect("a");
    broker.settle();
    join_all({"b"}, "$share/g/t");
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 0));
}

TEST_P(EngineQueue, EndsWithTheLastSession) {
    leave_behind({"a", "c"});
    publish("t", 3);
    for (const auto* id : {"a", "c"}) broker.expire(id);
    broker.settle();
    join_all({"b"}, "$share/g/t");
    broker.settle();
    EXPECT_THAT(broker.take("b"), IsEmpty());
    publish("t", 2);
    EXPECT_THAT(broker.take("b"), SizeIs(2));
}

TEST_P(EngineQueue, ThatEndedTakesNothingAlongThatCameLater) {
    leave_behind({"a"});
    publish("t", 3);
    broker.expire("a");
    broker.settle();
    join_all({"b"}, "$share/g/t");
    broker.publish("publisher", {.topic = "t", .payload = "later"});
    broker.settle();
    EXPECT_THAT(broker.take("b"), ElementsAre("later"));
}

TEST_P(EngineQueue, IsNotThatOfAGroupOfTheSameNameThatBeginsAtOnce) {
    leave_behind({"a"});
    publish("t", 3);
    broker.connect("a");
    broker.publish("publisher", {.topic = "u", .payload = "x"});
    join_all({"a", "b"}, "$share/g/t", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 0));
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(EngineQueue, TouchesNobodyElse) {
    leave_behind({"a"});
    join_all({"other"}, "$share/h/t");
    join_all({"ordinary"}, "t");
    publish("t", 3);
    EXPECT_THAT(broker.take_counts({"other", "ordinary"}), ElementsAre(3, 3));
    EXPECT_THAT(come_back("a"), SizeIs(3));
    EXPECT_THAT(broker.take_counts({"other", "ordinary"}), ElementsAre(0, 0));
}

TEST_P(EngineQueue, TouchesNobodyElseWhereSomebodyPublishesInVain) {
    broker.connect("x");
    broker.subscribe("x", "t");
    broker.connect("intruder");
    leave_behind({"a"});
    publish("t", 3);
    EXPECT_THAT(broker.take("x"), SizeIs(3));
    broker.connect("a", kPersistent);
    for (int i = 0; i < 20; ++i) {
        broker.publish_in_vain("intruder", "t");  // the last before the copies
        broker.turn();
    }
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2"));
    EXPECT_THAT(broker.take("x"), IsEmpty());
}

TEST_P(EngineQueue, GoesOutBeforeNewerMessages) {
    leave_behind({"a"});
    publish("t", 300);
    broker.connect("a", kPersistent);
    for (int number = 300; number < 600; ++number) {
        broker.publish("publisher", {.topic = "t", .payload = std::to_string(number)});
        if (number % 50 == 0) broker.turn();
    }
    broker.settle();
    const auto got = broker.take("a");
    ASSERT_THAT(got, SizeIs(600));
    for (int number = 0; number < 600; ++number)
        ASSERT_EQ(got[static_cast<std::size_t>(number)], std::to_string(number));
}

TEST_P(EngineQueue, TakesQosZeroOnlyIfToldTo) {
    leave_behind({"a"});
    broker.connect("publisher");
    broker.publish("publisher", {.topic = "t", .payload = "lost", .qos = 0});
    broker.settle();
    broker.engine->set_group_queue_limits({.takes_qos0 = true});
    broker.publish("publisher", {.topic = "t", .payload = "waits", .qos = 0});
    broker.settle();
    EXPECT_THAT(come_back("a"), ElementsAre("waits"));
}

TEST_P(EngineQueue, RefusesTheNewestWhenItIsFullAndSaysSoOnce) {
    broker.engine->set_group_queue_limits({.messages = 3});
    leave_behind({"a"});
    publish("t", 10);
    EXPECT_THAT(broker.log_lines, ElementsAre(AllOf(HasSubstr("plugin_opt_max_queued_messages"),
                                                    HasSubstr("'g'"), HasSubstr(": 7 "))));
    EXPECT_THAT(come_back("a"), ElementsAre("0", "1", "2"));
}

TEST_P(EngineQueue, CountsBytes) {
    broker.engine->set_group_queue_limits({.messages = 0, .bytes = 12});
    leave_behind({"a"});
    broker.connect("publisher");
    for (const auto* payload : {"12345", "1234567", "12345", "1"})
        broker.publish("publisher", {.topic = "t", .payload = payload});
    broker.settle();
    EXPECT_THAT(broker.log_lines, ElementsAre(HasSubstr("plugin_opt_max_queued_bytes")));
    EXPECT_THAT(come_back("a"), ElementsAre("12345", "12345"));
}

TEST_P(EngineQueue, LosesWhatWaitedTooLong) {
    broker.engine->set_group_queue_limits({.seconds = 60});
    leave_behind({"a"});
    publish("t", 2);
    broker.clock += 1;
    broker.publish("publisher", {.topic = "t", .payload = "younger"});
    broker.settle();
    broker.clock += 60;
    broker.turn();
    EXPECT_THAT(come_back("a"), ElementsAre("younger"));
    const auto& statistics = broker.engine->registry().statistics;
    EXPECT_EQ(statistics, (Statistics{.dispatched = 1, .expired = 2}));
    publish("t", 2);
    EXPECT_THAT(broker.take("a"), SizeIs(2));
}

TEST_P(EngineQueue, WaitsAnyTimeUnlessToldOtherwise) {
    for (const std::size_t seconds : {std::size_t{0}, std::numeric_limits<std::size_t>::max()}) {
        broker.engine->set_group_queue_limits({.seconds = seconds});
        leave_behind({"a"});
        publish("t", 2);
        broker.clock += 1'000'000'000;
        broker.turn();
        EXPECT_THAT(come_back("a"), SizeIs(2));
    }
}

// Two questions about one message, of which the first meets nobody, are not told apart.
TEST_P(EngineQueue, OfTwoGroupsWithTheSameMessageSaysNothingOfMembersThatAreBack) {
    join_all({"gone"}, "$share/g/t", kPersistent);
    join_all({"back"}, "$queue/+", kPersistent);
    for (const auto* id : {"gone", "back"}) broker.drop(id);
    broker.settle();
    publish("t", 1);
    broker.connect("gone");
    broker.turn();
    join_all({"new"}, "$queue/+");
    broker.turn();
    broker.connect("back", kPersistent);
    broker.turn();
    broker.turn();
    broker.connect("back", kPersistent);
    broker.settle();
    broker.take_counts({"back", "new"});
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"back", "new"}), ElementsAre(2, 2));
}

TEST_P(EngineQueue, GoesPastAMemberThatMayNotReadIt) {
    broker.set_others(
        [](const auto& client, const auto& topic) { return client != "a" || topic != "t/secret"; });
    join_all({"a", "b"}, "$share/g/t/#", kPersistent);
    for (const auto* id : {"a", "b"}) broker.drop(id);
    broker.settle();
    broker.connect("publisher");
    for (const auto* topic : {"t/secret", "t/open"})
        broker.publish("publisher", {.topic = topic, .payload = topic});
    broker.settle();
    EXPECT_THAT(come_back("a"), ElementsAre("t/open"));
    EXPECT_THAT(come_back("b"), ElementsAre("t/secret"));
}

INSTANTIATE_FOR_GENERATIONS(EngineQueue);

}  // namespace
}  // namespace shared_subscription
