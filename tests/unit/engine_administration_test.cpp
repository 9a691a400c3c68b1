// What administrators do to groups, and the metrics that they see.
#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Administration : public EngineTest {
  protected:
    const GroupName orders{.share_name = "g", .filter = "t"};

    [[nodiscard]] const Statistics& statistics() const {
        return broker.engine->registry().statistics;
    }
    [[nodiscard]] Census census() const { return broker.engine->registry().census(); }
};

TEST_P(Administration, PausedMemberGetsNothingNew) {
    join_all({"a", "b"}, "$share/g/t");
    EXPECT_TRUE(broker.engine->set_paused(orders, "a", true));
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
    EXPECT_TRUE(broker.engine->set_paused(orders, "a", false));
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(Administration, MessagesWaitWhileAllArePaused) {
    join_all({"a"}, "$share/g/t");
    EXPECT_TRUE(broker.engine->set_paused(orders, "a", true));
    publish("t", 3);
    EXPECT_THAT(broker.take_counts({"a"}), ElementsAre(0));
    EXPECT_EQ(census().queued, 3U);
    EXPECT_TRUE(broker.engine->set_paused(orders, "a", false));
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2"));
}

TEST_P(Administration, PauseOutlastsAConnection) {
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    EXPECT_TRUE(broker.engine->set_paused(orders, "a", true));
    broker.drop("a");
    broker.connect("a", {.persistent = true});
    publish("t", 2);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 2));
}

TEST_P(Administration, NobodyToPauseOrRemove) {
    join_all({"a"}, "$share/g/t");
    EXPECT_FALSE(broker.engine->set_paused(orders, "b", true));
    EXPECT_EQ(broker.engine->remove_member({"other", "t"}, "a"), Removal::no_member);
    EXPECT_EQ(broker.engine->remove_member({"g", "other"}, "a"), Removal::no_member);
}

TEST_P(Administration, RemovedMemberGetsNothing) {
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    EXPECT_EQ(broker.engine->remove_member(orders, "a"), Removal::done);
    if (!is_2_1()) broker.connect("a", {.persistent = true});
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
    EXPECT_EQ(census().members, 1U);
}

TEST_P(Administration, RemovedMemberThatIsAwayGetsNothing) {
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    subscribe_all({"a"}, "other");
    broker.drop("a");
    EXPECT_EQ(broker.engine->remove_member(orders, "a"),
              denies_the_away() ? Removal::is_offline : Removal::done);
    broker.connect("a", {.persistent = true});
    broker.settle();
    if (denies_the_away()) {
        EXPECT_EQ(broker.engine->remove_member(orders, "a"), Removal::done);
        broker.connect("a", {.persistent = true});
    }
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
    publish("other", 2);
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1"));
}

// Its connection ends on 2.0, which publishes its will: to the very group that it leaves, too.
TEST_P(Administration, RemovedMemberLeavesItsWill) {
    join_all({"a"}, "$share/g/t");
    join_all({"b"}, "$share/h/t");
    broker.set_will("a", {.topic = "t", .payload = "will"});
    EXPECT_EQ(broker.engine->remove_member(orders, "a"), Removal::done);
    broker.settle();
    const std::vector<std::string> wills(is_2_1() ? 0 : 1, "will");
    EXPECT_EQ(broker.take("b"), wills);
    publish("t", 2);
    EXPECT_THAT(broker.take("b"), ElementsAre("0", "1"));
    EXPECT_EQ(census().members, 1U);
}

TEST_P(Administration, RemovedMemberKeepsItsOtherSubscriptions) {
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    subscribe_all({"a"}, "t");
    subscribe_all({"a"}, "other");
    EXPECT_EQ(broker.engine->remove_member(orders, "a"), Removal::done);
    publish("t", 2);
    publish("other", 1);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(3, 2));
}

