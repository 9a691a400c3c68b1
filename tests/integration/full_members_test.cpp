// Members that can take no more: whose queue is full, or for whom a message is too large.

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FullMembers : public BrokerTest {
  protected:
    static constexpr int window = 2;
    static constexpr int queue = 5;

    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.first = {"max_inflight_messages " + std::to_string(window),
                                "max_queued_messages " + std::to_string(queue)}});
    }
    // Publishes and waits for each, so that nobody's queue but a slow reader's is full.
    void publish_one_by_one(Client& publisher, const std::string& topic, int first, int last) {
        for (const auto& number : numbers(first, last)) {
            publisher.publish(topic, number, 1);
            settle();
        }
    }
};

// On 2.1 it gets what its window takes, and one that shows that it is full. On 2.0 a plugin cannot
// see what a connected client has acknowledged (documented): the healthy member has its turns.
TEST_F(FullMembers, OneThatWithholdsItsAcknowledgementsIsPassedOverWhereItCanBeSeen) {
    constexpr int count = 30;
    RawClient slow(broker.port(), "slow");
    slow.subscribe({"$share/g/t"}, 1);
    Client& healthy = connect("healthy");
    healthy.subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    publish_one_by_one(publisher, "t", 1, count);

    auto payloads = healthy.payloads();
    const int more = broker_adds_the_window_to_the_queue() ? window : 0;
    const int expected = broker_is_20() ? window + queue + more : window + 1;
    for (int taken = 0; taken < expected; ++taken) {
        const Publish publish = slow.next_publish();
        payloads.push_back(publish.payload);
        slow.send(PacketType::puback, publish.identifier);
    }
    EXPECT_THAT(slow.received(), IsEmpty());
    if (broker_is_20()) {
        EXPECT_THAT(healthy.payloads(), SizeIs(count / 2));
        EXPECT_THAT(payloads, SizeIs(count / 2 + expected));
    } else {
        EXPECT_THAT(payloads, ::testing::UnorderedElementsAreArray(numbers(1, count)));
    }

    // It has room again, and its turns.
    healthy.take_messages();
    publish_one_by_one(publisher, "t", 1, 4);
    EXPECT_THAT(slow.received(), SizeIs(2));
    EXPECT_THAT(healthy.payloads(), SizeIs(2));
}

// What a full member cannot take waits for the group.
TEST_F(FullMembers, TheOnlyOneThatWithholdsItsAcknowledgementsLosesNothingWhereItCanBeSeen) {
    if (broker_is_20()) return;  // documented
    constexpr int count = 30;
    RawClient slow(broker.port(), "slow");
    slow.subscribe({"$share/g/t"}, 1);
    publish_one_by_one(connect("publisher"), "t", 1, count);
    for (const auto& number : numbers(1, count)) {
        const Publish publish = slow.next_publish();
        EXPECT_EQ(publish.payload, number);
        slow.send(PacketType::puback, publish.identifier);
    }
    EXPECT_THAT(slow.received(), IsEmpty());
}

// Its own queue is full of non-shared messages.
TEST_F(FullMembers, OneThatWasAwayGetsWhatWaitsForTheGroupAfterItsOwn) {
    Client& full = connect("full", persistent());
    full.subscribe("$share/g/t", 1);
    full.subscribe("other", 1);
    Client& empty = connect("empty", persistent());
    empty.subscribe("$share/g/t", 1);
    full.drop();
    empty.drop();
    settle();
    Client& publisher = connect("publisher");
    publish_one_by_one(publisher, "other", 1, queue);
    publish_one_by_one(publisher, "t", 1, queue);

    EXPECT_TRUE(full.connect());
    full.wait_for_messages(2 * queue);
    EXPECT_TRUE(empty.connect());
    settle();
    auto expected = numbers(1, queue);
    const auto again = numbers(1, queue);
    expected.insert(expected.end(), again.begin(), again.end());
    EXPECT_THAT(full.payloads(), ElementsAreArray(expected));
    EXPECT_THAT(empty.payloads(), IsEmpty());
}

