// How long a group's name may be, in how many groups a client, and how many members there may be.

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int kNotAuthorized = 0x87;  // the broker lets no plugin choose 0x97

class MembershipLimits : public BrokerTest {
  protected:
    static std::string group(std::size_t bytes, const std::string& filter = "t") {
        return "$share/" + std::string(bytes, 'g') + "/" + filter;
    }
    void expect_refused(const std::string& client, const std::string& option) {
        const auto lines = broker.log_lines(option);
        ASSERT_THAT(lines, SizeIs(1));
        EXPECT_THAT(lines[0], HasSubstr("client '" + client + "' may not join group"));
    }
};

TEST_F(MembershipLimits, NamesHave256BytesAtMost) {
    broker.start();
    auto& client = connect("client");
    EXPECT_EQ(client.subscribe(group(256)), 2);
    EXPECT_EQ(client.subscribe(group(257)), kNotAuthorized);
    expect_refused("client", "plugin_opt_max_group_name_bytes allows 256");
    client.publish("t", "x", 1);
    client.wait_for_messages(1);
    settle();
    EXPECT_THAT(client.payloads(), SizeIs(1));
}

TEST_F(MembershipLimits, NamesMayBeAsLongAsAFilter) {
    broker.start({.options = {"plugin_opt_max_group_name_bytes 0"}});
    const auto members = connect_all({"a", "b"});
    auto& publisher = connect("publisher");
    for (const std::size_t bytes : {60'000U, 65'526U}) {
        for (auto* member : members) EXPECT_EQ(member->subscribe(group(bytes), 1), 1);
        publisher.publish(numbered("t", 4, 1));
        settle();
        EXPECT_THAT(counts(members), ElementsAre(2, 2));
        for (auto* member : members) member->take_messages();
        members[0]->unsubscribe(group(bytes));
        publisher.publish(numbered("t", 4, 1));
        settle();
        EXPECT_THAT(counts(members), ElementsAre(0, 4));
        members[1]->unsubscribe(group(bytes));
        members[1]->take_messages();
    }
}

TEST_F(MembershipLimits, AClientIsInSoManyGroups) {
    broker.start({.options = {"plugin_opt_max_groups_per_client 2"}});
    auto& client = connect("client");
    EXPECT_EQ(client.subscribe("$share/g/1"), 2);
    EXPECT_EQ(client.subscribe("$queue/2"), 2);
    EXPECT_EQ(client.subscribe("$share/g/3"), kNotAuthorized);
    EXPECT_EQ(client.subscribe("$share/g/1", 1), 1) << "a member may subscribe again";
    EXPECT_EQ(client.subscribe("any"), 2) << "and to anything without a group";
    expect_refused("client", "it is in 2 groups, which is what plugin_opt_max_groups_per_client");
    client.unsubscribe("$queue/2");
    EXPECT_EQ(client.subscribe("$share/g/3"), 2);
}

TEST_F(MembershipLimits, AllGroupsHaveSoManyMembers) {
    broker.start({.options = {"plugin_opt_max_members 2"}});
    const auto members = connect_all({"a", "b"});
    for (auto* member : members) EXPECT_EQ(member->subscribe("$share/g/t"), 2);
    auto& late = connect("late");
    EXPECT_EQ(late.subscribe("$share/g/t"), kNotAuthorized);
    EXPECT_EQ(late.subscribe("t"), 2);
    expect_refused("late", "all groups have 2 members, which is what plugin_opt_max_members");
    members[0]->disconnect();
    settle();
    EXPECT_EQ(late.subscribe("$share/g/t"), 2);
}

}  // namespace
}  // namespace integration
