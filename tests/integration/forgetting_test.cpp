// Restarts after which one side knows less than the other: the broker has lost its sessions, the
// plugin was offline, or keeps no file.

#include <filesystem>

#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LostSessions : public RestartTest {
  protected:
    void restart_without_sessions() {
        stop_under_clients();
        ASSERT_TRUE(std::filesystem::remove(sessions()));
        broker.start(remembering());
    }
};

TEST_F(LostSessions, AreNoMembersAnyMore) {
    broker.start(remembering());
    const auto lost = join({"a", "b"});
    restart_without_sessions();

    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    publish(numbered("t", 10, 1));
    EXPECT_THAT(newcomer.take_payloads(), ElementsAreArray(numbers(1, 10)));

    for (Client* client : lost) EXPECT_FALSE(client->connect());
    publish(numbered("t", 10, 1));
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 10)));
    EXPECT_THAT(counts(lost), Each(0U));

    // They may join again.
    for (Client* client : lost) client->subscribe("$share/g/t", 1);
    publish(numbered("t", 6, 1));
    EXPECT_THAT(counts(lost), Each(2U));
}

// 2.0 shows that they are gone no earlier than by the next message.
TEST_F(LostSessions, TakeTheQueueOfTheirGroupAlong) {
    broker.start(remembering());
    leave(join({"a", "b"}));
    publish(numbered("t", 5, 1));
    restart_without_sessions();

    if (broker_is_20()) publish({{.topic = "t", .payload = "to nobody", .qos = 1}});
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(newcomer.messages(), IsEmpty());
    publish(numbered("t", 5, 1));
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 5)));
}

class PluginAway : public RestartTest {
  protected:
    Configuration without_plugin() const {
        return {.first = broker_remembers(), .with_plugin = false};
    }
};

// What reaches whom while it is offline is the broker's own affair.
TEST_F(PluginAway, MembersThatSubscribeAgainShareExactly) {
    broker.start(remembering());
    const auto members = join({"a", "b", "ending"});
    leave({members[0]});

    restart(without_plugin());
    come_back({members[1]});
    connect("ending").disconnect();
    publish(numbered("t", 5, 1));

    restart(remembering());
    come_back({members[0], members[1]});
    for (Client* member : {members[0], members[1]}) {
        EXPECT_EQ(member->subscribe("$share/g/t", 1), 1);
    }
    EXPECT_FALSE(members[2]->connect());
    settle();
    for (Client* member : members) member->take_messages();
    publish(numbered("t", 10, 1));
    EXPECT_THAT(counts(members), ElementsAre(5, 5, 0));
    EXPECT_THAT(all_payloads(members), ::testing::UnorderedElementsAreArray(numbers(1, 10)));
}

struct WarningRow {
    std::string name;
    bool persistence;
    bool with_file;
    std::size_t warnings;
};
void PrintTo(const WarningRow& row, std::ostream* stream) {
    *stream << row.name;
}

class Warning : public RestartTest, public ::testing::WithParamInterface<WarningRow> {};

TEST_P(Warning, IsGivenWhereTheBrokerRemembersMoreThanThePlugin) {
    const auto& row = GetParam();
    Configuration configuration;
    if (row.persistence) configuration.first = broker_remembers();
    if (row.with_file) configuration.options = {"plugin_opt_persistence_file " + database()};
    broker.start(configuration);
    EXPECT_THAT(broker.log_lines("plugin_opt_persistence_file"), SizeIs(row.warnings));
}

INSTANTIATE_TEST_SUITE_P(, Warning,
                         ::testing::Values(WarningRow{"BothRemember", true, true, 0},
                                           WarningRow{"BrokerAlone", true, false, 1},
                                           WarningRow{"PluginAlone", false, true, 0},
                                           WarningRow{"Neither", false, false, 0}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
