// Groups that are there without members, too.
#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class EngineDeclared : public EngineTest {
  protected:
    EngineDeclared() { broker.engine->declare(kName); }

    static inline const GroupName kName{.share_name = "g", .filter = "t/#"};
    static inline const std::string kFilter = "$share/g/t/#";
};

TEST_P(EngineDeclared, CollectBeforeTheFirstMemberAndAfterTheLast) {
    publish("t/a", 3);
    publish("other", 3);
    join_all({"a"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2"));
    EXPECT_EQ(broker.unsubscribe("a", kFilter), Unsubscribed::leaf_goes);
    broker.settle();
    publish("t", 2);
    join_all({"b"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("b"), ElementsAre("0", "1"));
    EXPECT_THAT(broker.take("a"), IsEmpty());
}

TEST_P(EngineDeclared, CollectOnceWhoeverElseIsAsked) {
    join_all({"non-shared"}, "t/+");
    join_all({"other"}, "$share/h/t/+");
    publish("t/a", 3);
    EXPECT_THAT(broker.take_counts({"non-shared", "other"}), ElementsAre(3, 3));
    join_all({"a"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2"));
}

TEST_P(EngineDeclared, LeaveOutWhatIsReleasedWhenItHasBeenCollected) {
    broker.connect("p");
    broker.publish("p", {.topic = "t", .payload = "x", .qos = 2});
    join_all({"a"}, kFilter);
    broker.settle();
    broker.release("p");
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("x"));
}

// The broker asks about nobody then. In the order of being received.
TEST_P(EngineDeclared, CollectWhatIsReleasedWhenTheLastMemberHasGone) {
    join_all({"a"}, kFilter);
    broker.connect("p");
    for (const auto* payload : {"1", "2", "3", "4", "5", "6", "7"})
        broker.publish("p", {.topic = "t", .payload = payload, .qos = 2});
    broker.release("p");
    broker.unsubscribe("a", kFilter);
    broker.release("p");
    broker.settle();
    broker.release("p");
    join_all({"b"}, kFilter);
    broker.settle();
    for (int count = 0; count < 4; ++count) broker.release("p");
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("1"));
    EXPECT_THAT(broker.take("b"), ElementsAre("2", "3", "4", "5", "6", "7"));
}

// All in one turn; that they are released shows by the others alone.
TEST_P(EngineDeclared, CollectWhatOthersGetWhenTheLastMemberHasGone) {
    const std::vector<std::string> all{"1", "2", "3"};
    join_all({"non-shared"}, "t");
    join_all({"a"}, kFilter);
    broker.connect("p");
    for (const auto& payload : all)
        broker.publish("p", {.topic = "t", .payload = payload, .qos = 2});
    broker.settle();
    broker.unsubscribe("a", kFilter);
    for (std::size_t count = 0; count < all.size(); ++count) broker.release("p");
    join_all({"b"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("non-shared"), ElementsAreArray(all));
    EXPECT_THAT(broker.take("b"), ElementsAreArray(all));
}

// That the publisher gives it up does not show.
TEST_P(EngineDeclared, LeaveOutWhatHasNotBeenReleasedInAMinute) {
    join_all({"a"}, kFilter);
    broker.connect("p");
    broker.publish("p", {.topic = "t", .payload = "x", .qos = 2});
    for (int second = 0; second < 61; ++second) broker.turn();
    broker.unsubscribe("a", kFilter);
    broker.settle();
    EXPECT_EQ(broker.engine->registry().census().queued, 0U);
}

TEST_P(EngineDeclared, StayWhenAllMembersLeaveAtOnce) {
    const std::vector<std::string> members{"a", "b", "c", "d"};
    broker.connect("p");
    join_all(members, kFilter);
    broker.settle();
    for (const auto& member : members)
        EXPECT_EQ(broker.unsubscribe(member, kFilter), Unsubscribed::leaf_goes);
    broker.publish("p", {.topic = "t", .payload = "x"});
    join_all({"e"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("e"), ElementsAre("x"));
}

// 2.1 reads several packets of one connection at once, so that nothing comes between them.
TEST_P(EngineDeclared, CollectAllThatABridgeBringsAtOnce) {
    broker.connect("bridge");
    for (const auto* payload : {"0", "1", "2"})
        broker.publish_by_bridge("bridge", {.topic = "t", .payload = payload});
    broker.settle();
    join_all({"a"}, kFilter);
    broker.publish_by_bridge("bridge", {.topic = "t", .payload = "3"});
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("0", "1", "2", "3"));
}

// A PUBREL raises no event. What it has the broker fan out is not what was read before it.
TEST_P(EngineDeclared, CollectWhatIsReadJustBeforeAPubrel) {
    for (const auto qos : std::to_array<std::uint8_t>({1, 2})) {
        broker.connect("p");
        join_all({"other"}, "$share/h/t");
        broker.publish("p", {.topic = "t", .payload = "x", .qos = 2});
        broker.settle();
        broker.publish("p", {.topic = "t", .payload = "y", .qos = qos});
        broker.release("p");
        broker.settle();
        if (qos == 2) broker.release("p");
        broker.settle();
        EXPECT_EQ(broker.take_counts({"other"}), std::vector<std::size_t>{2});
        join_all({"a"}, kFilter);
        broker.settle();
        EXPECT_THAT(broker.take("a"), ElementsAre("x", "y")) << "QoS " << int{qos};
        broker.unsubscribe("a", kFilter);
        broker.settle();
    }
}

// 2.0 does not show what a client has sent and not released.
TEST_P(EngineDeclared, CollectOnceWhatIsSentAgain) {
    broker.connect("p", kPersistent);
    broker.publish("p", {.topic = "t", .payload = "x", .qos = 2});
    broker.publish_again("p");
    broker.drop("p");
    broker.connect("p", kPersistent);
    broker.publish_again("p");
    broker.settle();
    broker.release("p");
    join_all({"a"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ::testing::SizeIs(is_2_1() ? 1 : 3));
}

TEST_P(EngineDeclared, CollectOnceWhatIsSentAgainBeforeTheLastMemberHasGone) {
    join_all({"a"}, kFilter);
    broker.connect("p", kPersistent);
    broker.publish("p", {.topic = "t", .payload = "x", .qos = 2});
    broker.publish_again("p");
    broker.settle();
    broker.unsubscribe("a", kFilter);
    broker.settle();
    EXPECT_EQ(broker.engine->registry().census().queued, is_2_1() ? 1U : 2U);
}

TEST_P(EngineDeclared, CollectWhatIsTheSameAndNew) {
    broker.connect("p", kPersistent);
    broker.connect("another");
    for (const auto* id : {"p", "p", "another"})
        broker.publish(id, {.topic = "t", .payload = "x", .qos = 2});
    broker.publish("p", {.topic = "t", .payload = "y", .qos = 2});
    broker.release("p");
    broker.release("p");
    broker.publish("p", {.topic = "t", .payload = "x", .qos = 2});
    broker.drop("p");
    broker.connect("p", kPersistent);
    broker.settle();
    join_all({"a"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("x", "x", "x", "y", "x"));
}

TEST_P(EngineDeclared, CollectWills) {
    broker.connect("p");
    broker.set_will("p", {.topic = "t", .payload = "will"});
    broker.drop("p");
    broker.settle();
    join_all({"a"}, kFilter);
    broker.settle();
    EXPECT_THAT(broker.take("a"), ElementsAre("will"));
}

TEST_P(EngineDeclared, EndWithTheDeclarationWhereTheyHaveNoMembers) {
    const GroupName another{.share_name = "another", .filter = "t"};
    broker.engine->declare_group(another);
    publish("t", 2);
    EXPECT_EQ(broker.engine->registry().census().queued, 4U);
    EXPECT_EQ(broker.engine->delete_group(kName), Deletion::configured);
    EXPECT_EQ(broker.engine->delete_group(another), Deletion::done);
    EXPECT_EQ(broker.engine->delete_group(another), Deletion::not_declared);
    EXPECT_EQ(broker.engine->registry().census().groups, 1U);
    EXPECT_EQ(broker.engine->registry().census().queued, 2U);
    EXPECT_EQ(broker.engine->registry().statistics.dropped, 2U);
}

TEST_P(EngineDeclared, GoOnAsOthersWithTheirMembers) {
    const GroupName another{.share_name = "another", .filter = "t"};
    broker.engine->declare_group(another);
    join_all({"a"}, "$share/another/t");
    EXPECT_EQ(broker.engine->delete_group(another), Deletion::done);
    publish("t", 1);
    EXPECT_THAT(broker.take("a"), ElementsAre("0"));
    EXPECT_EQ(broker.unsubscribe("a", "$share/another/t"), Unsubscribed::leaf_goes);
    broker.settle();
    EXPECT_EQ(broker.engine->registry().census().groups, 1U);
}

INSTANTIATE_FOR_GENERATIONS(EngineDeclared);

}  // namespace
}  // namespace shared_subscription
