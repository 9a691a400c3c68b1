// What all strategies have in common, and their names.
#include "shared_subscription/strategy.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "electorate.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

const auto kAllStrategies = ::testing::Values(
    NamedStrategy{"RoundRobin", Strategy::round_robin}, NamedStrategy{"Random", Strategy::random},
    NamedStrategy{"LeastLoaded", Strategy::least_loaded}, NamedStrategy{"Sticky", Strategy::sticky},
    NamedStrategy{"HashClientid", Strategy::hash_clientid},
    NamedStrategy{"HashTopic", Strategy::hash_topic});

class EveryStrategy : public ::testing::TestWithParam<NamedStrategy> {
  protected:
    Electorate electorate{GetParam().strategy};
};

TEST_P(EveryStrategy, ChoosesNobodyAmongNobody) {
    EXPECT_EQ(electorate.serve(), "");
}

TEST_P(EveryStrategy, ChoosesTheOnlyMemberAlways) {
    for (const auto fitness : {kReady, kBehind}) {
        Electorate group(GetParam().strategy);
        group.join("only", fitness);
        for (int number = 0; number < 50; ++number)
            ASSERT_EQ(group.serve(ballot_of(number)), "only");
        EXPECT_EQ(group.serve({.publisher = 0, .topic = 0}), "only");
        // The hash of the key is that of the member itself.
        EXPECT_EQ(group.serve({.publisher = stable_hash("only"), .topic = stable_hash("only")}),
                  "only");
    }
}

TEST_P(EveryStrategy, ChoosesNobodyWhereAllAreUnfit) {
    electorate.join("a", kUnfit);
    EXPECT_EQ(electorate.serve(), "");
    electorate.join("b", kUnfit);
    electorate.join("c", kUnfit);
    EXPECT_EQ(electorate.serve(), "");
}

TEST_P(EveryStrategy, PrefersReadyMembersToFullOnesInAnyPlace) {
    for (std::size_t ready = 0; ready < 5; ++ready) {
        Electorate group(GetParam().strategy, ready);
        for (std::size_t place = 0; place < 5; ++place) {
            const bool is_it = place == ready;
            group.join(is_it ? "ready" : "full-" + std::to_string(place), is_it ? kReady : kFull);
        }
        for (int number = 0; number < 50; ++number)
            ASSERT_EQ(group.serve(ballot_of(number)), "ready");
    }
}

TEST_P(EveryStrategy, ChoosesAmongThoseBehindIfNobodyIsReady) {
    for (const auto* name : {"a", "b"}) electorate.join(name, kBehind);
    electorate.join("unfit", kUnfit);
    for (int number = 0; number < 50; ++number) {
        ASSERT_THAT(electorate.serve(ballot_of(number)), ::testing::AnyOf("a", "b"));
    }
}

TEST_P(EveryStrategy, ChoosesTheFittestInAnyOrder) {
    const bool spreads = spreads_load(GetParam().strategy);
    std::vector<std::pair<std::string, Fitness>> members{{"ready", kReady},
                                                         {"behind", spreads ? kBehind : kFull},
                                                         {"full", kFull},
                                                         {"unfit", kUnfit}};
    std::ranges::sort(members);
    do {
        Electorate group(GetParam().strategy);
        for (const auto& [name, fitness] : members) group.join(name, fitness);
        for (const auto* expected : {"ready", "behind"}) {
            if (!spreads && std::string_view(expected) == "behind") group.set("behind", kBehind);
            for (int number = 0; number < 10; ++number)
                ASSERT_EQ(group.serve(ballot_of(number)), expected);
            group.set(expected, kUnfit);
        }
        ASSERT_EQ(group.serve(), "full");
        group.set("full", kUnfit);
        ASSERT_EQ(group.serve(), "");
    } while (std::ranges::next_permutation(members).found);
}

TEST_P(EveryStrategy, NeverChoosesTheUnfit) {
    electorate.join("unfit-1", kUnfit);
    electorate.join("a");
    electorate.join("unfit-2", kUnfit);
    electorate.join("b");
    electorate.join("unfit-3", kUnfit);
    for (int number = 0; number < 200; ++number) {
        ASSERT_THAT(electorate.serve(ballot_of(number)), ::testing::AnyOf("a", "b"));
    }
}

// Asked again for one message with the elected member excluded, it comes to another one, in the end
// to nobody.
TEST_P(EveryStrategy, ComesToEachMemberWhenTheChosenOnesAreExcluded) {
    const std::vector<std::string> names{"a", "b", "c", "d"};
    electorate.join_all(names);
    std::vector<std::string> chosen;
    for (auto name = electorate.choose(); !name.empty(); name = electorate.choose()) {
        chosen.push_back(name);
        electorate.set(name, kUnfit);
    }
    EXPECT_THAT(chosen, ::testing::UnorderedElementsAreArray(names));
}

TEST_P(EveryStrategy, GoesOnAfterAnyoneLeaves) {
    for (const auto* leaver : {"a", "b", "c"}) {
        for (int before = 0; before < 4; ++before) {
            Electorate group(GetParam().strategy);
            group.join_all({"a", "b", "c"});
            for (int number = 0; number < before; ++number) group.serve(ballot_of(number));
            group.leave(leaver);
            for (int number = 0; number < 20; ++number) {
                ASSERT_THAT(group.serve(ballot_of(number)),
                            ::testing::AllOf(::testing::Ne(""), ::testing::Ne(leaver)));
            }
        }
    }
}

TEST_P(EveryStrategy, StartsAgainAfterTheLastHasLeft) {
    electorate.join_all({"a", "b"});
    electorate.serve();
    electorate.leave("b");
    electorate.leave("a");
    EXPECT_EQ(electorate.serve(), "");
    electorate.join("c");
    EXPECT_EQ(electorate.serve(), "c");
}

INSTANTIATE_TEST_SUITE_P(, EveryStrategy, kAllStrategies, name_of<NamedStrategy>);

struct NameRow : Row {
    std::string_view text;
    std::optional<Strategy> expected;
};
class StrategyNames : public ::testing::TestWithParam<NameRow> {};

TEST_P(StrategyNames, AreKnownExactly) {
    EXPECT_EQ(parse_strategy(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , StrategyNames,
    ::testing::Values(
        NameRow{"RoundRobin", "round_robin", Strategy::round_robin},
        NameRow{"Random", "random", Strategy::random},
        NameRow{"LeastLoaded", "least_loaded", Strategy::least_loaded},
        NameRow{"Sticky", "sticky", Strategy::sticky},
        NameRow{"HashClientid", "hash_clientid", Strategy::hash_clientid},
        NameRow{"HashTopic", "hash_topic", Strategy::hash_topic},
        NameRow{"RoundRobinPerGroupOfEmqx", "round_robin_per_group", Strategy::round_robin},
        NameRow{"LocalOfEmqx", "local", Strategy::random}, NameRow{"Nothing", "", std::nullopt},
        NameRow{"OtherCase", "Random", std::nullopt}, NameRow{"Space", "random ", std::nullopt},
        NameRow{"Beginning", "round", std::nullopt}, NameRow{"OldHash", "hash", std::nullopt}),
    name_of<NameRow>);

}  // namespace
}  // namespace shared_subscription
