// Members that access control forbids to read: they get nothing. The group loses nothing, unless
// the broker cannot be asked beforehand: then it loses what comes in their turns.

#include <map>

#include "access_control_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using ForbiddenMember = EachAccessControl;

TEST_P(ForbiddenMember, CostsTheGroupNothingOrItsTurns) {
    const auto members = join({"alice", "bob", "carol"}, "$share/g/secret/#");
    Client& publisher = connect("publisher");
    const std::vector<std::vector<std::size_t>> without_bobs_turns{{4, 0, 3}, {3, 0, 3}, {3, 0, 4}};
    for (const int qos : {0, 1, 2}) {
        SCOPED_TRACE(qos);
        publisher.publish(numbered("secret/t", 10, qos));
        settle();
        const auto expected = broker_can_be_asked()
                                  ? std::vector<std::size_t>{5, 0, 5}
                                  : without_bobs_turns[static_cast<std::size_t>(qos)];
        EXPECT_EQ(counts(members), expected);
        for (Client* member : members) member->take_messages();
    }
}

TEST_P(ForbiddenMember, IsNamedInTheLogOnceOrTheLogSaysThatItCannotBe) {
    const auto members = join({"bob", "alice"}, "$share/g/secret/#");
    Client& publisher = connect("publisher");
    EXPECT_EQ(times_passed_over("bob"), 0U);
    publisher.publish(numbered("secret/t", 6, 1));
    publisher.publish("secret/u", "x", 1);
    settle();
    const auto warnings = broker.log_lines("does not let a plugin ask");
    if (broker_can_be_asked()) {
        EXPECT_EQ(times_passed_over("bob"), 1U);
        EXPECT_THAT(warnings, IsEmpty());
        EXPECT_THAT(counts(members), ElementsAre(0, 7));
    } else {
        EXPECT_EQ(times_passed_over("bob"), 0U);
        EXPECT_THAT(warnings, SizeIs(1));
        EXPECT_THAT(counts(members), ElementsAre(0, 3));
    }
    EXPECT_EQ(times_passed_over("alice"), 0U);
}

TEST_P(ForbiddenMember, WhoIsAloneGetsNothing) {
    auto members = join({"bob"}, "$queue/secret/#");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("secret/t", 3, 1));
    settle();
    EXPECT_THAT(members[0]->payloads(), IsEmpty());

    members.push_back(join({"alice"}, "$queue/secret/#")[0]);
    publisher.publish(numbered("secret/t", 3, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, broker_can_be_asked() ? 3 : 1));
}

TEST_P(ForbiddenMember, GetsTheTopicsThatAreAllowed) {
    const auto members = join({"alice", "bob"}, "$share/g/+/t");
    Client& publisher = connect("publisher");
    for (int i = 0; i < 6; ++i) {
        publisher.publish("open/t", "open", 1);
        publisher.publish("secret/t", "secret", 1);
        publisher.publish("open/t", "open", 1);
    }
    settle();
    const std::size_t lost = broker_can_be_asked() ? 0 : 3;  // every other one
    EXPECT_THAT(all_payloads(members), SizeIs(18 - lost));
    EXPECT_THAT(members[1]->payloads(), Not(IsEmpty()));
    EXPECT_THAT(members[1]->payloads(), Each("open"));
}

TEST_P(ForbiddenMember, OfOneGroupServesInAnother) {
    const auto secrets = join({"alice", "bob"}, "$share/g/secret/#");
    for (Client* member : secrets) member->subscribe("$share/g/open/#");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("secret/t", 4, 1));
    publisher.publish(numbered("open/t", 4, 1));
    settle();
    EXPECT_THAT(counts(secrets), ElementsAre(broker_can_be_asked() ? 6 : 4, 2));
}

TEST_P(ForbiddenMember, GetsNothingOnAnOldProtocolEither) {
    for (const int protocol : {MQTT_PROTOCOL_V31, MQTT_PROTOCOL_V311}) {
        SCOPED_TRACE(protocol_name(protocol));
        Client& bob = connect_client("bob", {.protocol = protocol});
        Client& alice = connect_client("alice", {.protocol = protocol});
        for (Client* member : {&bob, &alice}) member->subscribe("$share/g/secret/#");
        connect("publisher").publish(numbered("secret/t", 4, 1));
        settle();
        EXPECT_THAT(counts({&bob, &alice}), ElementsAre(0, broker_can_be_asked() ? 4 : 2));
    }
}

