// hash_clientid and hash_topic: a key stays with its member, and moves only when it must.

#include <algorithm>
#include <map>

#include "raw_client.hpp"
#include "strategy_test.hpp"

namespace integration {
namespace {

using ::testing::Ge;
using ::testing::SizeIs;

// For each key (a publisher or a topic) the member that its messages reach.
using Owners = std::map<std::string, std::string>;

class Hashing : public StrategyTest, public ::testing::WithParamInterface<std::string> {
  protected:
    static constexpr int keys = 40;

    void SetUp() override {
        BrokerTest::SetUp();
        start(GetParam());
        for (int key = 0; key < (by_topic() ? 1 : keys); ++key) {
            publishers_.push_back(&connect("publisher" + std::to_string(key)));
        }
    }
    bool by_topic() const { return GetParam() == "hash_topic"; }

    Owners owners(const std::vector<Client*>& members) {
        for (std::size_t key = 0; key < keys; ++key) {
            const std::string name = std::to_string(key);
            Client& publisher = *publishers_[by_topic() ? 0 : key];
            const std::string topic = by_topic() ? "t/" + name : "t";
            for (int time = 0; time < 2; ++time) publisher.publish(topic, name, 1);
        }
        settle();
        Owners result;
        std::size_t received = 0;
        for (Client* member : members) {
            for (const auto& message : member->take_messages()) {
                ++received;
                const auto [at, is_new] = result.emplace(message.payload, member->id());
                EXPECT_EQ(at->second, member->id()) << "for one key " << message.payload;
            }
        }
        EXPECT_EQ(received, 2U * keys);
        EXPECT_THAT(result, SizeIs(keys));
        return result;
    }

  private:
    std::vector<Client*> publishers_;
};

TEST_P(Hashing, GivesAKeyToOneMemberAndMovesOnlyWhatMustMove) {
    auto members = join({"a", "b", "c"});
    const Owners three = owners(members);
    for (const auto* id : {"a", "b", "c"}) {
        EXPECT_THAT(std::ranges::count(three, id, &Owners::value_type::second), Ge(1)) << id;
    }

    members.push_back(join({"d"}).front());
    const Owners four = owners(members);
    EXPECT_THAT(std::ranges::count(four, "d", &Owners::value_type::second), Ge(1));
    for (const auto& [key, owner] : four)
        EXPECT_TRUE(owner == "d" || owner == three.at(key)) << key;

    members[0]->unsubscribe("$share/g/t/#");
    const Owners without = owners(members);
    for (const auto& [key, owner] : without) {
        EXPECT_NE(owner, "a");
        EXPECT_TRUE(owner == four.at(key) || four.at(key) == "a") << key;
    }

    members[0]->subscribe("$share/g/t/#");
    members[3]->drop();
    settle();
    EXPECT_EQ(owners(members), three);
}

INSTANTIATE_TEST_SUITE_P(, Hashing, ::testing::Values("hash_clientid", "hash_topic"));

// A QoS 2 message is fanned out at PUBREL, while others were published in between: the publisher
// that counts is its own, though topic and payload are the same.
using HashOfTheClientId = StrategyTest;

TEST_F(HashOfTheClientId, IsExactForQos2) {
    start("hash_clientid");
    const auto members = join({"a", "b", "c"});
    std::vector<RawClient> publishers;
    for (int key = 0; key < 12; ++key) {
        publishers.emplace_back(broker.port(), "publisher" + std::to_string(key));
    }
    const auto publish_and_wait = [&](RawClient& publisher) {
        publisher.publish({.topic = "t", .payload = "x", .qos = 1, .identifier = 1});
        publisher.expect(PacketType::puback);
        settle();
        const auto ids = receivers(members);
        return ids.size() == 1 ? ids.front() : "not one";
    };
    std::vector<std::string> expected;
    for (auto& publisher : publishers) expected.push_back(publish_and_wait(publisher));

    for (auto& publisher : publishers) {
        publisher.publish({.topic = "t", .payload = "x", .qos = 2, .identifier = 2});
        publisher.expect(PacketType::pubrec);
    }
    std::vector<std::string> reached(publishers.size());
    for (auto i = publishers.size(); i-- > 0;) {
        publishers[i].send(PacketType::pubrel, 2);
        publishers[i].expect(PacketType::pubcomp);
        settle();
        const auto ids = receivers(members);
        ASSERT_THAT(ids, SizeIs(1));
        reached[i] = ids.front();
    }
    EXPECT_EQ(reached, expected);
}

}  // namespace
}  // namespace integration
