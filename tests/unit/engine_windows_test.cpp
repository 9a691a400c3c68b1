// 2.1: members whose in-flight windows are full, and the group's queue. Messages go by way of the
// queue only where they have to: each costs twice there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

class EngineWindows : public EngineTest {
  protected:
    const std::vector<std::string> workers{"a", "b", "c", "d"};

    /// Each has so many in flight at most, and acknowledges nothing by itself.
    void join_workers(std::size_t window) {
        broker.connect("p");
        connect_workers(window);
        subscribe_all(workers, "$share/g/t");
        broker.turn();
    }
    void connect_workers(std::size_t window) {
        connect_all(workers, {.persistent = true, .receive_maximum = window});
        for (const auto& worker : workers) broker.withhold_acknowledgements(worker);
    }
    void publish_one() {
        broker.publish("p", {.topic = "t", .payload = std::to_string(published++)});
    }
    void publish_many(int count) {
        while (count-- > 0) publish_one();
    }
    [[nodiscard]] std::size_t take_all() {
        std::size_t all = 0;
        for (const auto count : broker.take_counts(workers)) all += count;
        return all;
    }
    [[nodiscard]] std::size_t queued() { return broker.engine->registry().census().queued; }

    int published = 0;
};

TEST_P(EngineWindows, TheOneThatHasRoomGetsTheNextMessage) {
    join_workers(1);
    publish_many(8);  // one in flight and one held back for each
    EXPECT_EQ(take_all(), 4);
    for (int i = 0; i < 20; ++i) {
        const auto& worker = workers[static_cast<std::size_t>(i * 3 % 4)];
        broker.acknowledge(worker);  // what was held back is in flight now
        publish_one();               // and this is held back
        EXPECT_EQ(broker.take_counts({worker}), std::vector<std::size_t>{1});
    }
    for (const auto& worker : workers) broker.acknowledge(worker);
    EXPECT_EQ(take_all(), 4) << "each had one held back";
    EXPECT_EQ(broker.copies, 0);
}

// Members were behind, and messages never stop coming, but no faster than they are handled.
TEST_P(EngineWindows, QueueEndsAlthoughMessagesKeepComing) {
    constexpr int kTurns = 800;
    constexpr int kWaiting = 24;
    std::mt19937 random(1);
    join_workers(3);
    publish_many(kWaiting);
    for (const auto& worker : workers) broker.drop(worker);
    publish_many(kWaiting);
    connect_workers(3);
    int direct = 0;  // turns without a copy
    for (int turn = 0; turn < kTurns; ++turn) {
        const auto before = broker.copies;
        publish_one();
        broker.acknowledge_some(workers[random() % workers.size()], 2);
        broker.turn();
        if (broker.copies == before) ++direct;
    }
    EXPECT_GT(direct, kTurns * 9 / 10);
    EXPECT_EQ(queued(), 0);
    for (int i = 0; i < published; ++i) {
        for (const auto& worker : workers) broker.acknowledge_some(worker, 1);
        broker.turn();
    }
    EXPECT_EQ(take_all(), published);
}

// It is written, as far as the broker shows, but not sent.
TEST_P(EngineWindows, WhatIsTooLargeForOneGoesToAnother) {
    broker.connect("p");
    broker.connect("small", {.largest = 200});
    broker.connect("large");
    subscribe_all({"small", "large"}, "$share/g/t");
    for (int number = 0; number < 10; ++number) {
        broker.publish("p", {.topic = "t", .payload = std::string(300, 'x')});
        broker.settle();
    }
    EXPECT_EQ(broker.take_counts({"small", "large"}), (std::vector<std::size_t>{0, 10}));
    for (int number = 0; number < 10; ++number) {
        broker.publish("p", {.topic = "t", .payload = std::string(150, 'x')});
        broker.settle();
    }
    EXPECT_EQ(broker.take_counts({"small", "large"}), (std::vector<std::size_t>{5, 5}));
    EXPECT_EQ(broker.log_lines.size(), 1U);
}

TEST_P(EngineWindows, WhatIsTooLargeForAllIsDropped) {
    broker.connect("p");
    broker.connect("small", {.largest = 200});
    subscribe_all({"small"}, "$share/g/t");
    broker.publish("p", {.topic = "t", .payload = std::string(300, 'x')});
    broker.settle();
    EXPECT_EQ(queued(), 0U);
    EXPECT_EQ(broker.engine->registry().statistics.dropped, 1U);
    // Perhaps not for its next connection.
    broker.connect("small");
    subscribe_all({"small"}, "$share/g/t");
    broker.publish("p", {.topic = "t", .payload = std::string(300, 'x')});
    broker.settle();
    EXPECT_EQ(broker.take_counts({"small"}), std::vector<std::size_t>{1});
}

// Whether it takes them is not known before it has acknowledged one, which it may never do.
TEST_P(EngineWindows, WhoAcknowledgesNothingGetsLargerMessagesAfterAWhile) {
    broker.connect("p");
    broker.connect("a");
    broker.withhold_acknowledgements("a");
    subscribe_all({"a"}, "$share/g/t");
    for (std::size_t size = 300; size < 305; ++size) {
        broker.publish("p", {.topic = "t", .payload = std::string(size, 'x')});
        for (int second = 0; second < 4; ++second) broker.turn();
        EXPECT_EQ(broker.take_counts({"a"}), std::vector<std::size_t>{1}) << size << " bytes";
    }
}

TEST_P(EngineWindows, OneWithoutALimitIsSeenSoon) {
    constexpr int kMany = 500;
    constexpr int kTurns = 20;
    broker.connect("p");
    join_all({"a"}, "$share/g/t", kPersistent);
    broker.drop("a");
    publish_many(kMany);
    broker.connect("a", kPersistent);
    broker.withhold_acknowledgements("a");
    for (int turn = 0; turn < kTurns; ++turn) broker.turn();
    EXPECT_EQ(broker.take_counts({"a"}), std::vector<std::size_t>{kMany});
}

// It says nothing of what it drops.
TEST_P(EngineWindows, WhatTheBrokerDropsWaitsForTheGroup) {
    broker.connect("p");
    broker.engine->set_queue_limit(1000, false);
    for (const auto* worker : {"a", "b"}) {
        broker.connect(worker, {.persistent = true, .receive_maximum = 2, .queue = 1});
        broker.withhold_acknowledgements(worker);
    }
    subscribe_all({"a", "b"}, "$share/g/t");
    publish_many(20);
    broker.settle();
    std::vector<std::string> got;
    for (int round = 0; round < 40; ++round) {
        for (const auto* worker : {"a", "b"}) {
            for (auto& payload : broker.take(worker)) got.push_back(payload);
            broker.acknowledge_some(worker, 1);
        }
        broker.turn();
    }
    std::vector<std::string> expected;
    for (int number = 0; number < 20; ++number) expected.push_back(std::to_string(number));
    EXPECT_THAT(got, ::testing::UnorderedElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(, EngineWindows,
                         ::testing::ValuesIn(std::vector<GenerationRow>{
                             {{"On21"}, kBroker21}, {{"On21WithRings"}, kBroker21WithRings}}),
                         name_of<GenerationRow>);

}  // namespace
}  // namespace shared_subscription