TEST_P(Administration, RemovedMemberMayJoinAgain) {
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    EXPECT_EQ(broker.engine->remove_member(orders, "a"), Removal::done);
    if (!is_2_1()) broker.connect("a", {.persistent = true});
    subscribe_all({"a"}, "$share/g/t");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(Administration, StrategyOfAGroupIsChanged) {
    join_all({"a", "b"}, "$share/g/t");
    join_all({"c", "d"}, "$share/h/t");
    broker.engine->set_strategy("g", Strategy::sticky);
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ::testing::UnorderedElementsAre(0, 4));
    EXPECT_THAT(broker.take_counts({"c", "d"}), ElementsAre(2, 2));
}

TEST_P(Administration, DefaultStrategyIsForGroupsWithoutTheirOwn) {
    join_all({"a", "b"}, "$share/g/t");
    broker.engine->set_strategy("g", Strategy::round_robin);
    broker.engine->set_strategy(std::nullopt, Strategy::sticky);
    join_all({"c", "d"}, "$share/h/t");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
    EXPECT_THAT(broker.take_counts({"c", "d"}), ::testing::UnorderedElementsAre(0, 4));
}

TEST_P(Administration, StrategiesOutliveARestart) {
    broker.engine->restore({});  // a store is there
    broker.engine->set_strategy("g", Strategy::hash_topic);
    broker.engine->set_strategy(std::nullopt, Strategy::random);
    broker.engine->set_strategy(std::nullopt, Strategy::sticky);
    broker.restart(true);
    join_all({"a"}, "$share/g/t");
    join_all({"b"}, "$share/h/t");
    const auto& groups = broker.engine->registry().groups();
    EXPECT_EQ((*groups.begin())->strategy(), Strategy::hash_topic);
    EXPECT_EQ((*groups.rbegin())->strategy(), Strategy::sticky);
    EXPECT_THAT(broker.log_lines, ::testing::Contains(HasSubstr("group 'g' is hash_topic")));
}

TEST_P(Administration, MetricsSayWhatHappened) {
    join_all({"a", "b"}, "$share/g/t");
    join_all({"c"}, "$share/h/t", {.persistent = true});
    publish("t", 2);
    EXPECT_EQ(statistics(), (Statistics{.dispatched = 4}));
    broker.drop("c");
    publish("t", 3);
    EXPECT_EQ(statistics(), (Statistics{.dispatched = 7}));
    EXPECT_EQ(census(), (Census{.groups = 2, .members = 3, .connected = 2, .queued = 3}));
    broker.engine->reset_statistics();
    EXPECT_EQ(statistics(), Statistics{});
    EXPECT_EQ(census().queued, 3U);
}

TEST_P(Administration, QosZeroThatNobodyIsThereForIsDropped) {
    join_all({"a"}, "$share/g/t", {.persistent = true});
    broker.drop("a");
    broker.connect("publisher");
    broker.publish("publisher", {.topic = "t", .payload = "1", .qos = 0});
    broker.settle();
    EXPECT_EQ(statistics(), (Statistics{.dropped = 1}));
}

TEST_P(Administration, WhatWaitsForAGroupThatEndsIsDropped) {
    join_all({"a"}, "$share/g/t", {.persistent = true});
    broker.drop("a");
    publish("t", 2);
    broker.connect("a");
    broker.settle();
    EXPECT_EQ(statistics().dropped, 2U);
    EXPECT_EQ(census(), Census{});
}

TEST_P(Administration, JoinsAndLeavesAreLogged) {
    join_all({"a", "b"}, "$share/g/t");
    EXPECT_EQ(broker.unsubscribe("a", "$share/g/t"), Unsubscribed::leaf_goes);
    EXPECT_THAT(broker.membership_lines,
                ElementsAre("client 'a' joined group 'g' on 't', which has 1 member now.",
                            "client 'b' joined group 'g' on 't', which has 2 members now.",
                            "client 'a' left group 'g' on 't', which has 1 member now."));
}

INSTANTIATE_FOR_GENERATIONS(Administration);

}  // namespace
}  // namespace shared_subscription
