// 2.1: work goes to whoever is free. A burst for workers of different speed, in turns of the
// broker's loop: each worker acknowledges one message after the other, each when it is done.
#include <gmock/gmock.h>

#include <cstddef>
#include <string>
#include <vector>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

struct Worker {
    std::string name;
    int turns;  // that a message takes
    int spent = 0;
};

struct TeamRow : Row {
    std::vector<int> turns;
    Strategy strategy = Strategy::round_robin;
    int messages = 1000;
};

class Team {
  public:
    static constexpr std::size_t kWindow = 20;

    explicit Team(const std::vector<int>& turns, Strategy strategy = Strategy::round_robin)
        : broker(kBroker21, strategy) {
        broker.turns_in_a_second = 1000;
        broker.engine->set_group_queue_limits({.messages = 0});
        broker.connect("publisher");
        for (const int each : turns) hire(each);
    }
    void hire(int turns) {
        const auto& worker = workers.emplace_back(
            Worker{.name = "worker" + std::to_string(workers.size()), .turns = turns});
        broker.connect(worker.name, {.persistent = true, .receive_maximum = kWindow});
        broker.withhold_acknowledgements(worker.name);
        EXPECT_TRUE(broker.subscribe(worker.name, "$share/g/t"));
    }
    void publish(int messages) {
        for (int number = 0; number < messages; ++number)
            broker.publish("publisher", {.topic = "t", .payload = std::to_string(number)});
    }
    void work(Worker& worker) {
        const auto held = broker.unacknowledged(worker.name).size();
        if (held == 0 || ++worker.spent < worker.turns) return;
        worker.spent = 0;
        done.push_back(broker.unacknowledged(worker.name).front());
        broker.acknowledge(worker.name);
    }
    /// How many turns until so many are done.
    int work_until(std::size_t messages, int most) {
        int turn = 0;
        for (; done.size() < messages && turn < most; ++turn) {
            broker.turn();
            for (auto& worker : workers) work(worker);
        }
        return turn;
    }

    SmallBroker broker;
    std::vector<Worker> workers{};
    std::vector<std::string> done{};
};

class EnginePull : public ::testing::TestWithParam<TeamRow> {};

TEST_P(EnginePull, ABurstTakesHardlyLongerThanTheWorkersNeed) {
    const auto& row = GetParam();
    Team team(row.turns, row.strategy);
    team.publish(row.messages);
    double rate = 0;
    for (const int turns : row.turns) rate += 1.0 / turns;
    const auto ideal = row.messages / rate;
    const int took =
        team.work_until(static_cast<std::size_t>(row.messages), static_cast<int>(10 * ideal));
    EXPECT_LE(took, 1.3 * ideal);
    std::vector<std::string> expected;
    for (int number = 0; number < row.messages; ++number)
        expected.push_back(std::to_string(number));
    EXPECT_THAT(team.done, ::testing::UnorderedElementsAreArray(expected)) << "each once";
}

INSTANTIATE_TEST_SUITE_P(
    , EnginePull,
    ::testing::Values(TeamRow{{"Equal"}, {2, 2}}, TeamRow{{"OneToTen"}, {2, 20}},
                      TeamRow{{"OneToOneToTwenty"}, {2, 2, 40}},
                      TeamRow{{"OneToTenAtRandom"}, {2, 20}, Strategy::random},
                      TeamRow{{"OneToOneToTwentyAtRandom"}, {2, 2, 40}, Strategy::random},
                      TeamRow{{"OneToTenLeastLoaded"}, {2, 20}, Strategy::least_loaded},
                      TeamRow{{"OneToOneToTwentyLeastLoaded"}, {2, 2, 40}, Strategy::least_loaded},
                      TeamRow{{"OneToHundredManyMessages"}, {1, 100}, Strategy::round_robin, 5000}),
    name_of<TeamRow>);

TEST(EnginePullOf, OneThatIsStuckHoldsItsWindowAndAFewMore) {
    Team team({1, 1'000'000});
    team.publish(1000);
    const auto most = Team::kWindow + 4;
    EXPECT_LT(team.work_until(1000 - most, 5000), 5000);
    EXPECT_LE(1000 - team.done.size(), most);
}

TEST(EnginePullOf, OneThatHasLeftItsWorkToTheOthersIsGivenAgainWhatItHasRoomFor) {
    Team team({1, 50});
    team.publish(500);
    EXPECT_LT(team.work_until(500, 5000), 5000);
    team.workers[1].turns = 1;  // as fast as the other from now on
    team.done.clear();
    team.publish(1000);
    EXPECT_LE(team.work_until(1000, 5000), 650);
}

// It acknowledges when its window is full, or never.
TEST(EnginePullOf, OneThatCollectsItsAcknowledgementsGetsAsManyInTheEnd) {
    Team team({1'000'000, 1'000'000});
    team.publish(100);
    team.work_until(1000, 3000);  // three seconds
    for (const auto& worker : team.workers)
        EXPECT_EQ(team.broker.unacknowledged(worker.name).size(), Team::kWindow) << worker.name;
}

TEST(EnginePullOf, TheLeastLoadedGetsTheNext) {
    Team team({1'000'000, 1'000'000, 1'000'000}, Strategy::least_loaded);
    const auto count = [&](std::size_t worker) {
        return team.broker.unacknowledged(team.workers[worker].name).size();
    };
    team.publish(9);
    EXPECT_THAT((std::vector{count(0), count(1), count(2)}), ::testing::Each(3U));
    for (int i = 0; i < 2; ++i) team.broker.acknowledge(team.workers[1].name);
    team.broker.acknowledge(team.workers[2].name);
    team.broker.turn();
    team.publish(1);
    EXPECT_EQ(count(1), 2U);
    team.publish(2);  // both hold two now
    EXPECT_EQ(count(1), 3U);
    EXPECT_EQ(count(2), 3U);
    team.publish(3);
    EXPECT_THAT((std::vector{count(0), count(1), count(2)}), ::testing::Each(4U));
}

}  // namespace
}  // namespace shared_subscription
