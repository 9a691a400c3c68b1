// Members that are offline, leave, come back: who gets the next message, and what was under way.

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class Sessions : public PluginTest, public ::testing::WithParamInterface<int> {
  protected:
    ClientOptions outliving() const { return persistent(GetParam()); }
    void drop(Client& client) {
        client.drop();
        settle();  // The broker has noticed.
    }
};

INSTANTIATE_TEST_SUITE_P(, Sessions, ::testing::Values(MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5),
                         [](const auto& row) { return protocol_name(row.param); });

TEST_P(Sessions, ConnectedMembersComeBeforeDisconnectedOnes) {
    const auto members = connect_all({"a", "b", "c"}, outliving());
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    drop(*members[0]);

    connect("publisher").publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 3, 3));

    EXPECT_TRUE(members[0]->connect());
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 3, 3));
}

TEST_P(Sessions, ResumedMemberTakesItsTurnsAgain) {
    const auto members = connect_all({"a", "b"}, outliving());
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    drop(*members[0]);
    EXPECT_TRUE(members[0]->connect());

    connect("publisher").publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 6)));
}

TEST_P(Sessions, PolitelyDisconnectedMemberIsAMemberWhileItsSessionLives) {
    Client& member = connect("member", outliving());
    member.subscribe("$share/g/t", 1);
    member.disconnect();
    settle();
    connect("publisher").publish(numbered("t", 5, 1));
    settle();
    EXPECT_TRUE(member.connect());
    settle();
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 5)));
}

TEST_P(Sessions, NothingIsLostOrDoubledWhenAllWereAway) {
    const auto members = connect_all({"a", "b", "c"}, outliving());
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    for (Client* member : members) drop(*member);

    connect("publisher").publish(numbered("t", 9, 1));
    settle();
    for (Client* member : members) EXPECT_TRUE(member->connect());
    settle();

    auto payloads = all_payloads(members);
    EXPECT_THAT(payloads, ElementsAreArray(numbers(1, 9)));
}

TEST_P(Sessions, ResumedMemberCanLeave) {
    const auto members = connect_all({"a", "b"}, outliving());
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    drop(*members[0]);
    members[0]->connect();
    members[0]->unsubscribe("$share/g/t");

    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 4));
}

TEST_P(Sessions, SubscribingAgainAfterResumingIsNoSecondMembership) {
    const auto members = connect_all({"a", "b"}, outliving());
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    drop(*members[0]);
    members[0]->connect();
    members[0]->subscribe("$share/g/t", 1);

    connect("publisher").publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 3));

    members[0]->unsubscribe("$share/g/t");
    connect("publisher2").publish(numbered("t", 2, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 5));
}

TEST_P(Sessions, TakenOverConnectionStaysAMember) {
    Client& before = connect("same", outliving());
    Client& other = connect("other");
    before.subscribe("$share/g/t", 1);
    other.subscribe("$share/g/t", 1);
    Client& after = connect("same", outliving());
    loop.run_until("the old connection to end", [&] { return !before.connected(); });

    connect("publisher").publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(before.payloads(), IsEmpty());
    EXPECT_THAT(counts({&after, &other}), ElementsAre(3, 3));
}

TEST_P(Sessions, CleanStartEndsTheMembershipsOfTheSessionThatItTakesOver) {
    Client& before = connect("same", outliving());
    Client& other = connect("other");
    before.subscribe("$share/g/t", 1);
    other.subscribe("$share/g/t", 1);
    Client& after = connect("same", {.protocol = GetParam(), .clean_start = true});

    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(before.payloads(), IsEmpty());
    EXPECT_THAT(after.payloads(), IsEmpty());
    EXPECT_THAT(other.payloads(), ElementsAreArray(numbers(1, 4)));
}

TEST_P(Sessions, CleanStartEndsTheMembershipsOfASessionThatIsAway) {
    Client& before = connect("same", outliving());
    Client& other = connect("other", outliving());
    before.subscribe("$share/g/t", 1);
    other.subscribe("$share/g/t", 1);
    drop(before);
    Client& after = connect("same", {.protocol = GetParam(), .clean_start = true});
    drop(other);

    connect("publisher").publish(numbered("t", 4, 1));
    other.connect();
    settle();
    EXPECT_THAT(after.payloads(), IsEmpty());
    EXPECT_THAT(other.payloads(), ElementsAreArray(numbers(1, 4)));
}

// How a member goes for good.
struct LeavingRow {
    std::string name;
    void (*leave)(Client&);
};
void PrintTo(const LeavingRow& row, std::ostream* stream) {
    *stream << row.name;
}

// What they leave behind: redispatch_test.cpp.
class Leaving : public BrokerTest, public ::testing::WithParamInterface<LeavingRow> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.options = {"plugin_opt_redispatch false"}});
    }
};

TEST_P(Leaving, GetsNothingMoreFromTheNextMessageOn) {
    const auto members = connect_all({"a", "b", "c"});
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    for (std::size_t left = members.size(); left > 1; --left) {
        Client& going = *members[left - 1];
        GetParam().leave(going);
        settle();  // The broker has noticed.
        const auto before = going.messages().size();
        const auto total = all_payloads(members).size();
        publisher.publish(numbered("t", 6, 1));
        settle();
        EXPECT_EQ(going.messages().size(), before);
        EXPECT_EQ(all_payloads(members).size(), total + 6);
    }
    EXPECT_THAT(counts(members), ElementsAre(9, 3, 0));
}

INSTANTIATE_TEST_SUITE_P(
    , Leaving,
    ::testing::Values(LeavingRow{"Unsubscribes",
                                 [](Client& client) { client.unsubscribe("$share/g/t"); }},
                      LeavingRow{"Disconnects", [](Client& client) { client.disconnect(); }},
                      LeavingRow{"Drops", [](Client& client) { client.drop(); }}),
    [](const auto& row) { return row.param.name; });

using Expiry = PluginTest;

// A second is the shortest expiry: the broker's log says when it has happened.
TEST_F(Expiry, SessionThatExpiredSwallowsNothing) {
    Client& expiring = connect("expiring", {.clean_start = false, .session_expiry = 1});
    Client& staying = connect("staying", persistent());
    expiring.subscribe("$share/g/t", 1);
    staying.subscribe("$share/g/t", 1);
    expiring.drop();
    staying.drop();
    broker.wait_for_log("Expiring client expiring");

    connect("publisher").publish(numbered("t", 4, 1));
    EXPECT_TRUE(staying.connect());
    settle();
    EXPECT_THAT(staying.payloads(), ElementsAreArray(numbers(1, 4)));
}

}  // namespace
}  // namespace integration
