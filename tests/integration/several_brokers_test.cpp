// Publishers on two hubs, workers on two leaves: docs/several-brokers.md says what holds.

#include "several_brokers.hpp"

#include <algorithm>
#include <set>

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

// Those up to `last`, but these.
std::vector<std::string> numbers_without(int last, const std::vector<std::string>& without) {
    auto result = numbers(1, last);
    for (const auto& number : without) std::erase(result, number);
    return result;
}

class SeveralBrokers : public SeveralBrokersTest {};

class SeveralBrokersOfEachQos : public SeveralBrokersTest,
                                public ::testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(, SeveralBrokersOfEachQos, ::testing::Values(1, 2),
                         [](const auto& row) { return "Qos" + std::to_string(row.param); });

TEST_P(SeveralBrokersOfEachQos, HandEachMessageToOneWorker) {
    start_hubs();
    for (const auto* name : {"leaf-a", "leaf-b"}) start_leaf(name, 2, {.qos = GetParam()});
    publish(connect_publisher(*hubs[0]), 1, 40, GetParam());
    publish(connect_publisher(*hubs[1]), 41, 80, GetParam());
    EXPECT_THAT(wait_for_all(80), UnorderedElementsAreArray(numbers(1, 80)));
    for (const auto& leaf : leaves) EXPECT_THAT(counts(leaf.workers), Each(Ge(1U))) << leaf.name;
}

// All at once, from both sides. 2.0.11 sends more messages of QoS 2 over a bridge than the other
// side takes, and loses those (PUBREC with 0x97, which MQTT 3.1.1 does not have), unless it takes
// any.
TEST_P(SeveralBrokersOfEachQos, HandEachMessageOfABurstToOneWorker) {
    start_hubs();
    for (const auto* name : {"leaf-a", "leaf-b"})
        start_leaf(name, 2, {.qos = GetParam(), .first = {"max_inflight_messages 0"}});
    for (Broker* hub : hubs) {
        auto burst = numbered("orders/a", 200, GetParam());
        for (auto& message : burst) message.payload = std::to_string(hub->port()) + message.payload;
        connect_publisher(*hub).publish(burst);
    }
    const auto all = wait_for_all(400);
    EXPECT_THAT(all, SizeIs(400));
    EXPECT_THAT(std::set<std::string>(all.begin(), all.end()), SizeIs(400));
}

TEST_F(SeveralBrokers, ShareByLeavesAndNotByWorkers) {
    start_hubs();
    start_leaf("leaf-a", 1);
    start_leaf("leaf-b", 3);
    publish(connect_publisher(*hubs[0]), 1, 24);
    wait_for_all(24);
    EXPECT_THAT(counts(leaves[0].workers), ElementsAre(12));
    EXPECT_THAT(counts(leaves[1].workers), ElementsAre(4, 4, 4));
}

TEST_F(SeveralBrokers, GiveALeafAShareForEachOfItsConnections) {
    start_hubs();
    start_leaf("leaf-a", 1);
    start_leaf("leaf-b", 1, {.connections = 3});
    publish(connect_publisher(*hubs[0]), 1, 24);
    EXPECT_THAT(wait_for_all(24), UnorderedElementsAreArray(numbers(1, 24)));
    EXPECT_THAT(counts(leaves[0].workers), ElementsAre(6));
    EXPECT_THAT(counts(leaves[1].workers), ElementsAre(18));
}

// Whichever hub a message comes from.
TEST_F(SeveralBrokers, KeepATopicAtOneWorkerByHashing) {
    const std::vector<std::string> by_topic = {"plugin_opt_strategy hash_topic"};
    start_hubs(by_topic);
    for (const auto* name : {"leaf-a", "leaf-b"}) start_leaf(name, 2, {.more = by_topic});
    constexpr int topics = 20;
    for (Broker* hub : hubs) {
        Client& publisher = connect_publisher(*hub);
        for (const auto& number : numbers(1, topics))
            publisher.publish("orders/" + number, number, 1);
    }
    wait_for_all(2 * topics);
    for (const auto& leaf : leaves) {
        EXPECT_THAT(all_payloads(leaf.workers), ::testing::Not(::testing::IsEmpty()));
        for (const Client* worker : leaf.workers) {
            for (const auto& payload : worker->payloads())
                EXPECT_THAT(worker->payloads(), ::testing::Contains(payload).Times(2));
        }
    }
}

// Its connection stands: 2.0 does not show that it takes nothing.
TEST_F(SeveralBrokers, GiveALeafThatHangsNoMoreThanItsWindow) {
    if (broker_is_20()) GTEST_SKIP() << "it gets its share";
    start_hubs();
    start_leaf("leaf-a", 1);
    Leaf& hanging = start_leaf("leaf-b", 1);
    freeze(hanging);
    publish(connect_publisher(*hubs[0]), 1, 100);
    constexpr std::size_t window = 20;    // max_inflight_messages
    constexpr std::size_t held_back = 4;  // plugin_opt_max_held_back
    loop.run_until("what the other leaf gets",
                   [&] { return received().size() >= 100 - window - held_back; });
    thaw(hanging);
    EXPECT_THAT(wait_for_all(100), UnorderedElementsAreArray(numbers(1, 100)));
    EXPECT_THAT(counts(hanging.workers), Each(::testing::Le(window + held_back)));
}

