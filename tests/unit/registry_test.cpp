// Sessions, subscriptions, groups and members.
#include "core/model/registry.hpp"

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

#include "registry_fixture.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Fitness = Candidate::Fitness;
TEST_F(RegistryTest, IsEmptyAtFirst) {
    EXPECT_EQ(registry.find("client"), nullptr);
    EXPECT_EQ(registry.session_count(), 0U);
    EXPECT_EQ(registry.group_count(), 0U);
    EXPECT_EQ(registry.find_group("g", "t"), nullptr);
    EXPECT_THAT(matches("t"), IsEmpty());
}

TEST_F(RegistryTest, KnowsASessionByItsClient) {
    auto& made = registry.session("client");
    subscribe("client", "t");
    EXPECT_EQ(registry.find("client"), &made);
    EXPECT_EQ(&registry.session("client"), &made);
    EXPECT_EQ(made.id, "client");
    EXPECT_EQ(made.key, stable_hash("client"));
    EXPECT_TRUE(made.connected);
    EXPECT_EQ(registry.find("clien"), nullptr);
    EXPECT_EQ(registry.session_count(), 1U);
}

TEST_F(RegistryTest, MakesAGroupWithItsFirstMember) {
    const auto& subscription = join("a", "g", "t/#");
    EXPECT_EQ(registry.group_count(), 1U);
    const auto* group = registry.find_group("g", "t/#");
    ASSERT_NE(group, nullptr);
    EXPECT_EQ(group->size(), 1U);
    EXPECT_EQ(group->name(), "g");
    EXPECT_EQ(group->filter().text, "t/#");
    EXPECT_FALSE(subscription.non_shared);
    ASSERT_EQ(subscription.members.size(), 1U);
    EXPECT_EQ(subscription.members[0]->group, group);
    EXPECT_EQ(subscription.members[0]->subscription, &subscription);
    EXPECT_EQ(session("a").member_count, 1U);
}

// [MQTT-4.8.2-4]: a shared subscription is identified by share name and filter together.
TEST_F(RegistryTest, TellsGroupsApartByNameAndFilter) {
    join("a", "g", "t");
    join("a", "g", "u");
    join("a", "h", "t");
    EXPECT_EQ(registry.group_count(), 3U);
    EXPECT_NE(registry.find_group("g", "t"), registry.find_group("g", "u"));
    EXPECT_NE(registry.find_group("g", "t"), registry.find_group("h", "t"));
    EXPECT_EQ(registry.find_group("h", "u"), nullptr);
    EXPECT_EQ(session("a").member_count, 3U);
    EXPECT_EQ(session("a").subscriptions.size(), 2U);
}

TEST_F(RegistryTest, GivesTheMemberThatJoined) {
    auto& session = registry.session("a");
    auto& joined = registry.join(session, "g", "t", Standing::present);
    EXPECT_EQ(joined.group, registry.find_group("g", "t"));
    EXPECT_EQ(joined.subscription, registry.find(session, "t"));
    EXPECT_EQ(&registry.join(session, "g", "t", Standing::present), &joined);
    EXPECT_NE(&registry.join(session, "h", "t", Standing::present), &joined);
}

TEST_F(RegistryTest, JoiningAgainIsNoSecondMembership) {
    const auto& first = join("a", "g", "t");
    const auto& second = join("a", "g", "t");
    EXPECT_EQ(&first, &second);
    EXPECT_EQ(first.members.size(), 1U);
    EXPECT_EQ(registry.find_group("g", "t")->size(), 1U);
    EXPECT_EQ(session("a").member_count, 1U);
    EXPECT_EQ(registry.group_count(), 1U);
}

TEST_F(RegistryTest, AllUsesOfOneFilterByOneClientAreOneSubscription) {
    const auto& non_shared = subscribe("a", "t");
    const auto& in_g = join("a", "g", "t");
    const auto& in_h = join("a", "h", "t");
    EXPECT_EQ(&non_shared, &in_g);
    EXPECT_EQ(&non_shared, &in_h);
    EXPECT_TRUE(non_shared.non_shared);
    EXPECT_EQ(Registry::find(non_shared, "g")->group->name(), "g");
    EXPECT_EQ(Registry::find(non_shared, "h")->group->name(), "h");
    EXPECT_EQ(Registry::find(non_shared, "i"), nullptr);
    EXPECT_EQ(registry.session_count(), 1U);
}

