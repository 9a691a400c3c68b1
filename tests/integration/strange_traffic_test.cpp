// Random traffic of clients that come back under the same name, leave without a word and
// acknowledge nothing: it must not harm the broker, nor a group beside.

#include <map>
#include <random>

#include "bounded_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class StrangeTraffic : public BoundedTest, public ::testing::WithParamInterface<unsigned> {
  protected:
    void SetUp() override {
        BoundedTest::SetUp();
        broker.start({.first = {"max_inflight_messages 3"}});
    }
    void act() {
        constexpr int clients = 6;
        const int number = any(clients);
        auto& client = clients_[number];
        if (client == nullptr || any(5) == 0) {
            connect_strange(number);
            return;
        }
        switch (any(8)) {
            case 0:
                client->send_subscribe({filter(), filter()}, options());
                break;
            case 1:
                unsubscribe(*client, filter());
                break;
            case 2:
                try {
                    acknowledge(*client);
                } catch (const DeadlinePassed&) {
                    throw;
                } catch (const std::runtime_error&) {
                    client.reset();  // The broker does not take all of this.
                }
                break;
            case 3:
                client->send(PacketType::pubrel, static_cast<std::uint16_t>(1 + any(100)));
                if (any(6) == 0) client.reset();  // without DISCONNECT
                break;
            default:
                publish(*client);
        }
    }

  private:
    // Under a name that may be in use.
    void connect_strange(int number) {
        const bool clean = any(3) == 0;
        const RawOptions options{
            .clean_start = clean,
            .session_expiry = clean && any(2) == 0 ? 0U : 3600U,
            .receive_maximum = static_cast<std::uint16_t>(any(2) == 0 ? 1 : 0)};
        clients_[number] =
            std::make_unique<RawClient>(broker.port(), "c" + std::to_string(number), options);
    }
    std::string filter() {
        const std::vector<std::string> all{
            "$share/g/a/#", "$share/g/a/b", "$share/h/a/+", "a/b", "#",
            "$queue/a/#",   "$share/h/#",   "a/+"};
        return all[static_cast<std::size_t>(any(static_cast<int>(all.size())))];
    }
    std::uint8_t options() { return static_cast<std::uint8_t>(any(3)); }
    static void unsubscribe(RawClient& client, const std::string& filter) {
        const auto size = static_cast<char>(filter.size());
        client.send_bytes(std::string("\xA2") + static_cast<char>(5 + size) +
                          std::string("\0\1\0\0", 4) + size + filter);
    }
    // With User Property, Content Type, Correlation Data and at times a Message Expiry Interval, or
    // without anything. PUBREL hardly ever follows.
    void publish(RawClient& client) {
        const std::string topic = any(2) == 0 ? "a/b" : "a/c";
        const int qos = any(3);
        std::string properties = std::string("\x26\0\4name\0\5value", 14) +
                                 std::string("\3\0\4type", 7) + std::string("\x09\0\4data", 7);
        if (any(4) == 0) properties += std::string("\2\0\0\0\1", 5);
        if (any(2) == 0) properties.clear();
        std::string body = std::string(1, '\0') + static_cast<char>(topic.size()) + topic;
        if (qos > 0) body += std::string(1, '\0') + static_cast<char>(1 + any(100));
        body += static_cast<char>(properties.size()) + properties + "payload";
        client.send_bytes(std::string(1, static_cast<char>(0x30 | qos << 1 | any(8) / 7)) +
                          static_cast<char>(body.size()) + body);
    }
    // Some of what has come until now.
    void acknowledge(RawClient& client) {
        for (const auto& publish : client.received()) {
            if (publish.qos == 0 || any(4) == 0) continue;
            const auto type = publish.qos == 1 ? PacketType::puback : PacketType::pubrec;
            client.send(type, publish.identifier);
            if (publish.qos == 2) client.send(PacketType::pubcomp, publish.identifier);
        }
    }
    int any(int below) { return std::uniform_int_distribution(0, below - 1)(random_); }

    std::map<int, std::unique_ptr<RawClient>> clients_;
    std::mt19937 random_{GetParam()};
};

TEST_P(StrangeTraffic, HarmsNeitherTheBrokerNorAGroupBeside) {
    constexpr int actions = 10000;
    const auto healthy = connect_all({"healthy a", "healthy b"});
    for (Client* member : healthy) EXPECT_EQ(member->subscribe("$share/healthy/healthy", 1), 1);
    for (int action = 0; action < actions; ++action) act();
    ASSERT_TRUE(answers());
    connect("healthy publisher").publish(numbered("healthy", 10, 1));
    settle();
    EXPECT_THAT(counts(healthy), ElementsAre(5, 5));
    EXPECT_THAT(all_payloads(healthy), SizeIs(10));
}

INSTANTIATE_TEST_SUITE_P(, StrangeTraffic, ::testing::Range(1U, 5U),
                         [](const auto& row) { return "Seed" + std::to_string(row.param); });

}  // namespace
}  // namespace integration