// A session that is offline is elected only when nobody is connected.
TEST_P(ForbiddenMember, WhoWasAwayCostsNothingOrWhatWaited) {
    Client& bob = connect_client("bob", persistent());
    Client& alice = connect_client("alice", persistent());
    for (Client* member : {&bob, &alice}) member->subscribe("$share/g/secret/#");
    bob.drop();
    alice.drop();
    settle();
    connect("publisher").publish(numbered("secret/t", 4, 1));
    settle();
    bob.connect();
    alice.connect();
    settle();
    // Where the broker cannot be asked, the first that is back is given all that waits.
    EXPECT_THAT(counts({&bob, &alice}), ElementsAre(0, broker_can_be_asked() ? 4 : 0));
}

TEST_P(ForbiddenMember, StillHasItsOrdinarySubscriptions) {
    Client& bob = *join({"bob"}, "$share/g/secret/#")[0];
    Client& alice = *join({"alice"}, "$share/g/secret/#")[0];
    for (Client* client : {&bob, &alice}) {
        client->subscribe("secret/#");
        client->subscribe("open/#");
    }
    Client& publisher = connect("publisher");
    publisher.publish(numbered("secret/t", 3, 1));
    publisher.publish(numbered("open/t", 3, 1));
    settle();
    EXPECT_THAT(bob.messages(), Each(Field(&Message::topic, "open/t")));
    EXPECT_THAT(counts({&bob, &alice}), ElementsAre(3, broker_can_be_asked() ? 9 : 7));
}

TEST_P(ForbiddenMember, MayBeTheWillsReader) {
    const auto members = join({"bob", "alice"}, "$share/g/secret/#");
    // Where the broker cannot be asked, the first is bob's, and lost.
    const std::vector<std::string> all{"dying", "dying too"};
    for (const auto& id : std::vector(all.begin(), all.end() - (broker_can_be_asked() ? 1 : 0))) {
        const ClientOptions options{.will = Message{.topic = "secret/will", .payload = "w"}};
        connect(id, options).drop();
    }
    members[1]->wait_for_messages(1);
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 1));
}

TEST_P(ForbiddenMember, NeverGetsARetainedMessage) {
    connect("publisher").publish({.topic = "secret/r", .payload = "r", .qos = 1, .retain = true});
    const auto members = join({"alice", "bob"}, "$share/g/secret/#");
    for (Client* member : members) member->subscribe("secret/#");
    settle();
    EXPECT_THAT(counts(members), ElementsAre(1, 0));
}

using RightsGivenBack = EachAccessControl;

TEST_P(RightsGivenBack, MakeAMemberThatIsServed) {
    Client& bob = connect_client("bob", persistent());
    Client& alice = connect_client("alice");
    for (Client* member : {&alice, &bob}) member->subscribe("$share/g/secret/#");
    Client& publisher = connect("publisher");
    const auto publish_and_count = [&] {
        for (Client* member : {&alice, &bob}) member->take_messages();
        publisher.publish(numbered("secret/t", 4, 1));
        settle();
        return counts({&alice, &bob});
    };

    const std::size_t lost = broker_can_be_asked() ? 0 : 2;  // bob's turns
    EXPECT_THAT(publish_and_count(), ElementsAre(4 - lost, 0));
    let_read_secrets(bob, true);
    EXPECT_THAT(publish_and_count(), ElementsAre(2, 2));
    let_read_secrets(bob, false);
    EXPECT_THAT(publish_and_count(), ElementsAre(4 - lost, 0));
}

