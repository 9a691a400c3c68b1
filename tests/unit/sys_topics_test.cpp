// What is published below `$SYS/broker/shared-subscriptions/`, and when.
#include "control/sys_topics.hpp"

#include <gmock/gmock.h>

#include <iomanip>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "quiet_broker.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

const std::string kRoot = "$SYS/broker/shared-subscriptions/";

constexpr std::size_t kTotals = 9;  // messages of all groups together

class RetainingBroker : public QuietBroker {
  public:
    void publish(const Message& message) override {
        ++count;
        EXPECT_TRUE(message.retain);
        const std::string topic(message.topic.substr(kRoot.size()));
        retained.erase(topic);
        if (message.payload_size > 0) {
            retained.emplace(topic, std::string(static_cast<const char*>(message.payload),
                                                message.payload_size));
        }
    }
    std::map<std::string, std::string> retained;
    std::size_t count = 0;
};

class SysTopicsTest : public ::testing::Test {
  protected:
    SysTopicsTest() { topics.set_interval(10); }

    Member& join(const std::string& client, const std::string& group, const std::string& filter) {
        return registry.join(registry.session(client), group, filter, Standing::present);
    }
    static std::string topic_of(const std::string& group, const std::string& filter) {
        std::ostringstream topic;
        topic << "group/" << std::hex << std::setw(16) << std::setfill('0')
              << stable_hash(group + '/' + filter);
        return topic.str();
    }
    /// Until all is said; how long that takes, in milliseconds.
    std::int64_t round(std::int64_t second) {
        const auto begin = second * 1000;
        auto now = begin;
        while (const int wanted = topics.tick(now)) now += wanted;
        return now - begin;
    }

    RetainingBroker broker;
    Registry registry{StrategyTable(), [] { return std::uint64_t{0}; }};
    SysTopics topics{registry, broker};
};

TEST_F(SysTopicsTest, SaysWhatIsThere) {
    join("a", "g", "t/#");
    registry.set_connected(*registry.find("a"), false);
    join("b", "g", "t/#").group->dispatched = 7;
    registry.statistics = {
        .dispatched = 7, .redispatched = 2, .dropped = 1, .expired = 3, .abandoned = 4};
    round(1);
    const std::map<std::string, std::string> expected{
        {"groups", "1"},
        {"members", "2"},
        {"members/connected", "1"},
        {"messages/dispatched", "7"},
        {"messages/queued", "0"},
        {"messages/redispatched", "2"},
        {"messages/dropped", "1"},
        {"messages/expired", "3"},
        {"messages/abandoned", "4"},
        {topic_of("g", "t/#"), R"({"group":"g","filter":"t/#",)"
                               R"("strategy":"round_robin","members":2,)"
                               R"("connected":1,"dispatched":7,"rate":7.0,"queued":0,)"
                               R"("oldestMessageAge":0,"dropped":0})"}};
    EXPECT_EQ(broker.retained, expected);
}

TEST_F(SysTopicsTest, SaysOnlyWhatHasChanged) {
    join("a", "g", "t");
    round(1);
    broker.count = 0;
    round(11);
    EXPECT_EQ(broker.count, 0U);
    registry.set_connected(*registry.find("a"), false);
    round(21);
    EXPECT_EQ(broker.count, 2U) << "the connected, and the group";
}

TEST_F(SysTopicsTest, GroupAtRestSaysNothing) {
    registry.now = 1;
    auto& group = *join("a", "g", "t").group;
    round(1);
    group.dispatched = 70;
    round(11);
    EXPECT_THAT(broker.retained, Contains(Pair(topic_of("g", "t"), HasSubstr("\"rate\":7.0"))));
    round(21);
    EXPECT_THAT(broker.retained, Contains(Pair(topic_of("g", "t"), HasSubstr("\"rate\":0.0"))));
    broker.count = 0;
    for (const std::int64_t second : {31, 41, 51}) round(second);
    EXPECT_EQ(broker.count, 0U);
}