TEST_F(RegistryTest, FindsASubscriptionByItsExactFilter) {
    const auto& subscription = subscribe("a", "t/#");
    subscribe("b", "t");
    EXPECT_EQ(registry.find(session("a"), "t/#"), &subscription);
    EXPECT_EQ(registry.find(session("a"), "t"), nullptr);
    EXPECT_EQ(registry.find(session("a"), "t/x"), nullptr);
    EXPECT_EQ(registry.find(session("a"), "u"), nullptr);
    EXPECT_EQ(Registry::find(session("a"), subscription.filter), &subscription);
    EXPECT_EQ(Registry::find(session("b"), subscription.filter), nullptr);
}

TEST_F(RegistryTest, FindsAmongManySubscriptionsOfOneClient) {
    for (int number = 0; number < 200; ++number) subscribe("a", "t/" + std::to_string(number));
    for (int number = 0; number < 200; ++number) {
        const auto* found = registry.find(session("a"), "t/" + std::to_string(number));
        ASSERT_NE(found, nullptr) << number;
        ASSERT_EQ(found->filter.text, "t/" + std::to_string(number));
    }
}

TEST_F(RegistryTest, ForgetsAllWithTheLastMember) {
    join("a", "g", "t");
    registry.leave(member("a", "g", "t"));
    EXPECT_EQ(registry.find("a"), nullptr);
    EXPECT_EQ(registry.session_count(), 0U);
    EXPECT_EQ(registry.group_count(), 0U);
    EXPECT_EQ(registry.find_group("g", "t"), nullptr);
    EXPECT_THAT(matches("t"), IsEmpty());
}

TEST_F(RegistryTest, LeavingKeepsTheOtherUses) {
    subscribe("a", "t");
    join("a", "g", "t");
    join("a", "h", "t");
    registry.leave(member("a", "g", "t"));
    EXPECT_EQ(registry.find_group("g", "t"), nullptr);
    EXPECT_NE(registry.find_group("h", "t"), nullptr);
    EXPECT_EQ(registry.group_count(), 1U);
    EXPECT_EQ(session("a").member_count, 1U);
    registry.leave(member("a", "h", "t"));
    EXPECT_EQ(registry.group_count(), 0U);
    EXPECT_TRUE(registry.find(session("a"), "t")->non_shared);
    registry.unsubscribe_non_shared(*registry.find(session("a"), "t"));
    EXPECT_EQ(registry.find("a"), nullptr);
    EXPECT_THAT(matches("t"), IsEmpty());
}

TEST_F(RegistryTest, UnsubscribingKeepsTheMembership) {
    auto& subscription = subscribe("a", "t");
    join("a", "g", "t");
    registry.unsubscribe_non_shared(subscription);
    EXPECT_FALSE(registry.find(session("a"), "t")->non_shared);
    EXPECT_EQ(elect("g", "t"), "a");
}

TEST_F(RegistryTest, LeavingKeepsTheOtherMembers) {
    join("a", "g", "t");
    join("b", "g", "t");
    registry.leave(member("a", "g", "t"));
    EXPECT_EQ(registry.find("a"), nullptr);
    EXPECT_EQ(registry.group_count(), 1U);
    EXPECT_EQ(elect("g", "t"), "b");
    EXPECT_THAT(matches("t"), ElementsAre("t"));
}

TEST_F(RegistryTest, ErasingASubscriptionEndsAllItsUses) {
    auto& subscription = subscribe("a", "t");
    join("a", "g", "t");
    join("a", "h", "t");
    join("b", "h", "t");
    subscribe("a", "u");
    registry.erase(subscription);
    EXPECT_EQ(registry.find(session("a"), "t"), nullptr);
    EXPECT_NE(registry.find(session("a"), "u"), nullptr);
    EXPECT_EQ(session("a").member_count, 0U);
    EXPECT_EQ(registry.find_group("g", "t"), nullptr);
    EXPECT_EQ(elect("h", "t"), "b");
    EXPECT_EQ(registry.group_count(), 1U);
}

TEST_F(RegistryTest, ErasingASessionEndsAllItsSubscriptions) {
    subscribe("a", "t");
    join("a", "g", "t");
    join("a", "g", "u");
    join("a", "h", "u");
    join("b", "g", "u");
    registry.erase(session("a"));
    EXPECT_EQ(registry.find("a"), nullptr);
    EXPECT_EQ(registry.session_count(), 1U);
    EXPECT_EQ(registry.group_count(), 1U);
    EXPECT_EQ(elect("g", "u"), "b");
    EXPECT_THAT(matches("t"), IsEmpty());
}

TEST_F(RegistryTest, MatchesInTheOrderOfTheBroker) {
    for (const auto* filter : {"#", "+/b", "a/+", "a/#", "a/b", "x"}) subscribe("a", filter);
    EXPECT_THAT(matches("a/b"), ElementsAre("a/b", "a/+", "a/#", "+/b", "#"));
}