TEST_F(FullMembers, OneThatJoinsTakesWhatWaitsForThoseWhoAreAway) {
    Client& first = connect("first", persistent());
    first.subscribe("$share/g/t", 1);
    first.drop();
    settle();
    Client& publisher = connect("publisher");
    publish_one_by_one(publisher, "t", 1, 5);
    Client& second = connect("second", persistent());
    second.subscribe("$share/g/t", 1);
    second.wait_for_messages(5);
    second.drop();
    settle();
    publish_one_by_one(publisher, "t", 6, 9);

    EXPECT_TRUE(first.connect());
    first.wait_for_messages(4);
    EXPECT_TRUE(second.connect());
    settle();
    EXPECT_THAT(second.payloads(), ElementsAreArray(numbers(1, 5)));
    EXPECT_THAT(first.payloads(), ElementsAreArray(numbers(6, 9)));
    // Both have their turns.
    publish_one_by_one(publisher, "t", 1, 4);
    EXPECT_THAT(first.payloads(), SizeIs(6));
    EXPECT_THAT(second.payloads(), SizeIs(7));
}

TEST_F(FullMembers, AHealthyGroupBesideIsUnaffected) {
    RawClient slow(broker.port(), "slow");
    slow.subscribe({"$share/g/t"}, 1);
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/h/t", 1);
    publish_one_by_one(connect("publisher"), "t", 1, 20);
    EXPECT_THAT(counts(members), Each(10U));
}

// 2.0 does not let a plugin ask what became of them (documented).
TEST_F(FullMembers, MessagesTooLargeForOneGoToAnother) {
    Client& small = connect("small", {.maximum_packet_size = 200});
    Client& large = connect("large");
    for (Client* member : {&small, &large}) member->subscribe("$share/g/t", 1);
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t", 1);
    Client& publisher = connect("publisher");
    const std::string payload(1000, 'x');
    for (int time = 0; time < 6; ++time) {
        publisher.publish("t", payload, 1);
        settle();
    }
    EXPECT_THAT(small.messages(), IsEmpty());
    EXPECT_THAT(large.messages(), SizeIs(broker_is_20() ? 3 : 6));
    EXPECT_THAT(non_shared.messages(), SizeIs(6));
    EXPECT_THAT(broker.log_lines("'small' is passed over for messages of"),
                SizeIs(broker_is_20() ? 0 : 1));
    large.take_messages();
    publish_one_by_one(publisher, "t", 1, 6);
    EXPECT_THAT(small.messages(), SizeIs(3));
    EXPECT_THAT(large.messages(), SizeIs(3));
}

// With QoS 2, behind others that are in flight, and in one burst.
TEST_F(FullMembers, MessagesTooLargeForOneAreNeitherLostNorDoubledInABurst) {
    if (broker_is_20()) return;
    const auto small = connect_all({"s", "t"}, {.maximum_packet_size = 300});
    Client& large = connect("large");
    for (Client* member : {small[0], small[1], &large}) member->subscribe("$share/g/t", 2);
    std::vector<Message> messages;
    std::vector<std::string> payloads;
    for (int number = 100; number < 200; ++number) {
        const auto size = static_cast<std::size_t>(number % 3 == 0 ? 1000 : number);
        payloads.push_back(std::to_string(number) + std::string(size, '.'));
        messages.push_back({.topic = "t", .payload = payloads.back(), .qos = number % 2 + 1});
    }
    connect("publisher").publish(messages);
    const std::vector<Client*> all{small[0], small[1], &large};
    do settle();
    while (all_payloads(all).size() < payloads.size());
    EXPECT_THAT(all_payloads(all), ElementsAreArray(payloads));
}

TEST_F(FullMembers, WhatIsTooLargeForAllIsLostToTheGroup) {
    if (broker_is_20()) return;
    const auto members = connect_all({"a", "b"}, {.maximum_packet_size = 200});
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    publisher.publish("t", std::string(1000, 'x'), 1);
    settle();
    publish_one_by_one(publisher, "t", 1, 4);
    EXPECT_THAT(counts(members), Each(2U));
}

}  // namespace
}  // namespace integration
