// per_listener_settings: 2.0.11 gives such a plugin no clock, and later releases of 2.0 ask it
// about nobody who is offline. What waits for a group goes out all the same.

#include "broker_test.hpp"
#include "raw_client.hpp"
#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ListenerSettings : public BrokerTest {
  protected:
    void start(std::vector<std::string> options = {}) {
        broker.start({.first = {"per_listener_settings true"}, .options = std::move(options)});
    }
    // Connected for a moment, and gone again: somebody else's traffic.
    void fill(const std::string& member, int messages) {
        RawClient joining(broker.port(), member, {.clean_start = false, .session_expiry = 3600});
        joining.subscribe({"$share/g/t"}, 1);
        joining.disconnect();
        RawClient publisher(broker.port(), "publisher");
        for (int number = 1; number <= messages; ++number) {
            publisher.publish({.topic = "t",
                               .payload = std::to_string(number),
                               .qos = 1,
                               .identifier = static_cast<std::uint16_t>(number)});
            publisher.expect(PacketType::puback);
        }
        publisher.disconnect();
    }
    // Nobody else is connected, and the client sends nothing but acknowledgements.
    static std::vector<std::string> take(RawClient& client, std::size_t count) {
        std::vector<std::string> payloads;
        while (payloads.size() < count) {
            const auto publish = client.next_publish();
            client.send(PacketType::puback, publish.identifier);
            payloads.push_back(publish.payload);
        }
        return payloads;
    }
};

TEST_F(ListenerSettings, WhatWaitsGoesOutToAMemberThatReturnsAlone) {
    start();
    fill("member", 6);
    RawClient member(broker.port(), "member", {.clean_start = false, .session_expiry = 3600});
    EXPECT_TRUE(member.session_present());
    EXPECT_THAT(take(member, 6), ElementsAreArray(numbers(1, 6)));
}

// 2.0 shows no acknowledgements: half of its own max_queued_messages at once, and with each TICK
// one more; where there is none, with each event.
TEST_F(ListenerSettings, MuchThatWaitsGoesOutToo) {
    start({"plugin_opt_max_queued_messages 0"});
    fill("member", 1100);
    RawClient member(broker.port(), "member", {.clean_start = false, .session_expiry = 3600});
    EXPECT_THAT(take(member, 500), ElementsAreArray(numbers(1, 500)));
    Client& other = connect("other");
    for (int number = 0; number < 600; ++number) other.publish("elsewhere", "x", 1);
    EXPECT_THAT(take(member, 600), ElementsAreArray(numbers(501, 1100)));
}

// By the broker's clock, or with what clients publish.
TEST_F(ListenerSettings, MetricsArePublished) {
    start({"plugin_opt_sys_interval 1"});
    Client& client = connect("client");
    client.subscribe("$SYS/broker/shared-subscriptions/groups");
    client.subscribe("$share/g/t");
    const auto is_there = [&] {
        const auto payloads = client.payloads();
        return !payloads.empty() && payloads.back() == "1";
    };
    while (!is_there()) settle();
}

TEST_F(ListenerSettings, WhatWaitsGoesOutToOneThatJoinsAlone) {
    start();
    fill("member", 6);
    RawClient newcomer(broker.port(), "newcomer");
    newcomer.subscribe({"$share/g/t"}, 1);
    EXPECT_THAT(take(newcomer, 6), ElementsAreArray(numbers(1, 6)));
}

// However much went out before: a client is in three groups by one filter.
TEST_F(ListenerSettings, WhatTheBrokerHandsOverOnceGoesOutAfterALot) {
    start();
    const RawOptions kept{.clean_start = false, .session_expiry = 3600};
    RawClient joining(broker.port(), "member", kept);
    joining.subscribe({"$share/g/t", "$share/h/t", "$queue/t"}, 1);
    joining.disconnect();
    Client& publisher = connect("publisher");
    publisher.publish("t", std::string(600000, 'x'), 1);
    RawClient member(broker.port(), "member", kept);
    EXPECT_THAT(take(member, 3), SizeIs(3));
    publisher.publish("t", "last", 1);
    EXPECT_THAT(take(member, 3), Each("last"));
}

// What it resumes is its own, though what waits for its group is just like it, and says nothing of
// others that are away.
TEST_F(ListenerSettings, AReturnToWhatWaitsEndsNothing) {
    start();
    const ClientOptions kept{.clean_start = false, .session_expiry = 3600};
    Client& member = connect("member", kept);
    Client& other = connect("other", kept);
    member.subscribe("h/#", 1);
    member.subscribe("$share/g/h/#", 1);
    member.disconnect();
    connect("publisher").publish("h/t", "x", 1);
    other.subscribe("$share/g/#", 1);
    other.disconnect();

    member.connect();
    settle();
    // One of the group, one of its own.
    EXPECT_THAT(member.payloads(), SizeIs(broker_denies_the_away() ? 1 : 2));
    EXPECT_THAT(broker.log_lines("left group"), IsEmpty());
    connect("second").publish("k", "y", 1);
    other.connect();
    settle();
    EXPECT_THAT(other.payloads(), ElementsAre("y"));
}

using RestoredUnderListenerSettings = RestartTest;

// Of a session that was restored nothing is seen, until its client comes, and has begun anew.
TEST_F(RestoredUnderListenerSettings, EndWhenTheirClientsBeginAnew) {
    auto configuration = remembering();
    configuration.first.push_back("per_listener_settings true");
    broker.start(configuration);
    Client& member = connect("member", {.clean_start = false, .session_expiry = 1});
    member.subscribe("$share/g/+/+", 1);
    restart(configuration);
    publish(numbered("a/b", 3, 1));
    if (broker_denies_the_away()) broker.wait_for_log("Expiring client member");
    connect("member").disconnect();
    settle();
    publish(numbered("a/c", 3, 1));
    EXPECT_THAT(broker.log_lines("left group 'g' on '+/+'"), SizeIs(1));
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/+/+", 1);
    settle();
    EXPECT_THAT(newcomer.payloads(), IsEmpty());
}

}  // namespace
}  // namespace integration
