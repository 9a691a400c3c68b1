// The strategies that draw lots: for each message, or once.
#include "shared_subscription/strategy.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "electorate.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

using ::testing::Each;

TEST(Random, IsUniform) {
    Electorate group(Strategy::random, 7);
    group.join_all({"a", "b", "c", "d", "e", "f", "g"});
    expect_uniform(group.count(70'000), 7, 70'000);
}

TEST(Random, IsUniformAmongTheReadyHoweverFewTheyAre) {
    Electorate group(Strategy::random, 7);
    for (int number = 0; number < 60; ++number)
        group.join("behind-" + std::to_string(number), kBehind);
    for (const auto place : {"a", "b", "c"}) group.join(place);
    expect_uniform(group.count(30'000), 3, 30'000);
}

TEST(Random, IsUniformAmongThoseEquallyBehindIfNobodyIsReady) {
    Electorate group(Strategy::random, 7);
    for (const auto* name : {"a", "b", "c", "d"}) group.join(name, kBehind);
    group.join("unfit", kUnfit);
    expect_uniform(group.count(40'000), 4, 40'000);
}

TEST(Random, DoesNotRepeatItselfLikeTurns) {
    Electorate group(Strategy::random, 7);
    group.join_all({"a", "b"});
    int repeated = 0;
    auto before = group.serve();
    for (int time = 0; time < 10'000; ++time) {
        const auto now = group.serve();
        repeated += now == before ? 1 : 0;
        before = now;
    }
    EXPECT_NEAR(repeated, 5'000, 250);
}

class OddRandomSource : public ::testing::TestWithParam<NamedStrategy> {};

// Numbers that always hit a member who is behind must not keep a message from the others, nor take
// forever.
TEST_P(OddRandomSource, StillComesToAReadyMember) {
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        Electorate group(GetParam().strategy, [number] { return number; });
        group.join("behind-1", kBehind);
        group.join("behind-2", kBehind);
        group.join("here");
        group.join("behind-3", kBehind);
        EXPECT_EQ(group.serve(), "here");
    }
}

INSTANTIATE_TEST_SUITE_P(, OddRandomSource,
                         ::testing::Values(NamedStrategy{"Random", Strategy::random},
                                           NamedStrategy{"Sticky", Strategy::sticky}),
                         name_of<NamedStrategy>);

TEST(Sticky, StaysWithOneMember) {
    Electorate group(Strategy::sticky, 3);
    group.join_all({"a", "b", "c"});
    const auto favourite = group.serve();
    EXPECT_THAT(group.serve_times(100), Each(favourite));
    group.join("d");
    EXPECT_THAT(group.serve_times(100), Each(favourite));
}

TEST(Sticky, StaysWhenOthersLeave) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Electorate group(Strategy::sticky, seed);
        group.join_all({"a", "b", "c", "d"});
        const auto favourite = group.serve();
        for (const auto* name : {"c", "a", "d", "b"}) {
            if (name != favourite) group.leave(name);
            ASSERT_EQ(group.serve(), favourite) << "seed " << seed;
        }
    }
}

TEST(Sticky, TakesAnotherWhenItsMemberLeavesAndStaysWithThatOne) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Electorate group(Strategy::sticky, seed);
        group.join_all({"a", "b", "c"});
        const auto favourite = group.serve();
        group.leave(favourite);
        const auto next = group.serve();
        ASSERT_NE(next, favourite);
        ASSERT_THAT(group.serve_times(50), Each(next));
    }
}

TEST(Sticky, TakesAnotherMemberWhenItsOwnIsFullAndStaysWithThatOne) {
    Electorate group(Strategy::sticky, 3);
    group.join_all({"a", "b", "c"});
    const auto favourite = group.serve();
    group.set(favourite, kFull);
    const auto next = group.serve();
    EXPECT_NE(next, favourite);
    group.set(favourite, kReady);
    EXPECT_THAT(group.serve_times(50), Each(next));
}

TEST(Sticky, StaysWithAMemberThatIsBehind) {
    Electorate group(Strategy::sticky, 3);
    group.join_all({"a", "b", "c"});
    const auto favourite = group.serve();
    group.set(favourite, kBehind);
    EXPECT_THAT(group.serve_times(50), Each(favourite));
}

TEST(Sticky, StaysWithAMemberThatIsFullIfAllAre) {
    Electorate group(Strategy::sticky, 3);
    group.join_all({"a", "b", "c"});
    const auto favourite = group.serve();
    for (const auto* name : {"a", "b", "c"}) group.set(name, kFull);
    EXPECT_THAT(group.serve_times(50), Each(favourite));
}

TEST(Sticky, ChoosesItsMemberWithTheSameChance) {
    std::map<std::string, int> counts;
    for (std::uint64_t seed = 0; seed < 9'000; ++seed) {
        Electorate group(Strategy::sticky, seed);
        group.join_all({"a", "b", "c"});
        ++counts[group.serve()];
    }
    expect_uniform(counts, 3, 9'000);
}

}  // namespace
}  // namespace shared_subscription