TEST_F(SysTopicsTest, WaitsForTheNextRound) {
    round(1);
    broker.count = 0;
    join("a", "g", "t");
    round(10);
    EXPECT_EQ(broker.count, 0U);
    round(11);
    EXPECT_THAT(broker.retained, Contains(Pair("groups", "1")));
}

TEST_F(SysTopicsTest, SaysNothingIfSwitchedOff) {
    topics.set_interval(0);
    join("a", "g", "t");
    EXPECT_EQ(round(1), 0);
    EXPECT_THAT(broker.retained, IsEmpty());
}

TEST_F(SysTopicsTest, ClearsGroupsThatHaveEnded) {
    join("a", "g", "t");
    round(1);
    registry.erase(*registry.find("a"));
    round(11);
    EXPECT_THAT(broker.retained, Contains(Pair("groups", "0")));
    EXPECT_THAT(broker.retained, Not(Contains(Pair(topic_of("g", "t"), ::testing::_))));
}

TEST_F(SysTopicsTest, GroupThatIsThereAgainIsNotCleared) {
    join("a", "g", "t");
    join("b", "h", "t");
    round(1);
    registry.erase(*registry.find("a"));
    join("c", "g", "t");
    round(11);
    round(21);
    EXPECT_THAT(broker.retained, Contains(Pair(topic_of("g", "t"), HasSubstr("\"members\":1"))));
    EXPECT_EQ(broker.retained.size(), kTotals + 2U);
}

TEST_F(SysTopicsTest, CutsLongNames) {
    join("a", std::string(60'000, 'g'), std::string(999, 't') + "ä" + std::string(60'000, 't'));
    round(1);
    for (const auto& [topic, value] : broker.retained) EXPECT_LT(value.size(), 2'200U);
    EXPECT_THAT(broker.retained,
                Contains(Pair(HasSubstr("group/"), HasSubstr(std::string(1000, 'g') + "...\""))));
}

TEST_F(SysTopicsTest, SaysAllOfAFewGroupsAtOnce) {
    join("a", "g", "t");
    EXPECT_EQ(topics.tick(1000), 0);
    EXPECT_EQ(broker.retained.size(), kTotals + 1U);
}

TEST_F(SysTopicsTest, SpreadsWhatHasChangedOverHalfOfTheInterval) {
    constexpr int kGroups = 10'000;
    std::vector<Group*> groups;
    for (int number = 0; number < kGroups; ++number)
        groups.push_back(join("a", "g", "t" + std::to_string(number)).group);
    round(1);
    EXPECT_EQ(broker.retained.size(), kTotals + kGroups);
    for (auto* group : groups) ++group->dispatched;
    broker.count = 0;
    std::size_t most = 0;
    std::int64_t now = 101'000;
    for (int wanted = 1; wanted > 0; now += wanted) {
        const auto before = broker.count;
        wanted = topics.tick(now);
        most = std::max(most, broker.count - before);
    }
    EXPECT_EQ(broker.count, static_cast<std::size_t>(kGroups));
    EXPECT_LE(most, 25U);
    EXPECT_NEAR(static_cast<double>(now - 101'000), 5000, 50);
    EXPECT_NEAR(static_cast<double>(round(111)), 5000, 50) << "with nothing to say";
}

TEST_F(SysTopicsTest, SaysALittleInEachTurn) {
    for (int number = 0; number < 1000; ++number) join("a", "g", "t" + std::to_string(number));
    std::size_t said = 0;
    for (std::int64_t now = 1000; const int wanted = topics.tick(now); now += 1000) {
        EXPECT_LE(broker.count - said, kTotals + 101U) << "though the last turn was long ago";
        said = broker.count;
        EXPECT_EQ(topics.tick(now), wanted);
        EXPECT_EQ(broker.count, said) << "in a turn straight after it";
    }
    EXPECT_EQ(broker.retained.size(), kTotals + 1000U);
}

}  // namespace
}  // namespace shared_subscription
