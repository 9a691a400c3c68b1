// The hashing strategies are exact for QoS 2, which is fanned out at PUBREL: long after the
// PUBLISH, in another order, and between the same messages of others.

#include <initializer_list>

#include "raw_client.hpp"
#include "strategy_test.hpp"

namespace integration {
namespace {

class HashingQos2 : public StrategyTest {
  protected:
    static constexpr std::size_t keys = 8;
    static constexpr RawOptions outliving{.clean_start = false, .session_expiry = 3600};

    static std::string publisher_id(std::size_t key) { return "publisher" + std::to_string(key); }
    void connect_publishers() {
        for (std::size_t key = 0; key < keys; ++key) {
            publishers.emplace_back(broker.port(), publisher_id(key), outliving);
        }
    }
    // Publishes with QoS 1, and waits.
    std::string receiver_of(RawClient& publisher, const std::string& topic) {
        publisher.publish({.topic = topic, .payload = "x", .qos = 1, .identifier = 99});
        publisher.expect(PacketType::puback);
        return the_receiver();
    }
    void publish(RawClient& publisher, const std::string& topic, std::uint16_t identifier,
                 bool dup = false) {
        publisher.publish(
            {.topic = topic, .payload = "x", .qos = 2, .identifier = identifier, .dup = dup});
        publisher.expect(PacketType::pubrec);
    }
    // Ends a message, and waits.
    std::string release(RawClient& publisher, std::uint16_t identifier) {
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
        return the_receiver();
    }
    std::string the_receiver() {
        settle();
        const auto ids = receivers(members);
        return ids.size() == 1 ? ids.front() : "not one";
    }

    std::vector<Client*> members;
    std::vector<RawClient> publishers;
};

TEST_F(HashingQos2, OfTheClientIdIsExactBetweenTheMessagesOfOthers) {
    start("hash_clientid");
    members = join({"a", "b", "c"});
    connect_publishers();
    std::vector<std::string> owners;
    for (auto& publisher : publishers) owners.push_back(receiver_of(publisher, "t"));

    // Three of each under way, some of them twice.
    for (std::uint16_t identifier = 1; identifier <= 3; ++identifier) {
        for (auto& publisher : publishers) publish(publisher, "t", identifier);
        for (std::size_t key = 0; key < keys; key += 2) {
            publish(publishers[key], "t", identifier, true);
        }
    }
    for (const std::uint16_t identifier : std::initializer_list<std::uint16_t>{2, 3, 1}) {
        for (std::size_t i = 0; i < keys; ++i) {
            const std::size_t key = (i * 5 + identifier) % keys;
            const std::size_t other = (key + 3) % keys;
            EXPECT_EQ(release(publishers[key], identifier), owners[key]) << key;
            EXPECT_EQ(receiver_of(publishers[other], "t"), owners[other]) << other;
        }
    }
}

TEST_F(HashingQos2, OfTheTopicIsExactBetweenTheMessagesOfOthers) {
    start("hash_topic");
    members = join({"a", "b", "c"});
    connect_publishers();
    const auto topic = [](std::size_t key) { return "t/" + std::to_string(key); };
    std::vector<std::string> owners;
    for (std::size_t key = 0; key < keys; ++key) {
        owners.push_back(receiver_of(publishers[0], topic(key)));
    }
    for (std::size_t i = 0; i < keys; ++i) {
        publish(publishers[i], topic(i), 1);
        publish(publishers[i], topic((i + 1) % keys), 2);
    }
    for (std::size_t i = keys; i-- > 0;) {
        EXPECT_EQ(release(publishers[i], 2), owners[(i + 1) % keys]);
        EXPECT_EQ(receiver_of(publishers[i], topic((i + 2) % keys)), owners[(i + 2) % keys]);
        EXPECT_EQ(release(publishers[i], 1), owners[i]);
    }
}

// On the way from PUBLISH to PUBREL the publisher has another connection.
TEST_F(HashingQos2, OfTheClientIdIsExactForAPublisherThatReconnects) {
    start("hash_clientid");
    members = join({"a", "b", "c"});
    connect_publishers();
    std::vector<std::string> owners;
    for (auto& publisher : publishers) owners.push_back(receiver_of(publisher, "t"));
    for (auto& publisher : publishers) publish(publisher, "t", 1);
    publishers.clear();
    settle();
    connect_publishers();
    std::vector<std::string> reached;
    for (auto& publisher : publishers) {
        EXPECT_TRUE(publisher.session_present());
        reached.push_back(release(publisher, 1));
    }
    EXPECT_EQ(reached, owners);
}

}  // namespace
}  // namespace integration
