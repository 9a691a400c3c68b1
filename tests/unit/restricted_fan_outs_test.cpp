// Messages that are published to everybody and meant for one: known by their content, for as long
// as the broker may ask about them.
#include "core/delivery/restricted_fan_outs.hpp"

#include <gmock/gmock.h>

#include <string>
#include <tuple>

#include "engine_test.hpp"
#include "quiet_broker.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

RestrictedFanOut to(const std::string& client, const std::string& payload) {
    return {.message = std::make_shared<const StoredMessage>(
                StoredMessage{.topic = "t", .payload = payload, .qos = 1}),
            .group = {.share_name = "g", .filter = "t"},
            .client_id = client};
}

class RestrictedFanOutsTest : public ::testing::Test {
  protected:
    QuietBroker broker;
    RestrictedFanOuts fan_outs{broker};
};

TEST_F(RestrictedFanOutsTest, AreKnownByTheirContentHoweverOften) {
    const auto one = to("a", "one");
    ASSERT_TRUE(fan_outs.publish(one));
    // Wherever the broker has them.
    const StoredMessage elsewhere{.topic = "t", .payload = "one", .qos = 1};
    for (int question = 0; question < 3; ++question) {
        auto* found = fan_outs.find(elsewhere.message());
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->client_id, "a");
    }
    for (const auto& other :
         {StoredMessage{.topic = "t", .payload = "two", .qos = 1},
          StoredMessage{.topic = "u", .payload = "one", .qos = 1},
          StoredMessage{.topic = "t", .payload = "one", .qos = 0},
          StoredMessage{.topic = "t", .payload = "one", .qos = 1, .retain = true}})
        EXPECT_EQ(fan_outs.find(other.message()), nullptr) << other.topic << other.payload;
}

TEST_F(RestrictedFanOutsTest, OfWhichTwoAreAlikeAreNotUnderWayAtOnce) {
    EXPECT_TRUE(fan_outs.publish(to("a", "one")));
    EXPECT_FALSE(fan_outs.publish(to("b", "one")));
    EXPECT_TRUE(fan_outs.publish(to("b", "two")));
    EXPECT_EQ(broker.published, 2);
    EXPECT_THAT(fan_outs.take_ended(true), SizeIs(2));
    EXPECT_TRUE(fan_outs.publish(to("b", "one")));
}

TEST_F(RestrictedFanOutsTest, EndWhenTheyWereShownOrAllAreDrained) {
    ASSERT_TRUE(fan_outs.publish(to("a", "one")));
    ASSERT_TRUE(fan_outs.publish(to("", "two")));
    EXPECT_THAT(fan_outs.take_ended(false), IsEmpty());
    const auto message = to("", "two").message;
    fan_outs.find(message->message())->shown_at = message->topic.data();
    const auto shown = fan_outs.take_ended(false);
    ASSERT_THAT(shown, SizeIs(1));
    EXPECT_TRUE(shown.front().is_probe());
    EXPECT_FALSE(fan_outs.empty());
    EXPECT_THAT(fan_outs.take_ended(true), SizeIs(1));
    EXPECT_TRUE(fan_outs.empty());
}

TEST_F(RestrictedFanOutsTest, AreNoOthersThatAreLikeThemOnceTheyHaveBeenShown) {
    ASSERT_TRUE(fan_outs.publish(to("a", "one")));
    const auto message = to("a", "one").message;
    const auto other = to("a", "one").message;
    EXPECT_NE(fan_outs.find(other->message()), nullptr);
    fan_outs.find(message->message())->shown_at = message->topic.data();
    EXPECT_NE(fan_outs.find(message->message()), nullptr);
    EXPECT_EQ(fan_outs.find(other->message()), nullptr);
    EXPECT_FALSE(fan_outs.publish(to("a", "one")));
}

class Unasked : public EngineTest {
  protected:
    /// Others decide, let everybody read, and cannot be asked.
    void ask_nobody() {
        broker.exports_acl_check = false;
        broker.set_others([](const auto& /*client*/, const auto& /*topic*/) { return true; });
    }
};

// As 2.0.12 and later with other access control.
TEST_P(Unasked, OthersJudgeWhatHasWaitedAndNobodyElseGetsIt) {
    broker.exports_acl_check = false;
    broker.set_others(
        [](const auto& client, const auto& topic) { return client != "a" || topic != "secret"; });
    join_all({"a"}, "$share/g/#", kPersistent);
    join_all({"ordinary"}, "#");
    broker.drop("a");
    broker.settle();
    publish("t", 3);
    publish("secret", 1);
    EXPECT_THAT(broker.take("ordinary"), SizeIs(4));
    broker.connect("a", kPersistent);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2"));
    EXPECT_THAT(broker.take("ordinary"), IsEmpty());
}