// What every worker of one kind shares with the others of that kind is a matter of the leaf.
TEST_F(SeveralBrokers, ServeSeveralGroupsOfALeafByOneOfItsBridges) {
    start_hubs();
    start_leaf("leaf-a", 1, {.topics = {"$share/leaves/orders/#"}});
    start_leaf("leaf-b", 1, {.topics = {"$share/leaves/orders/#"}});
    for (auto& leaf : leaves) add_worker(leaf, "$share/audit/orders/#");
    publish(connect_publisher(*hubs[0]), 1, 12);
    wait_for_all(24);
    for (const auto& leaf : leaves) EXPECT_THAT(counts(leaf.workers), ElementsAre(6, 6));
}

TEST_F(SeveralBrokers, DoubleEverythingWithTwoGroupsOverOneBridge) {
    start_hubs();
    Leaf& leaf =
        start_leaf("leaf-a", 1, {.topics = {"$share/billing/orders/#", "$share/audit/orders/#"}});
    add_worker(leaf, "$share/audit/orders/#");
    publish(connect_publisher(*hubs[0]), 1, 6);
    wait_for_all(24);
    EXPECT_THAT(counts(leaf.workers), ElementsAre(12, 12));
}

// A hub cannot know whether anybody works behind a leaf.
TEST_P(SeveralBrokersOfEachQos, LoseWhatALeafWithoutWorkersGets) {
    start_hubs();
    start_leaf("leaf-a", 1, {.qos = GetParam()});
    Leaf& idle = start_leaf("leaf-b", 0, {.qos = GetParam(), .declared = false});
    publish(connect_publisher(*hubs[0]), 1, 20, GetParam());
    wait_for_all(10);
    add_worker(idle);
    EXPECT_THAT(wait_for_all(10), SizeIs(10));
}

TEST_P(SeveralBrokersOfEachQos, KeepWhatALeafWithoutWorkersGetsForADeclaredGroup) {
    start_hubs();
    start_leaf("leaf-a", 1, {.qos = GetParam()});
    Leaf& idle = start_leaf("leaf-b", 0, {.qos = GetParam()});
    publish(connect_publisher(*hubs[0]), 1, 10, GetParam());
    publish(connect_publisher(*hubs[1]), 11, 20, GetParam());
    EXPECT_THAT(wait_for_all(10), SizeIs(10));
    add_worker(idle);
    EXPECT_THAT(wait_for_all(20), UnorderedElementsAreArray(numbers(1, 20)));
}

struct Death {
    std::string name;
    bool clean;
    int qos;
};

class SeveralBrokersWhoseLeafIsKilled : public SeveralBrokersTest,
                                        public ::testing::WithParamInterface<Death> {
  protected:
    // What was sent to the leaf and not acknowledged goes to the other one.
    static bool goes_to_others() {
        return !broker_is_20() && GetParam().clean && GetParam().qos == 1;
    }
};

INSTANTIATE_TEST_SUITE_P(, SeveralBrokersWhoseLeafIsKilled,
                         ::testing::Values(Death{"CleanQos1", true, 1}, Death{"CleanQos2", true, 2},
                                           Death{"KeptQos1", false, 1},
                                           Death{"KeptQos2", false, 2}),
                         [](const auto& row) { return row.param.name; });

// Of 20 messages, 5 are on their way to the leaf when it dies.
TEST_P(SeveralBrokersWhoseLeafIsKilled, GoOnWithTheOther) {
    start_hubs();
    const LeafOptions options{.clean = GetParam().clean, .qos = GetParam().qos};
    start_leaf("leaf-a", 1, options);
    Leaf& dying = start_leaf("leaf-b", 1, options);
    Client& publisher = connect_publisher(*hubs[0]);
    freeze(dying);
    publish(publisher, 1, 10, GetParam().qos);
    loop.run_until("the messages of the other leaf", [&] { return received().size() == 5; });
    std::vector<std::string> in_flight = numbers_without(10, received());
    kill(dying);
    publish(publisher, 11, 20, GetParam().qos);

    const auto expected = goes_to_others() ? numbers(1, 20) : numbers_without(20, in_flight);
    EXPECT_THAT(wait_for_all(expected.size()), UnorderedElementsAreArray(expected));

    // Its hub's session has kept them, if that was to be kept.
    start_again(dying);
    const auto in_the_end = GetParam().clean ? expected : numbers(1, 20);
    EXPECT_THAT(wait_for_all(in_the_end.size()), UnorderedElementsAreArray(in_the_end));
    EXPECT_THAT(
        all_payloads({dying.workers.back()}),
        UnorderedElementsAreArray(GetParam().clean ? std::vector<std::string>{} : in_flight));
}

class SeveralBrokersWhoseHubIsRestarted : public SeveralBrokersTest,
                                          public ::testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(, SeveralBrokersWhoseHubIsRestarted, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "Clean" : "Kept"; });

TEST_P(SeveralBrokersWhoseHubIsRestarted, GoOnByTheOtherAndByItWhenItIsBack) {
    expect_alarming_log("Error creating bridge");
    start_hubs();
    for (const auto* name : {"leaf-a", "leaf-b"}) start_leaf(name, 2, {.clean = GetParam()});
    publish(connect_publisher(*hubs[0]), 1, 20);
    wait_for_all(20);

    EXPECT_EQ(hubs[0]->stop(), 0);
    publish(connect_publisher(*hubs[1]), 21, 30);
    hubs[0]->start(hub_configuration(*hubs[0]));
    publish(connect_publisher(*hubs[0]), 31, 40);
    publish(connect_publisher(*hubs[1]), 41, 50);
    for (const auto& leaf : leaves) wait_for_membership(leaf, *hubs[0], 2);
    EXPECT_THAT(wait_for_all(50), UnorderedElementsAreArray(numbers(1, 50)));
}

}  // namespace
}  // namespace integration
