// Who gets what: groups, non-shared subscriptions, and clients with several of them.
#include <gmock/gmock.h>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using EngineGroups = EngineTest;

TEST_P(EngineGroups, GiveEachMessageToOneMember) {
    join_all({"a", "b", "c"}, "$share/g/t");
    join_all({"ordinary"}, "t");
    publish("t", 9);
    EXPECT_THAT(broker.take_counts({"a", "b", "c", "ordinary"}), ElementsAre(3, 3, 3, 9));
    if (GetParam().traits.direct_from == 0) {
        EXPECT_EQ(broker.copies, 0);
    }
}

TEST_P(EngineGroups, AreNamedByNameAndFilter) {
    join_all({"a", "b"}, "$share/g/t/#");
    join_all({"c", "d"}, "$share/g/t/x");
    join_all({"e", "f"}, "$share/h/t/#");
    publish("t/x", 4);
    EXPECT_THAT(broker.take_counts({"a", "b", "c", "d", "e", "f"}), ElementsAre(2, 2, 2, 2, 2, 2));
}

TEST_P(EngineGroups, WithoutANameAreOne) {
    join_all({"a"}, "$queue/t");
    join_all({"b"}, "$share/$queue/t");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(EngineGroups, DoNotSeeTopicsOfTheBrokerThroughWildcards) {
    join_all({"a"}, "$share/g/#");
    join_all({"b"}, "$share/g/$SYS/#");
    publish("$SYS/uptime", 2);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 2));
}

TEST_P(EngineGroups, OfTopicsOfTheBrokerShareToo) {
    join_all({"a", "b"}, "$share/g/$SYS/#");
    subscribe_all({"a", "b"}, "$SYS/#");
    publish("$SYS/uptime", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(6, 6));
}

TEST_P(EngineGroups, GiveAClientACopyForEachSubscription) {
    join_all({"a", "b"}, "$share/g/t");
    for (const auto* filter : {"$share/h/t", "$queue/t", "t"}) subscribe_all({"a", "b"}, filter);
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(10, 10));
    for (const auto* filter : {"$share/h/t", "$queue/t", "t"}) {
        EXPECT_EQ(broker.unsubscribe("a", filter),
                  is_2_1() ? Unsubscribed::leaf_goes : Unsubscribed::leaf_stays)
            << filter;
    }
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 14));
}

TEST_P(EngineGroups, KeepTheOrderAtAClientThatGetsSeveralCopies) {
    join_all({"a"}, "$share/g/t");
    subscribe_all({"a"}, "t");
    broker.publish("a", {.topic = "t", .payload = "0"});
    broker.publish("a", {.topic = "t", .payload = "1"});
    broker.settle();
    // Each subscription has its own order: the second may begin before the first goes on.
    EXPECT_THAT(broker.take("a"),
                AnyOf(ElementsAre("0", "0", "1", "1"), ElementsAre("0", "1", "0", "1")));
}

TEST_P(EngineGroups, CountAClientOnceHoweverOftenItSubscribes) {
    join_all({"a", "b"}, "$share/g/t");
    subscribe_all({"a", "a"}, "$share/g/t");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
    EXPECT_EQ(broker.unsubscribe("a", "$share/g/t"), Unsubscribed::leaf_goes);
    EXPECT_EQ(broker.unsubscribe("a", "$share/g/t"), Unsubscribed::no_such_use);
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
}

TEST_P(EngineGroups, AreNotLeftByAnotherSubscriptionsEnd) {
    join_all({"a"}, "$share/g/t");
    for (const auto* filter : {"$share/h/t", "$share/g/u", "$queue/t"})
        EXPECT_EQ(broker.unsubscribe("a", filter), Unsubscribed::no_such_use) << filter;
    EXPECT_NE(broker.unsubscribe("a", "t"), Unsubscribed::leaf_goes);
    EXPECT_TRUE(broker.engine->is_member({nullptr, "a"}, parse_subscription("$share/g/t")));
    EXPECT_FALSE(broker.engine->is_member({nullptr, "a"}, parse_subscription("$share/h/t")));
    EXPECT_FALSE(broker.engine->is_member({nullptr, "b"}, parse_subscription("$share/g/t")));
    publish("t", 2);
    EXPECT_THAT(broker.take("a"), SizeIs(2));
}

TEST_P(EngineGroups, EndWithTheirLastMember) {
    join_all({"a", "b"}, "$share/g/t");
    EXPECT_EQ(broker.engine->registry().group_count(), 1U);
    for (const auto* id : {"a", "b"}) broker.unsubscribe(id, "$share/g/t");
    EXPECT_EQ(broker.engine->registry().group_count(), 0U);
    EXPECT_EQ(broker.engine->registry().session_count(), 0U);
    publish("t", 2);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 0));
}

TEST_P(EngineGroups, GiveAQos2MessageToOneMemberAtItsPubrel) {
    join_all({"a", "b"}, "$share/g/t");
    broker.connect("publisher");
    for (const auto* payload : {"first", "second"})
        EXPECT_TRUE(broker.publish("publisher", {.topic = "t", .payload = payload, .qos = 2}));
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 0));
    broker.publish("publisher", {.topic = "t", .payload = "between"});
    for (int time = 0; time < 2; ++time) broker.release("publisher");
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("between", "second"));
    EXPECT_THAT(broker.take("b"), ElementsAre("first"));
}

TEST_P(EngineGroups, GiveAMessageOfAPluginToOneMember) {
    join_all({"a", "b"}, "$share/g/t");
    for (const auto* payload : {"0", "1", "2", "3"})
        broker.publish_by_plugin({.topic = "t", .payload = payload});
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 2));
}

TEST_P(EngineGroups, NeverReplayARetainedMessage) {
    broker.connect("publisher");
    broker.publish("publisher", {.topic = "t", .payload = "old", .retain = true});
    join_all({"a", "b"}, "$share/g/t");
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 0));
    subscribe_all({"a"}, "t");
    EXPECT_THAT(broker.take("a"), ElementsAre("old"));
    broker.publish("publisher", {.topic = "t", .payload = "new", .retain = true});
    broker.settle();
    EXPECT_EQ(broker.take("a").size() + broker.take("b").size(), 2U);
    join_all({"c"}, "#");
    EXPECT_THAT(broker.take("c"), ElementsAre("new"));
}

TEST_P(EngineGroups, CannotBePublishedTo) {
    broker.connect("a");
    for (const auto* topic : {"$queue/t", "$share/g/t"})
        EXPECT_FALSE(broker.publish("a", {.topic = topic, .payload = "x"})) << topic;
    EXPECT_THAT(broker.log_lines, ElementsAre(::testing::HasSubstr("without the prefix")));
}

INSTANTIATE_FOR_GENERATIONS(EngineGroups);

// `allow_duplicate_messages false`, 2.0's default.
TEST(EngineThatRemovesDuplicates, GivesAnOldClientItsSecondCopyAllTheSame) {
    auto traits = kBroker20;
    traits.removes_duplicates = true;
    SmallBroker broker(traits);
    broker.connect("a", {.protocol = 4});
    for (const auto* filter : {"t", "#", "$share/g/t", "$share/h/#"}) broker.subscribe("a", filter);
    broker.publish("a", {.topic = "t", .payload = "x"});
    broker.settle();
    EXPECT_THAT(broker.take("a"), SizeIs(3));  // one for both non-shared ones
}

}  // namespace
}  // namespace shared_subscription