// The broker asks again for what it holds for a session that is resumed.
TEST_P(RightsGivenBack, AndTakenWhileAwayLeaveNothingQueued) {
    Client& bob = connect_client("bob", persistent());
    let_read_secrets(bob, true);
    for (const auto* filter : {"$share/g/secret/#", "$share/g/open/#", "secret/#"}) {
        bob.subscribe(filter);
    }
    bob.drop();
    settle();
    Client& publisher = connect("publisher");
    publisher.publish("secret/t", "secret", 1);
    publisher.publish("open/t", "open", 1);
    settle();

    let_read_secrets(bob, false);
    EXPECT_TRUE(bob.connect());
    settle();
    EXPECT_THAT(bob.payloads(), ElementsAre("open"));
}

using RefusedSubscription = EachAccessControl;

TEST_P(RefusedSubscription, MakesNoMember) {
    if (is_acl_file()) return;  // lets everybody subscribe
    const auto members = connect_clients({"bob", "alice"});
    for (const auto* filter : {"$queue/closed/#", "$share/g/closed/#", "closed/#"}) {
        EXPECT_THAT(members[0]->subscribe(filter), Ge(128)) << filter;
    }
    members[1]->subscribe("$queue/closed/#");
    members[1]->subscribe("$share/g/closed/#");

    connect("publisher").publish(numbered("closed/t", 4, 1));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(0, 8));
    EXPECT_EQ(times_passed_over("bob"), 0U);
}

TEST_P(RefusedSubscription, LeavesTheOthersOfThePacket) {
    if (is_acl_file()) return;
    const auto members = connect_clients({"bob", "alice"});
    EXPECT_THAT(members[0]->subscribe({"$queue/open/#", "$queue/closed/#", "$share/g/open/#"}, 1),
                ElementsAre(1, Ge(128), 1));
    connect("publisher").publish(numbered("open/t", 3, 1));
    settle();
    EXPECT_THAT(members[0]->payloads(), SizeIs(6));
}

using RefusedUnsubscription = EachAccessControl;

TEST_P(RefusedUnsubscription, LeavesTheMember) {
    if (is_acl_file() || GetParam().kind == AccessControlKind::plugin_v4) return;  // not asked
    for (const auto* filter : {"$share/g/pinned/#", "$queue/pinned/#"}) {
        SCOPED_TRACE(filter);
        const auto members = join({"bob", "alice"}, filter);
        for (Client* member : members) member->unsubscribe(filter);
        connect("publisher").publish(numbered("pinned/t", 4, 1));
        settle();
        EXPECT_THAT(counts(members), ElementsAre(4, 0));
        for (Client* member : members) member->disconnect();
    }
}

// Where the broker cannot be asked, the plugin does not know of the refusal, and carries out what
// the client asked for: nothing is lost, and nothing comes twice.
TEST_P(RefusedUnsubscription, LeavesALeafThatIsOrdinaryToo) {
    if (is_acl_file() || GetParam().kind == AccessControlKind::plugin_v4) return;
    const std::map<std::string, std::vector<std::size_t>> carried_out{{"$share/g/pinned/#", {4, 8}},
                                                                      {"pinned/#", {2, 6}}};
    for (const auto& [filter, without] : carried_out) {
        SCOPED_TRACE(filter);
        const auto members = join({"bob", "alice"}, "$share/g/pinned/#");
        for (Client* member : members) member->subscribe("pinned/#");
        members[0]->unsubscribe(filter);
        connect("publisher").publish(numbered("pinned/t", 4, 1));
        settle();
        const std::vector<std::size_t> refused{6, 6};
        EXPECT_EQ(counts(members), broker_can_be_asked() ? refused : without);
        for (Client* member : members) member->disconnect();
    }
}

const auto name_of_access_control = [](const auto& row) { return row.param.name; };
const auto each_row = ::testing::ValuesIn(each_access_control());
INSTANTIATE_TEST_SUITE_P(, ForbiddenMember, each_row, name_of_access_control);
INSTANTIATE_TEST_SUITE_P(, RightsGivenBack, each_row, name_of_access_control);
INSTANTIATE_TEST_SUITE_P(, RefusedSubscription, each_row, name_of_access_control);
INSTANTIATE_TEST_SUITE_P(, RefusedUnsubscription, each_row, name_of_access_control);

}  // namespace
}  // namespace integration