TEST_F(RegistryTest, MatchReplacesWhatWasThere) {
    subscribe("a", "t");
    std::vector<Filter*> filters;
    registry.match("t", filters);
    registry.match("t", filters);
    EXPECT_EQ(filters.size(), 1U);
    registry.match("u", filters);
    EXPECT_THAT(filters, IsEmpty());
}

TEST_F(RegistryTest, ChangesItsVersionWheneverMatchesMayChange) {
    std::set<std::uint64_t> versions{registry.version()};
    subscribe("a", "t");
    EXPECT_TRUE(versions.insert(registry.version()).second) << "a new filter";
    join("a", "g", "u");
    EXPECT_TRUE(versions.insert(registry.version()).second) << "a new filter of a group";
    registry.leave(member("a", "g", "u"));
    EXPECT_TRUE(versions.insert(registry.version()).second) << "a filter's last use by a group";
    registry.erase(session("a"));
    EXPECT_TRUE(versions.insert(registry.version()).second) << "a filter's last use";
}

struct Move {
    Standing before;
    Standing again;
    Standing after;
};

TEST_F(RegistryTest, SubscribingAgainMakesPresentButNeverDoubtful) {
    int number = 0;
    for (const auto& [before, again, after] :
         {Move{Standing::present, Standing::unconfirmed, Standing::present},
          Move{Standing::unconfirmed, Standing::present, Standing::present},
          Move{Standing::unconfirmed, Standing::unconfirmed, Standing::unconfirmed}}) {
        const auto client = "client-" + std::to_string(++number);
        join(client, "g", client, before);
        EXPECT_EQ(join(client, "g", client, again).standing, after);
        EXPECT_EQ(registry.find_group("g", client)->filter().unconfirmed,
                  after == Standing::unconfirmed ? 1U : 0U);
        EXPECT_EQ(elect("g", client), after == Standing::unconfirmed ? "" : client);
    }
}

TEST_F(RegistryTest, CountsTheDoubtfulSubscriptionsOfAFilter) {
    auto& a = join("a", "g", "t", Standing::unconfirmed);
    auto& b = subscribe("b", "t");
    join("c", "g", "t", Standing::unconfirmed);
    const auto& filter = a.filter;
    EXPECT_EQ(filter.unconfirmed, 2U);
    registry.set_standing(a, Standing::unconfirmed);
    EXPECT_EQ(filter.unconfirmed, 2U) << "no change";
    registry.set_standing(a, Standing::present);
    EXPECT_EQ(filter.unconfirmed, 1U);
    registry.set_standing(b, Standing::unconfirmed);
    EXPECT_EQ(filter.unconfirmed, 2U);
    registry.erase(session("c"));
    EXPECT_EQ(filter.unconfirmed, 1U) << "a doubtful one is erased";
    registry.leave(member("a", "g", "t"));
    EXPECT_EQ(filter.unconfirmed, 1U) << "a present one is erased";
}

TEST_F(RegistryTest, DoesNotElectTheDoubtful) {
    auto& a = join("a", "g", "t", Standing::unconfirmed);
    EXPECT_EQ(elect("g", "t"), "");
    join("b", "g", "t");
    EXPECT_EQ(elect("g", "t"), "b");
    registry.set_standing(a, Standing::present);
    EXPECT_EQ(elect("g", "t"), "a");
    registry.set_standing(session("a"), Standing::unconfirmed);
    EXPECT_EQ(elect("g", "t"), "b");
}

TEST_F(RegistryTest, SetsTheStandingOfAllSubscriptionsOfASession) {
    join("a", "g", "t");
    join("a", "h", "u");
    subscribe("a", "v");
    join("b", "g", "t");
    registry.set_standing(session("a"), Standing::unconfirmed);
    for (const auto& subscription : session("a").subscriptions) {
        EXPECT_EQ(subscription->standing, Standing::unconfirmed) << subscription->filter.text;
        EXPECT_EQ(subscription->filter.unconfirmed, 1U);
    }
    EXPECT_EQ(registry.find(session("b"), "t")->standing, Standing::present);
}

