// Which member gets a message, for each strategy, under real clients.

#include <algorithm>
#include <map>

#include "strategy_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

class RoundRobin : public StrategyTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        start("round_robin");
    }
};

TEST_F(RoundRobin, GivesEachMemberEveryThirdMessageOfThree) {
    const auto members = join({"a", "b", "c"});
    connect("publisher").publish(numbered("t", 9));
    settle();
    for (const Client* member : members) {
        ASSERT_THAT(member->messages(), SizeIs(3));
        const int first = std::stoi(member->payloads()[0]);
        EXPECT_THAT(member->payloads(),
                    ElementsAre(std::to_string(first), std::to_string(first + 3),
                                std::to_string(first + 6)));
    }
}

TEST_F(RoundRobin, TenPublishersOfOneMessageAreServedInTurns) {
    const auto members = join({"a", "b"});
    for (const auto& number : numbers(1, 10)) {
        Client& publisher = connect("publisher" + number);
        publisher.publish("t", number, 1);
        publisher.disconnect();
    }
    settle();
    EXPECT_THAT(counts(members), ElementsAre(5, 5));
    EXPECT_EQ(all_payloads(members).size(), 10U);
}

TEST_F(RoundRobin, TurnsArePerGroupAndNotPerTopic) {
    const auto members = join({"a", "b"});
    for (Client* member : members) member->subscribe("$queue/t/#");
    Client& publisher = connect("publisher");
    for (const auto& number : numbers(1, 10)) publisher.publish("t/" + number, number, 1);
    settle();
    EXPECT_THAT(counts(members), ElementsAre(10, 10));
}

TEST_F(RoundRobin, LeavingKeepsTheTurnOfTheOthers) {
    const auto members = join({"a", "b", "c", "d"});
    Client& publisher = connect("publisher");
    std::vector<std::string> order;
    for (int i = 0; i < 4; ++i) order.push_back(receiver(members, publisher));

    EXPECT_EQ(receiver(members, publisher), order[0]);
    for (Client* member : members) {  // The one whose turn has just been, then the one after next.
        if (member->id() == order[0] || member->id() == order[2])
            member->unsubscribe("$share/g/t/#");
    }
    for (const int next : {1, 3, 1, 3}) {
        EXPECT_EQ(receiver(members, publisher), order[static_cast<std::size_t>(next)]);
    }
}

TEST_F(RoundRobin, JoiningKeepsTheTurnOfTheOthers) {
    auto members = join({"a", "b", "c"});
    Client& publisher = connect("publisher");
    std::vector<std::string> order;
    for (int i = 0; i < 3; ++i) order.push_back(receiver(members, publisher));
    EXPECT_EQ(receiver(members, publisher), order[0]);

    members.push_back(join({"d"}).front());
    std::vector<std::string> next;
    for (int i = 0; i < 4; ++i) next.push_back(receiver(members, publisher));

    // The newcomer somewhere between them.
    EXPECT_EQ(std::erase(next, "d"), 1U);
    EXPECT_THAT(next, ElementsAre(order[1], order[2], order[0]));
}

TEST_F(RoundRobin, GroupsTakeTurnsIndependently) {
    const auto first = join({"a", "b"});
    const auto second = connect_all({"c", "d", "e"});
    for (Client* member : second) member->subscribe("$share/other/#");
    Client& publisher = connect("publisher");
    publisher.publish("u", "only the second", 1);
    publisher.publish(numbered("t", 2, 1));
    settle();
    EXPECT_THAT(counts(first), ElementsAre(1, 1));
    EXPECT_THAT(counts(second), ElementsAre(1, 1, 1));
}

class Sticky : public StrategyTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        start("sticky");
    }
};

TEST_F(Sticky, KeepsOneMemberUntilItLeaves) {
    auto members = join({"a", "b", "c"});
    Client& publisher = connect("publisher");
    const std::string first = receiver(members, publisher);
    members.push_back(join({"d"}).front());
    connect("another").publish(numbered("t", 10, 1));
    settle();
    EXPECT_THAT(receivers(members), ElementsAre(first));

    (*std::ranges::find(members, first, &Client::id))->unsubscribe("$share/g/t/#");
    const std::string second = receiver(members, publisher);
    EXPECT_NE(second, first);
    connect("yet another").publish(numbered("t", 10, 1));
    settle();
    EXPECT_THAT(receivers(members), ElementsAre(second));
}

TEST_F(Sticky, GoesOnWithAnotherMemberWhenItsConnectionEnds) {
    auto members = join({"a", "b", "c"});
    Client& publisher = connect("publisher");
    const std::string first = receiver(members, publisher);
    (*std::ranges::find(members, first, &Client::id))->drop();
    settle();
    EXPECT_NE(receiver(members, publisher), first);
}

class Random : public StrategyTest {};

TEST_F(Random, IsUniform) {
    constexpr int count = 3000;
    start("random");
    const auto members = join({"a", "b", "c"}, 0);
    connect("publisher").publish(numbered("t", count, 0));
    settle();
    EXPECT_EQ(all_payloads(members).size(), static_cast<std::size_t>(count));
    // A binomial distribution of mean 1000 and standard deviation 26: six of them.
    EXPECT_THAT(counts(members), Each(AllOf(Ge(845U), Le(1155U))));
}

class EveryStrategy : public StrategyTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(EveryStrategy, KeepsTheOrderOfAPublisherAtAMember) {
    start(GetParam());
    const auto members = join({"a", "b", "c"});
    const auto publishers = connect_all({"p", "q"});
    for (const int qos : {0, 1, 2}) {
        for (Client* publisher : publishers)
            publisher->publish(numbered("t/" + publisher->id(), 60, qos));
    }
    settle();
    EXPECT_THAT(all_payloads(members), SizeIs(360));
    for (const Client* member : members) {
        std::map<std::pair<std::string, int>, int> last;  // By publisher and QoS.
        for (const auto& message : member->messages()) {
            int& before = last[{message.topic, message.qos}];
            EXPECT_GT(std::stoi(message.payload), before) << message;
            before = std::stoi(message.payload);
        }
    }
}

TEST_P(EveryStrategy, GivesEachMessageToOneMemberWhileMembersComeAndGo) {
    start(GetParam());
    const auto members = join({"a", "b", "c", "d"});
    Client& publisher = connect("publisher");
    std::vector<std::string> expected;
    for (int round = 0; round < 8; ++round) {
        Client& member = *members[static_cast<std::size_t>(round % 4)];
        if (round % 2 == 0) {
            member.unsubscribe("$share/g/t/#");
        } else {
            members[static_cast<std::size_t>(round - 1) % 4]->subscribe("$share/g/t/#", 1);
        }
        for (const auto& number : numbers(10 * round, 10 * round + 9)) {
            publisher.publish("t/" + number, number, 1);
            expected.push_back(number);
        }
    }
    settle();
    std::ranges::sort(expected);
    EXPECT_THAT(all_payloads(members), ElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(, EveryStrategy,
                         ::testing::Values("round_robin", "random", "sticky", "hash_clientid",
                                           "hash_topic"));

}  // namespace
}  // namespace integration
