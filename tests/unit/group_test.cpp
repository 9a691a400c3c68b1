// A group keeps its members in the order of joining and its choosers informed.
#include "core/model/group.hpp"

#include <gtest/gtest.h>

#include <list>
#include <string>

#include "allocations.hpp"
#include "core/model/registry.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {
namespace {

using Fitness = Candidate::Fitness;

class GroupTest : public ::testing::Test {
  protected:
    Member& join(const std::string& name, Fitness fitness = Fitness::ready) {
        auto& member = members.emplace_back(Member{.subscription = nullptr, .group = &group});
        group.join(member, {.key = stable_hash(name), .fitness = fitness});
        return member;
    }

    RandomSource random = [] { return std::uint64_t{0}; };
    Filter filter{.text = "t/#", .groups = {}, .subscriptions = {}};
    std::list<Member> members;
    Group group{"g", filter, Strategy::round_robin, random};
};

TEST_F(GroupTest, KnowsWhatItIs) {
    EXPECT_EQ(group.name(), "g");
    EXPECT_EQ(&group.filter(), &filter);
    EXPECT_EQ(group.strategy(), Strategy::round_robin);
    EXPECT_EQ(group.size(), 0U);
    EXPECT_EQ(group.choose({}), nullptr);
}

TEST_F(GroupTest, GivesPlacesInTheOrderOfJoining) {
    const auto& a = join("a");
    const auto& b = join("b");
    const auto& c = join("c");
    EXPECT_EQ(a.place, 0U);
    EXPECT_EQ(b.place, 1U);
    EXPECT_EQ(c.place, 2U);
    EXPECT_EQ(group.size(), 3U);
}

TEST_F(GroupTest, IsJoinedAtTheSameCostHoweverManyThereAre) {
    for (int i = 0; i < 10'000; ++i) members.push_back({.subscription = nullptr, .group = &group});
    const auto before = allocation_count();
    for (auto& member : members) group.join(member, {});
    EXPECT_LT(allocation_count() - before, 200U);
}

TEST_F(GroupTest, MovesThoseBehindALeaverUp) {
    const auto& a = join("a");
    auto& b = join("b");
    const auto& c = join("c");
    const auto& d = join("d");
    group.leave(b);
    EXPECT_EQ(group.size(), 3U);
    EXPECT_EQ(a.place, 0U);
    EXPECT_EQ(c.place, 1U);
    EXPECT_EQ(d.place, 2U);
}

TEST_F(GroupTest, ServesInTurnsAcrossALeave) {
    auto& a = join("a");
    auto& b = join("b");
    auto& c = join("c");
    ASSERT_EQ(group.choose({}), &a);
    group.served(a);
    group.leave(a);
    EXPECT_EQ(group.choose({}), &b);
    group.served(b);
    EXPECT_EQ(group.choose({}), &c);
    group.served(c);
    EXPECT_EQ(group.choose({}), &b);
}

TEST_F(GroupTest, TakesTheTurnOnlyWhenServed) {
    const auto& a = join("a");
    join("b");
    EXPECT_EQ(group.choose({}), &a);
    EXPECT_EQ(group.choose({}), &a);
}

TEST_F(GroupTest, FollowsTheFitnessOfTheRightMemberAfterALeave) {
    auto& a = join("a");
    auto& b = join("b");
    auto& c = join("c");
    group.leave(a);
    group.set_fitness(b, Fitness::unfit);
    EXPECT_EQ(group.choose({}), &c);
    group.set_fitness(c, Fitness::window_full);
    EXPECT_EQ(group.choose({}), &c);
    group.set_fitness(b, Fitness::ready);
    EXPECT_EQ(group.choose({}), &b);
}

TEST_F(GroupTest, JoinsWithTheFitnessThatIsKnown) {
    join("a", Fitness::unfit);
    const auto& b = join("b", Fitness::window_full);
    EXPECT_EQ(group.choose({}), &b);
    const auto& c = join("c", Fitness::ready);
    EXPECT_EQ(group.choose({}), &c);
}

TEST_F(GroupTest, ElectsNobodyWhoHasLeft) {
    auto& a = join("a");
    auto& b = join("b");
    group.election = {.fan_out = 1, .elected = &a};
    group.leave(b);
    EXPECT_EQ(group.election.elected, &a);
    group.leave(a);
    EXPECT_EQ(group.election.elected, nullptr);
    EXPECT_EQ(group.choose({}), nullptr);
}

TEST_F(GroupTest, ChoosesByTheKeysOfItsMembers) {
    Group hashing("h", filter, Strategy::hash_topic, random);
    std::list<Member> joined;
    for (const auto* name : {"alpha", "beta", "gamma", "delta"}) {
        auto& member = joined.emplace_back(Member{.subscription = nullptr, .group = &hashing});
        hashing.join(member, {.key = stable_hash(name), .fitness = Fitness::ready});
    }
    // From the table in rendezvous_test.cpp.
    EXPECT_EQ(hashing.choose({.topic = stable_hash("topic/0")})->place, 1U);
    EXPECT_EQ(hashing.choose({.topic = stable_hash("topic/1")})->place, 3U);
    EXPECT_EQ(hashing.choose({.topic = stable_hash("topic/2")})->place, 2U);
    EXPECT_EQ(hashing.choose({.topic = stable_hash("topic/7")})->place, 0U);
}

}  // namespace
}  // namespace shared_subscription
