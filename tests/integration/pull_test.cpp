// Work goes to whoever is free: what members cannot take at once waits for the group, in order, and
// goes to whoever has room first (2.1).

#include <algorithm>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

class Pull : public BrokerTest {
  protected:
    static constexpr int window = 3;
    static constexpr int held_back = 4;  // the default

    static constexpr const char* filter = "$share/g/t";

    RawClient idle(const std::string& id, std::uint16_t receive_maximum = window) {
        RawClient member(broker.port(), id, {.receive_maximum = receive_maximum});
        member.subscribe({filter}, 1);
        return member;
    }
    static void acknowledge(RawClient& member, const Publish& publish) {
        member.send(PacketType::puback, publish.identifier);
    }
    // It acknowledges each at once.
    static std::vector<std::string> take(RawClient& member, int count) {
        std::vector<std::string> payloads;
        for (int taken = 0; taken < count; ++taken) {
            const Publish publish = member.next_publish();
            payloads.push_back(publish.payload);
            acknowledge(member, publish);
        }
        return payloads;
    }
    // What it is sent without an acknowledgement, and then as it acknowledges: until nothing comes.
    static std::vector<std::string> take_all(RawClient& member) {
        std::vector<std::string> payloads;
        for (auto some = member.received(); !some.empty(); some = member.received()) {
            for (const auto& publish : some) {
                payloads.push_back(publish.payload);
                acknowledge(member, publish);
            }
        }
        return payloads;
    }
    // `most`: as the option says.
    void expect_the_rest_for_the_next(int most) {
        constexpr int count = 50;
        auto slow = idle("slow");
        connect("publisher").publish(numbered("t", count, 1));
        settle();
        auto second = idle("second");
        const int taken = window + most;
        EXPECT_THAT(take(second, count - taken), ElementsAreArray(numbers(taken + 1, count)));
        EXPECT_THAT(take(slow, taken), ElementsAreArray(numbers(1, taken)));
        EXPECT_THAT(slow.received(), IsEmpty());
        EXPECT_THAT(second.received(), IsEmpty());
    }
    void expect_all_for_one() {
        constexpr int count = 50;
        auto first = idle("first");
        auto second = idle("second");
        connect("publisher").publish(numbered("t", count, 1));
        settle();
        auto payloads = take_all(first);
        const auto others = take_all(second);
        EXPECT_THAT(others.size(), AnyOf(0U, count));
        payloads.insert(payloads.end(), others.begin(), others.end());
        EXPECT_THAT(payloads, ElementsAreArray(numbers(1, count)));
    }
};

TEST_F(Pull, OneThatAcknowledgesNothingHoldsItsWindowAndAFewMore) {
    if (broker_is_20()) return;  // does not show what it holds back (documented)
    broker.start();
    constexpr int count = 200;
    auto slow = idle("slow");
    Client& worker = connect("worker");
    worker.subscribe(filter, 1);
    connect("publisher").publish(numbered("t", count, 1));
    worker.wait_for_messages(count - window - held_back);
    settle();
    auto payloads = worker.payloads();
    const auto others = take_all(slow);
    EXPECT_LE(others.size(), window + held_back);
    EXPECT_GE(others.size(), window);
    payloads.insert(payloads.end(), others.begin(), others.end());
    EXPECT_THAT(payloads, UnorderedElementsAreArray(numbers(1, count)));
}

TEST_F(Pull, WhatOneCannotTakeWaitsForTheNextToJoinInOrder) {
    if (broker_is_20()) return;
    broker.start();
    expect_the_rest_for_the_next(held_back);
}

TEST_F(Pull, HowMuchAMemberHoldsBeyondItsWindowIsAnOption) {
    if (broker_is_20()) return;
    broker.start({.options = {"plugin_opt_max_held_back 1"}});
    expect_the_rest_for_the_next(1);
}

// Mosquitto's windows are 20 unless somebody asks for less.
TEST_F(Pull, OneThatCollectsItsAcknowledgementsIsNotForgotten) {
    if (broker_is_20()) return;
    broker.start();
    constexpr int count = 100;
    constexpr int batch = 10;
    auto stuck = idle("stuck");
    auto collecting = idle("collecting", 20);
    connect("publisher").publish(numbered("t", count, 1));
    settle();
    std::vector<std::string> payloads;
    std::vector<Publish> unacknowledged;
    for (int taken = 0; taken < count - window - held_back; ++taken) {
        unacknowledged.push_back(collecting.next_publish());
        payloads.push_back(unacknowledged.back().payload);
        if (unacknowledged.size() < batch) continue;
        for (const auto& publish : unacknowledged) acknowledge(collecting, publish);
        unacknowledged.clear();
    }
    const auto others = take_all(stuck);
    payloads.insert(payloads.end(), others.begin(), others.end());
    std::ranges::sort(payloads);
    EXPECT_EQ(std::ranges::adjacent_find(payloads), payloads.end());
}

// FAULTS B8: it says nothing of what it drops.
TEST_F(Pull, WhatTheBrokerWouldDropWaitsForTheGroup) {
    if (broker_is_20()) return;
    broker.start({.first = {"max_queued_bytes 2000", "max_inflight_messages 2"}});
    constexpr int count = 40;
    auto first = idle("first", 2);
    auto second = idle("second", 2);
    Client& publisher = connect("publisher");
    for (const auto& number : numbers(10, 9 + count))
        publisher.publish("t", number + std::string(498, 'x'), 1);
    settle();
    Client& third = connect("third");
    third.subscribe(filter, 1);
    third.wait_for_messages(count - 2 * (2 + held_back));
    settle();
    auto payloads = third.payloads();
    for (auto* member : {&first, &second}) {
        const auto taken = take_all(*member);
        payloads.insert(payloads.end(), taken.begin(), taken.end());
    }
    third.take_messages();
    settle();
    const auto rest = third.payloads();
    payloads.insert(payloads.end(), rest.begin(), rest.end());
    for (auto& payload : payloads) payload.resize(2);
    EXPECT_THAT(payloads, UnorderedElementsAreArray(numbers(10, 9 + count)));
}

TEST_F(Pull, StickyKeepsToItsMember) {
    if (broker_is_20()) return;
    broker.start({.options = {"plugin_opt_strategy sticky"}});
    expect_all_for_one();
}

TEST_F(Pull, HashKeepsToItsMember) {
    if (broker_is_20()) return;
    broker.start({.options = {"plugin_opt_strategy hash_clientid"}});
    expect_all_for_one();
}

}  // namespace
}  // namespace integration