// Of a ring the broker would ask for its head alone, which may not be the one that it is for.
TEST_P(Unasked, MembersGetWhatHasWaitedWhoeverTheBrokerAsksForFirst) {
    ask_nobody();
    join_all({"a", "b", "c"}, "$share/g/#", kPersistent);
    publish("t", 4);
    std::ignore = broker.take_counts({"a", "b", "c"});
    for (const auto* id : {"a", "b", "c"}) broker.drop(id);
    broker.settle();
    publish("t", 6);
    for (const auto* id : {"c", "b", "a"}) broker.connect(id, kPersistent);
    broker.settle();
    publish("t", 3);
    const auto counts = broker.take_counts({"a", "b", "c"});
    EXPECT_EQ(counts[0] + counts[1] + counts[2], 9);
    EXPECT_THAT(broker.log_lines, IsEmpty());
}

// Whether the subscription is there shows when the broker asks about it for the first time.
TEST_P(Unasked, MembersAreGivenTheirFirstMessageAndItCountsOnce) {
    ask_nobody();
    join_all({"a", "b"}, "$share/g/t");
    broker.connect("publisher");
    broker.publish("publisher", {.topic = "t", .payload = "first", .qos = 0});
    broker.settle();
    const auto counts = broker.take_counts({"a", "b"});
    EXPECT_EQ(counts[0] + counts[1], 1);
    const auto& statistics = broker.engine->registry().statistics;
    EXPECT_EQ(statistics.dispatched, 1U);
    EXPECT_EQ(statistics.dropped, 0U);
}

// It is not the group's leaf that the broker asks about then.
TEST_P(Unasked, WhoLeavesAndSubscribesWithoutTheGroupIsNoMember) {
    ask_nobody();
    join_all({"a"}, "$share/g/t");
    broker.unsubscribe("a", "$share/g/t");
    EXPECT_TRUE(broker.subscribe("a", "t"));
    publish("t", 3);
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2"));
    EXPECT_EQ(broker.engine->registry().group_count(), 0U);
}

// The broker asks about leaves, and does not say which: what is not there must not stand for
// another.
TEST_P(Unasked, WhatOthersHaveRefusedTakesNoMembershipAway) {
    ask_nobody();
    broker.turn();
    connect_all({"a"}, kPersistent);
    broker.refused_filters = {"$share/g/+/b"};
    subscribe_all({"a"}, "$share/g/#");
    EXPECT_EQ(broker.subscribe("a", "$share/g/+/b"), is_2_1());
    broker.turn();
    EXPECT_EQ(broker.engine->registry().group_count(), is_2_1() ? 2U : 1U);
    if (is_2_1()) return;
    publish("a/b", 2);
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1"));
    EXPECT_EQ(broker.engine->registry().statistics.dispatched, 2U);
}

TEST_P(Unasked, WhoMayNotLeaveStaysAMember) {
    ask_nobody();
    join_all({"a", "b"}, "$share/g/t");
    subscribe_all({"a"}, "$share/other/#");
    publish("t", 2);
    std::ignore = broker.take_counts({"a", "b"});
    broker.refused_filters = {"$share/g/t"};
    broker.unsubscribe("a", "$share/g/t");
    if (is_2_1()) return;
    publish("t", 4);
    // Four of the other group, and half of this one's.
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(6, 2));
    EXPECT_EQ(broker.engine->registry().group_count(), 2U);
}

// The same where it has resumed its session in between, which does not bring back what it gave up.
TEST_P(Unasked, WhoJoinsWhereItHasLeftAFilterBeforeItWasBackIsAMember) {
    ask_nobody();
    broker.turn();
    connect_all({"a"}, kPersistent);
    subscribe_all({"a"}, "+/+");
    broker.unsubscribe("a", "+/+");
    broker.turn();
    broker.connect("a", kPersistent);
    broker.turn();
    subscribe_all({"a"}, "$share/g/t");
    broker.turn();
    publish("t", 2);
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1"));
    EXPECT_EQ(broker.engine->registry().statistics.dispatched, 2U);
}

// The broker has as many places for its leaves as before.
TEST_P(Unasked, WhoJoinsWhereItHasLeftAnotherGroupIsAMember) {
    ask_nobody();
    broker.turn();
    join_all({"a"}, "$share/g/t");
    broker.unsubscribe("a", "$share/g/t");
    subscribe_all({"a"}, "$share/g/#");
    join_all({"b"}, "$share/g/#");
    broker.turn();
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(Unasked, NothingIsPublishedToEverybodyWhereOthersCanBeAsked) {
    broker.set_others([](const auto& /*client*/, const auto& /*topic*/) { return true; });
    join_all({"a"}, "$share/g/t", kPersistent);
    broker.drop("a");
    broker.settle();
    publish("t", 2);
    broker.copies_to_all = 0;
    join_all({"b"}, "$share/g/t");
    broker.settle();
    EXPECT_THAT(broker.take("b"), ElementsAre("0", "1"));
    EXPECT_LE(broker.copies_to_all, is_2_1() ? 0 : 1) << "2.0 takes a probe to see who is there";
}

INSTANTIATE_FOR_GENERATIONS(Unasked);

}  // namespace
}  // namespace shared_subscription
