// Groups of many members. 2.1 is asked about one of them at a time, but for where it removes
// duplicates: who gets what must not show it.

#include <algorithm>

#include "raw_client.hpp"
#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int member_count = 24;

struct LargeGroupsRow {
    const char* name;
    std::vector<std::string> lines;    // of the configuration
    std::vector<std::string> options;  // ... of the plugin
    void PrintTo(std::ostream* stream) const { *stream << name; }
};

class LargeGroups : public RestartTest, public ::testing::WithParamInterface<LargeGroupsRow> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        if (!GetParam().options.empty() && !broker_is_20()) GTEST_SKIP() << "2.0 alone";
        broker.start(asked({.options = without_redispatch}));
    }
    // The broker is asked for one member, or for all.
    static Configuration asked(Configuration configuration) {
        const auto add = [](auto& to, const auto& more) {
            to.insert(to.end(), more.begin(), more.end());
        };
        add(configuration.first, GetParam().lines);
        add(configuration.options, GetParam().options);
        return configuration;
    }
    const std::vector<std::string> without_redispatch{"plugin_opt_redispatch false"};

    std::vector<Client*> join_many(const ClientOptions& client_options = {}) {
        std::vector<std::string> ids;
        for (const auto& number : numbers(1, member_count)) ids.push_back("worker-" + number);
        auto members = connect_all(ids, client_options);
        for (Client* member : members) member->subscribe("$share/g/t/#", 2);
        settle();  // in between the broker is asked for one at a time
        return members;
    }
    // Direct members that have resumed their sessions are known to be there within a second only,
    // unless they say so.
    void are_back(const std::vector<Client*>& members) {
        come_back(members);
        if (GetParam().options.empty()) return;
        for (Client* member : members) member->subscribe("$share/g/t/#", 2);
        settle();
    }
    // How many each gets of so many messages, which must all come, once.
    std::vector<std::size_t> shares(const std::vector<Client*>& members, int messages,
                                    int qos = 1) {
        publish(numbered("t", messages, qos));
        EXPECT_THAT(all_payloads(members), ElementsAreArray(sorted_numbers(messages)));
        auto result = counts(members);
        for (Client* member : members) member->take_messages();
        return result;
    }
    static std::vector<std::string> sorted_numbers(int count) {
        auto sorted = numbers(1, count);
        std::ranges::sort(sorted);
        return sorted;
    }
};

TEST_P(LargeGroups, TakeTurns) {
    const auto members = join_many();
    for (const int qos : {0, 1, 2})
        EXPECT_THAT(shares(members, 3 * member_count, qos), Each(3U)) << "QoS " << qos;
}

TEST_P(LargeGroups, PassOverThoseWhoAreAway) {
    auto members = join_many(persistent());
    const std::vector<Client*> away(members.begin(), members.begin() + member_count / 2);
    const std::vector<Client*> there(members.begin() + member_count / 2, members.end());
    leave(away);
    EXPECT_THAT(shares(there, member_count), Each(2U));
    are_back(away);
    EXPECT_THAT(counts(away), Each(0U));
    EXPECT_THAT(shares(members, 2 * member_count), Each(2U));
}

TEST_P(LargeGroups, HoldWhatComesWhileAllAreAway) {
    const auto members = join_many(persistent());
    leave(members);
    publish(numbered("t", 5, 1));
    are_back({members[7]});
    EXPECT_THAT(members[7]->take_payloads(), ElementsAreArray(numbers(1, 5)));
    are_back({members[0], members[1]});
    EXPECT_THAT(members[0]->take_payloads(), IsEmpty());
    const std::vector<Client*> there{members[0], members[1], members[7]};
    EXPECT_THAT(shares(there, 9), Each(3U));
}

TEST_P(LargeGroups, LoseThoseWhoLeaveAndThoseWhoseSessionsEnd) {
    auto members = join_many();
    for (int round = 0; round < 3; ++round) {
        members.back()->unsubscribe("$share/g/t/#");
        members.pop_back();
        members.back()->disconnect();
        members.pop_back();
        members.back()->drop();
        members.pop_back();
        const auto left = static_cast<int>(members.size());
        EXPECT_THAT(shares(members, 2 * left), Each(2U)) << left << " members";
    }
}

TEST_P(LargeGroups, MayBeLeftByThoseWhoWereAway) {
    const auto members = join_many(persistent());
    leave({members[0], members[1]});
    shares({members.begin() + 2, members.end()}, 2 * member_count);
    are_back({members[0], members[1]});
    members[0]->unsubscribe("$share/g/t/#");
    EXPECT_THAT(shares({members.begin() + 1, members.end()}, member_count - 1), Each(1U));
    EXPECT_THAT(members[0]->messages(), IsEmpty());
}