TEST_F(RegistryTest, ElectsNobodyWhoIsAwayInAllGroupsOfASession) {
    for (const auto* filter : {"t", "u"}) {
        join("a", "g", filter);
        join("b", "g", filter);
    }
    registry.set_connected(session("a"), false);
    EXPECT_EQ(elect("g", "t"), "b");
    EXPECT_EQ(elect("g", "u"), "b");
    registry.set_connected(session("b"), false);
    EXPECT_EQ(elect("g", "t"), "");
    registry.set_connected(session("b"), true);
    EXPECT_EQ(elect("g", "t"), "b");
    registry.set_connected(session("a"), true);
    EXPECT_EQ(elect("g", "u"), "a");
}

TEST_F(RegistryTest, ElectsThoseWithAFullQueueLastInAllGroupsOfASession) {
    for (const auto* filter : {"t", "u"}) {
        join("a", "g", filter);
        join("b", "g", filter);
    }
    registry.set_queue_full(session("a"), true);
    hold("b", 2);
    EXPECT_EQ(registry.fitness(member("a", "g", "t")), Fitness::full);
    EXPECT_EQ(registry.fitness(member("b", "g", "t")), Fitness::window_full);
    EXPECT_EQ(elect("g", "t"), "b");
    EXPECT_EQ(elect("g", "u"), "b");
    registry.set_standing(session("b"), Standing::unconfirmed);
    EXPECT_EQ(elect("g", "t"), "a");
    registry.set_queue_full(session("a"), false);
    EXPECT_EQ(registry.fitness(member("a", "g", "t")), Fitness::ready);
}

TEST_F(RegistryTest, JoinsWithTheFitnessOfItsSession) {
    subscribe("a", "x");
    registry.set_connected(session("a"), false);
    join("a", "g", "t");
    join("b", "g", "t");
    EXPECT_EQ(registry.fitness(member("a", "g", "t")), Fitness::unfit);
    EXPECT_EQ(registry.fitness(member("b", "g", "t")), Fitness::ready);
    EXPECT_EQ(elect("g", "t"), "b");
    registry.set_standing(session("b"), Standing::unconfirmed);
    EXPECT_EQ(registry.fitness(member("b", "g", "t")), Fitness::unfit);
    EXPECT_EQ(elect("g", "t"), "");
}

TEST_F(RegistryTest, ElectsTheLeastBehindIfAllAre) {
    for (const auto* client : {"a", "b", "c"}) join(client, "g", "t");
    hold("a", 3);
    hold("b", 1);
    hold("c", 2);
    EXPECT_EQ(elect("g", "t"), "b");
    hold("b", 4);
    EXPECT_EQ(elect("g", "t"), "c");
    hold("a", 0);
    EXPECT_EQ(elect("g", "t"), "a");
}

TEST_F(RegistryTest, WakesAGroupWithMessagesWhenAMemberIsFitter) {
    join("a", "g", "t");
    auto& group = *registry.find_group("g", "t");
    registry.set_connected(session("a"), false);
    registry.set_connected(session("a"), true);
    EXPECT_TRUE(registry.woken().empty()) << "nothing waits";
    registry.set_connected(session("a"), false);
    group.queue.insert({.id = 1, .message = std::make_shared<const StoredMessage>()});
    group.queue.give_up();
    registry.set_connected(session("a"), true);
    EXPECT_EQ(registry.woken(), std::vector{&group});
    EXPECT_TRUE(group.queue.is_moving());
    registry.erase(session("a"));
    EXPECT_TRUE(registry.woken().empty());
}

TEST(StrategyTable, KnowsTheStrategyOfEachGroup) {
    StrategyTable table(Strategy::sticky);
    EXPECT_TRUE(table.set("g", Strategy::random));
    EXPECT_TRUE(table.set("$queue", Strategy::hash_topic));
    EXPECT_FALSE(table.set("g", Strategy::round_robin));
    EXPECT_EQ(table.of("g"), Strategy::random);
    EXPECT_EQ(table.of("$queue"), Strategy::hash_topic);
    EXPECT_EQ(table.of("h"), Strategy::sticky);
    EXPECT_EQ(StrategyTable().of("h"), Strategy::round_robin);
}

TEST(Registry, GivesEachGroupItsStrategyOnEveryFilter) {
    StrategyTable table(Strategy::sticky);
    ASSERT_TRUE(table.set("g", Strategy::hash_topic));
    Registry registry(table, [] { return std::uint64_t{0}; });
    auto& session = registry.session("a");
    for (const auto* filter : {"t", "u"}) {
        registry.join(session, "g", filter, Standing::present);
        registry.join(session, "h", filter, Standing::present);
        EXPECT_EQ(registry.find_group("g", filter)->strategy(), Strategy::hash_topic);
        EXPECT_EQ(registry.find_group("h", filter)->strategy(), Strategy::sticky);
    }
}

}  // namespace
}  // namespace shared_subscription
