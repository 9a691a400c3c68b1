// The strategies that hash: which keys change hands, and which never do.
#include "shared_subscription/strategy.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "electorate.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

/// Both strategies that hash, and how a key comes to them.
struct HashRow : Row {
    Strategy strategy;
    Ballot (*ballot)(std::uint64_t key);
};

class Rendezvous : public ::testing::TestWithParam<HashRow> {
  protected:
    static constexpr int kKeys = 10'000;

    [[nodiscard]] static Ballot ballot(int number) {
        return GetParam().ballot(stable_hash("key/" + std::to_string(number)));
    }
    /// Who gets each of the keys.
    [[nodiscard]] static std::vector<std::string> assignment(Electorate& group) {
        std::vector<std::string> owners;
        owners.reserve(kKeys);
        for (int number = 0; number < kKeys; ++number)
            owners.push_back(group.serve(ballot(number)));
        return owners;
    }
    [[nodiscard]] static std::map<std::string, int> count(const std::vector<std::string>& owners) {
        std::map<std::string, int> counts;
        for (const auto& owner : owners) ++counts[owner];
        return counts;
    }

    Electorate group{GetParam().strategy};
};

TEST_P(Rendezvous, GivesAKeyToTheSameMemberAlways) {
    group.join_all({"a", "b", "c", "d"});
    EXPECT_EQ(assignment(group), assignment(group));
}

TEST_P(Rendezvous, DoesNotDependOnTheOrderOfJoining) {
    group.join_all({"a", "b", "c", "d"});
    Electorate other(GetParam().strategy);
    other.join_all({"c", "a", "d", "b"});
    EXPECT_EQ(assignment(group), assignment(other));
}

TEST_P(Rendezvous, IsBalanced) {
    group.join_all({"worker-1", "worker-2", "worker-3", "worker-4", "worker-5"});
    expect_uniform(count(assignment(group)), 5, kKeys);
}

TEST_P(Rendezvous, MovesOnlyKeysOfTheJoiner) {
    group.join_all({"a", "b", "c", "d"});
    const auto before = assignment(group);
    group.join("e");
    const auto after = assignment(group);
    int moved = 0;
    for (std::size_t key = 0; key < before.size(); ++key) {
        if (after[key] == before[key]) continue;
        ++moved;
        ASSERT_EQ(after[key], "e");
    }
    EXPECT_NEAR(moved, kKeys / 5.0, 200);  // five standard deviations
}

TEST_P(Rendezvous, MovesOnlyKeysOfTheLeaver) {
    group.join_all({"a", "b", "c", "d"});
    const auto before = assignment(group);
    group.leave("b");
    const auto after = assignment(group);
    std::map<std::string, int> heirs;
    for (std::size_t key = 0; key < before.size(); ++key) {
        if (before[key] == "b") {
            ++heirs[after[key]];
        } else {
            ASSERT_EQ(after[key], before[key]);
        }
    }
    expect_uniform(heirs, 3, count(before)["b"]);
}

TEST_P(Rendezvous, MovesOnlyKeysOfTheOneThatIsFullAndBack) {
    group.join_all({"a", "b", "c", "d"});
    const auto before = assignment(group);
    group.set("c", kFull);
    const auto meanwhile = assignment(group);
    for (std::size_t key = 0; key < before.size(); ++key) {
        if (before[key] == "c") {
            ASSERT_NE(meanwhile[key], "c");
        } else {
            ASSERT_EQ(meanwhile[key], before[key]);
        }
    }
    group.set("c", kReady);
    EXPECT_EQ(assignment(group), before);
}

TEST_P(Rendezvous, KeepsItsKeysWhateverIsBehind) {
    group.join_all({"a", "b", "c"});
    const auto before = assignment(group);
    for (const auto* name : {"a", "b", "c"}) {
        group.set(name, kBehind);
        EXPECT_EQ(assignment(group), before);
    }
}

// If this fails, a new release would hand keys to other members than the old one: that is not for a
// fix to do.
TEST_P(Rendezvous, ChoosesTheSameInEveryRelease) {
    group.join_all({"alpha", "beta", "gamma", "delta"});
    constexpr std::array kExpected{1, 3, 2, 2, 1, 1, 3, 0, 0, 1, 1, 3, 0, 2, 1, 1, 2, 0, 0, 1};
    for (std::size_t number = 0; number < kExpected.size(); ++number) {
        const auto key = stable_hash("topic/" + std::to_string(number));
        EXPECT_EQ(group.serve(GetParam().ballot(key)),
                  group.names()[static_cast<std::size_t>(kExpected[number])])
            << number;
    }
}

INSTANTIATE_TEST_SUITE_P(
    , Rendezvous,
    ::testing::Values(HashRow{"HashClientid", Strategy::hash_clientid,
                              [](std::uint64_t key) {
                                  return Ballot{.publisher = key, .topic = stable_hash("same")};
                              }},
                      HashRow{"HashTopic", Strategy::hash_topic,
                              [](std::uint64_t key) {
                                  return Ballot{.publisher = stable_hash("same"), .topic = key};
                              }}),
    name_of<HashRow>);

// A client that shares the work that it hands out.
TEST(HashClientid, TreatsAPublisherThatIsAMemberLikeAnyOther) {
    std::map<std::string, int> owners{{"itself", 0}, {"other", 0}};
    constexpr int kClients = 1000;
    for (int number = 0; number < kClients; ++number) {
        Electorate group(Strategy::hash_clientid);
        const auto publisher = "client/" + std::to_string(number);
        group.join_all({publisher, "worker"});
        const auto owner = group.serve({.publisher = stable_hash(publisher), .topic = 0});
        ++owners[owner == publisher ? "itself" : "other"];
    }
    expect_uniform(owners, 2, kClients);
}

TEST(HashClientid, DoesNotLookAtTheTopic) {
    Electorate group(Strategy::hash_clientid);
    group.join_all({"a", "b", "c", "d", "e"});
    const auto publisher = stable_hash("publisher");
    const auto owner = group.serve({.publisher = publisher, .topic = 0});
    for (int number = 0; number < 100; ++number) {
        ASSERT_EQ(group.serve({.publisher = publisher, .topic = ballot_of(number).topic}), owner);
    }
}

TEST(HashTopic, DoesNotLookAtThePublisher) {
    Electorate group(Strategy::hash_topic);
    group.join_all({"a", "b", "c", "d", "e"});
    const auto topic = stable_hash("topic");
    const auto owner = group.serve({.publisher = 0, .topic = topic});
    for (int number = 0; number < 100; ++number) {
        ASSERT_EQ(group.serve({.publisher = ballot_of(number).publisher, .topic = topic}), owner);
    }
}

}  // namespace
}  // namespace shared_subscription
