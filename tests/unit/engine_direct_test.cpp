// Members that the plugin alone serves, on 2.0. What holds for all members is tested with them, too
// (kGenerations).
#include "engine_test.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EngineDirect : public EngineFixture {
  protected:
    EngineDirect() : EngineFixture(kBroker20Direct) {}

    [[nodiscard]] std::string leaf_of(const std::string& id, const std::string& filter) {
        return broker.engine->leaf_filter({.context = nullptr, .id = id},
                                          parse_subscription(filter));
    }

    static constexpr int kGroups = 100;
    static constexpr int kQuestionsInATurn = 1000;

    /// Of groups of so many members who are all away: how many calls the first turn has.
    int calls_in_a_turn(int members) {
        std::vector<std::string> ids;
        for (int number = 0; number < members; ++number)
            ids.push_back("c" + std::to_string(number));
        connect_all(ids, kPersistent);
        for (int group = 0; group < kGroups; ++group)
            subscribe_all(ids, "$share/g" + std::to_string(group) + "/t");
        for (const auto& id : ids) broker.drop(id);
        broker.turns_in_a_second = 1000;
        broker.turn();
        return broker.roll_calls;
    }
};

TEST_F(EngineDirect, HaveALeafThatMatchesNothing) {
    join_all({"a", "b"}, "$share/g/t/+");
    EXPECT_EQ(leaf_of("a", "$share/g/t/+"), "t/+");
    EXPECT_EQ(leaf_of("b", "$share/g/t/+"), "$SHARE/g/t/+");
    subscribe_all({"a", "b"}, "$queue/t");
    EXPECT_EQ(leaf_of("b", "$queue/t"), "$QUEUE/t");
}

TEST_F(EngineDirect, StayWhatTheyAre) {
    join_all({"a", "b", "c"}, "$share/g/t");
    broker.unsubscribe("a", "$share/g/t");
    broker.unsubscribe("c", "$share/g/t");
    subscribe_all({"b"}, "$share/g/t");
    EXPECT_EQ(leaf_of("b", "$share/g/t"), "$SHARE/g/t");
    subscribe_all({"a"}, "$share/g/t");
    EXPECT_EQ(leaf_of("a", "$share/g/t"), "$SHARE/g/t");
    publish("t", 4);
    EXPECT_THAT(broker.take_counts({"a", "b", "c"}), ElementsAre(2, 2, 0));
}

TEST_F(EngineDirect, AreNoneOnTopicsOfTheBroker) {
    join_all({"a", "b"}, "$share/g/$SYS/#");
    EXPECT_EQ(leaf_of("b", "$share/g/$SYS/#"), "$SYS/#");
}

TEST_F(EngineDirect, GetNothingByTheirLeaves) {
    join_all({"a", "b"}, "$share/g/t");
    broker.publish_by_plugin({.topic = "$SHARE/g/t", .payload = "x"});
    broker.settle();
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 0));
    EXPECT_FALSE(broker.publish("a", {.topic = "$SHARE/g/t", .payload = "x"}));
}

TEST_F(EngineDirect, GetNothingWhereNobodyCanBeAskedAndHaveLeavesFromThenOn) {
    join_all({"a", "b"}, "$share/g/t", kPersistent);
    broker.drop("a");
    broker.exports_acl_check = false;
    broker.set_others([](const auto&, const auto&) { return true; });
    publish("t", 2);
    EXPECT_THAT(broker.take("b"), IsEmpty());
    subscribe_all({"b"}, "$share/g/t");
    EXPECT_EQ(leaf_of("b", "$share/g/t"), "t");
    EXPECT_EQ(broker.engine->registry().member_count(), 2U);
    publish("t", 2);
    EXPECT_THAT(broker.take("b"), Contains("0").Times(2));
}

// The broker asks about nobody then, and about somebody else later.
TEST_F(EngineDirect, GetWhatIsReleasedWhenTheOthersHaveGone) {
    join_all({"a", "b"}, "$share/g/t");
    broker.connect("p");
    for (const auto* payload : {"1", "2", "3"})
        broker.publish("p", {.topic = "t", .payload = payload, .qos = 2});
    broker.release("p");
    broker.drop("a");
    broker.settle();
    broker.release("p");
    join_all({"c"}, "t");
    broker.release("p");
    broker.settle();
    EXPECT_THAT(broker.take("b"), ElementsAre("2", "3"));
    EXPECT_THAT(broker.take("a"), ElementsAre("1"));
}

// It was believed to be there: whoever is asked about cannot be gone.
TEST_F(EngineDirect, AreAskedForTheOthersWhenTheBrokerIsSilent) {
    join_all({"a", "b"}, "$share/g/t");
    broker.lose_leaves("a");
    publish("t", 1);
    EXPECT_THAT(broker.log_lines, Contains(HasSubstr("client 'a' of group 'g' on 't' is passed")));
    broker.take("b");
    publish("t", 3);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 3));
}

// Direct members by their leaves, and those who have another.
TEST_F(EngineDirect, AreCalledInTurns) {
    constexpr int kMembers = 30;
    const auto calls = calls_in_a_turn(kMembers);
    EXPECT_GT(calls, kQuestionsInATurn / kMembers / 2);
    EXPECT_LT(calls, 3 * kQuestionsInATurn / kMembers);
    for (int turn = 0; turn < 10; ++turn) broker.turn();
    EXPECT_EQ(broker.roll_calls, 2 * kGroups);
}

// Each message of that turn is compared with all calls.
TEST_F(EngineDirect, AreCalledInMoreTurnsWhereGroupsAreSmall) {
    EXPECT_LE(calls_in_a_turn(2), kQuestionsInATurn / 10 + 1);
    for (int turn = 0; turn < 10; ++turn) broker.turn();
    EXPECT_EQ(broker.roll_calls, 2 * kGroups);
}

}  // namespace
}  // namespace shared_subscription
