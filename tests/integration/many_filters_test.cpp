// Hundreds of filters in a packet, and clients that subscribe and unsubscribe in a storm.

#include <mqtt_protocol.h>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::SizeIs;

class ManyFilters : public PluginTest {
  protected:
    static constexpr int count = 400;

    // A mixture: its n-th filter, and whether that is a good one.
    static std::string filter(int n) {
        const std::string number = std::to_string(n);
        switch (n % 8) {
            case 0:
                return "$share/g" + number + "/t/" + number;
            case 1:
                return "t/" + number;
            case 2:
                return "$queue/$queue/" + number;
            case 3:
                return "$queue/t/" + number;
            case 4:
                return "$share//t/" + number;
            case 5:
                return "$share/$queue/t/" + number + "/#";
            case 6:
                return "$share/g/$share/h/t/" + number;
            default:
                return "$queue/$queue/t/" + number;
        }
    }
    static bool good(int n) { return n % 8 == 0 || n % 8 == 1 || n % 8 == 3 || n % 8 == 5; }

    static std::vector<std::string> filters() {
        std::vector<std::string> result;
        for (int n = 0; n < count; ++n) result.push_back(filter(n));
        return result;
    }
    void publish_to_each(Client& publisher) {
        std::vector<Message> messages;
        for (int n = 0; n < count; ++n) {
            messages.push_back({.topic = "t/" + std::to_string(n), .payload = "x"});
        }
        publisher.publish(messages);
    }
};

TEST_F(ManyFilters, InOneSubscribeAreAnsweredEachInItsPlace) {
    const auto all = filters();
    for (const int protocol : {4, 5}) {
        SCOPED_TRACE(protocol);
        RawClient client(broker.port(), "client", {.protocol = protocol});
        const auto codes = client.subscribe(all, 1);
        ASSERT_THAT(codes, SizeIs(count));
        std::vector<std::string> expected;
        for (int n = 0; n < count; ++n) {
            EXPECT_EQ(codes[static_cast<std::size_t>(n)] < 128, good(n)) << filter(n);
            if (good(n)) expected.push_back("t/" + std::to_string(n));
        }
        publish_to_each(connect("publisher" + std::to_string(protocol)));
        settle();
        std::vector<std::string> topics;
        for (const auto& publish : client.received()) topics.push_back(publish.topic);
        EXPECT_THAT(topics, ::testing::UnorderedElementsAreArray(expected));
    }
}

TEST_F(ManyFilters, InOneUnsubscribeAreAnsweredEachInItsPlace) {
    RawClient client(broker.port(), "client");
    client.subscribe(filters(), 1);
    std::vector<std::string> every_second;
    std::vector<int> expected;
    for (int n = 0; n < count; n += 2) every_second.push_back(filter(n));
    for (int n = 0; n < count; n += 2)
        expected.push_back(good(n) ? 0 : MQTT_RC_NO_SUBSCRIPTION_EXISTED);
    EXPECT_EQ(client.unsubscribe(every_second), expected);

    std::vector<std::string> left;
    for (int n = 1; n < count; n += 2) {
        if (good(n)) left.push_back("t/" + std::to_string(n));
    }
    publish_to_each(connect("publisher"));
    settle();
    std::vector<std::string> topics;
    for (const auto& publish : client.received()) topics.push_back(publish.topic);
    EXPECT_THAT(topics, ::testing::UnorderedElementsAreArray(left));
}

// Groups on the same filter: on 2.0 one leaf, and a copy for each.
TEST_F(ManyFilters, OfOneTopicBringACopyEach) {
    constexpr int groups = 100;
    Client& client = connect("client");
    std::vector<std::string> all = {"t"};
    for (const auto& number : numbers(1, groups)) all.push_back("$share/g" + number + "/t");
    client.subscribe(all, 1);
    connect("publisher").publish(numbered("t", 3, 1));
    client.wait_for_messages(3 * (groups + 1));
    settle();
    EXPECT_EQ(client.messages().size(), 3U * (groups + 1));
}

class Storms : public PluginTest {
  protected:
    void SetUp() override {
        PluginTest::SetUp();
        members = connect_all({"a", "b"});
        for (Client* member : members) member->subscribe("$share/g/t", 1);
    }
    // Publishes while `storm` goes on; everything has to arrive once, at the members and the
    // stormy client together.
    template <typename Storm>
    void publish_in(RawClient& stormy, Storm storm) {
        constexpr int rounds = 200;
        Client& publisher = connect("publisher");
        for (int round = 1; round <= rounds; ++round) {
            storm(stormy, round);
            const int packet =
                publisher.start_publish({.topic = "t", .payload = std::to_string(round), .qos = 1});
            publisher.finish_publish(packet);
        }
        settle();
        auto payloads = all_payloads(members);
        for (const auto& publish : stormy.received()) payloads.push_back(publish.payload);
        EXPECT_THAT(payloads, ::testing::UnorderedElementsAreArray(numbers(1, rounds)));
    }

    std::vector<Client*> members;
};

TEST_F(Storms, OfComingAndGoingLoseNothing) {
    RawClient stormy(broker.port(), "stormy");
    publish_in(stormy, [](RawClient& client, int round) {
        for (int time = 0; time < 3; ++time) {
            client.subscribe({"$share/g/t"}, 0);
            if (time + round % 2 < 3) client.unsubscribe({"$share/g/t"});
        }
    });
}

TEST_F(Storms, OfSubscribingAgainMakeNoSecondMember) {
    RawClient stormy(broker.port(), "stormy");
    publish_in(stormy, [](RawClient& client, int round) {
        const auto retain_handling = static_cast<std::uint8_t>(round % 3 << 4);
        client.subscribe({"$share/g/t", "$share/g/t"}, retain_handling);
    });
    stormy.unsubscribe({"$share/g/t"});
    for (Client* member : members) member->take_messages();
    connect("publisher2").publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 3));
}

// Nobody waits for an answer.
TEST_F(Storms, ThatFillThePipeEndInOrder) {
    RawClient stormy(broker.port(), "stormy");
    for (int time = 0; time < 500; ++time) {
        stormy.send_subscribe({"$share/g/t", "$queue/t", "t", "$share/h/+"}, 0);
        // UNSUBSCRIBE of all four.
        stormy.send_bytes(
            std::string("\xA2\x28\0\1\0"
                        "\0\x0A$share/g/t"
                        "\0\x08$queue/t"
                        "\0\1t"
                        "\0\x0A$share/h/+",
                        42));
    }
    EXPECT_FALSE(stormy.ended_by_broker());
    connect("publisher").publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(stormy.received(), SizeIs(0));
    EXPECT_THAT(counts(members), ElementsAre(3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 6)));
}

}  // namespace
}  // namespace integration