TEST_P(LargeGroups, ShrinkAndGrow) {
    auto members = join_many();
    for (int left = member_count; left > 1; --left)
        members[static_cast<std::size_t>(left) - 1]->unsubscribe("$share/g/t/#");
    EXPECT_THAT(shares({members[0]}, 4), Each(4U));
    for (std::size_t index = 1; index < members.size(); ++index)
        members[index]->subscribe("$share/g/t/#", 1);
    settle();
    EXPECT_THAT(shares(members, member_count), Each(1U));
}

TEST_P(LargeGroups, LeaveOthersAlone) {
    const auto members = join_many();
    for (Client* member : members) member->subscribe("$queue/t");
    members[3]->subscribe("t");
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t");
    settle();
    publish(numbered("t", member_count, 1));
    auto expected = std::vector<std::size_t>(member_count, 2);
    expected[3] += member_count;
    EXPECT_EQ(counts(members), expected);
    EXPECT_THAT(non_shared.messages(), SizeIs(member_count));
}

TEST_P(LargeGroups, ShareWhatNoClientPublishes) {
    const auto members = join_many();
    for (const auto& number : numbers(1, member_count)) {
        ClientOptions options{.will = Message{.topic = "t", .payload = number, .qos = 1}};
        connect("dying-" + number, options).drop();
    }
    settle();
    EXPECT_THAT(all_payloads(members), ElementsAreArray(sorted_numbers(member_count)));
    EXPECT_THAT(counts(members), Each(1U));
}

// All alike in size, so that the broker puts one where the one before was.
TEST_P(LargeGroups, GetWhatADeadMemberLeavesInTheMiddleOfTraffic) {
    constexpr std::uint16_t each = 100;
    if (broker_is_20()) return;  // loses what it leaves
    restart(asked({}));
    const std::vector<Client*> others = connect_all({"a", "b", "c"});
    for (Client* member : others) member->subscribe("$share/g/t/#", 1);
    auto silent = std::make_unique<RawClient>(broker.port(), "silent");
    EXPECT_THAT(silent->subscribe({"$share/g/t/#"}, 1), ElementsAre(1));
    settle();

    std::vector<std::string> payloads;
    std::vector<std::unique_ptr<RawClient>> publishers;
    for (const auto* id : {"p", "q", "r", "s"})
        publishers.push_back(std::make_unique<RawClient>(broker.port(), id));
    const auto publish_all = [&](std::uint16_t first) {
        for (std::uint16_t number = first; number < first + each; ++number) {
            for (const auto& publisher : publishers) {
                payloads.push_back(std::to_string(10000 + payloads.size()) + std::string(100, '.'));
                publisher->publish(
                    {.topic = "t", .payload = payloads.back(), .qos = 1, .identifier = number});
            }
        }
    };
    publish_all(1);
    EXPECT_EQ(silent->next_publish().qos, 1);
    silent.reset();
    publish_all(1 + each);
    for (const auto& publisher : publishers) {
        for (int acknowledged = 0; acknowledged < 2 * each; ++acknowledged)
            publisher->expect(PacketType::puback);
    }
    do settle();
    while (all_payloads(others).size() < payloads.size());
    EXPECT_THAT(all_payloads(others), ElementsAreArray(payloads));
}

// Its session has ended, but its connection goes only with the will.
TEST_P(LargeGroups, LoseNothingToAMemberWhoseWillIsDelayed) {
    const auto others = connect_all({"a", "b", "c"});
    Client& dying =
        connect("dying", {.will = Message{.topic = "will", .payload = "x"}, .will_delay = 3600});
    for (Client* member : others) member->subscribe("$share/g/t/#", 1);
    dying.subscribe("$share/g/t/#", 1);
    settle();
    dying.drop();
    settle();
    publish(numbered("t", 9, 1));
    settle();
    EXPECT_THAT(counts(others), Each(3U));
    EXPECT_THAT(all_payloads(others), ElementsAreArray(numbers(1, 9)));
}

TEST_P(LargeGroups, ComeBackAfterARestart) {
    restart(asked(remembering(without_redispatch)));
    const auto members = join_many(persistent());
    restart(asked(remembering(without_redispatch)));
    are_back(members);
    EXPECT_THAT(shares(members, 2 * member_count), Each(2U));
}

const std::vector<LargeGroupsRow> rows{
    {"AskedForOne", {"allow_duplicate_messages true"}, {}},
    {"AskedForAll", {"allow_duplicate_messages false"}, {}},
    {"AskedForSome", {}, {"plugin_opt_direct_from 5"}},
    {"AskedForSomeOnce", {"allow_duplicate_messages false"}, {"plugin_opt_direct_from 5"}}};

INSTANTIATE_TEST_SUITE_P(, LargeGroups, ::testing::ValuesIn(rows),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
