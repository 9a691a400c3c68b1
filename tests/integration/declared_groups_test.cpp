// Groups that are there without members, too: they collect messages before the first member has
// come and after the last has gone.

#include <array>

#include "control_request.hpp"
#include "declared_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DeclaredGroups : public DeclaredTest {
  protected:
    std::string ask(const std::string& command, const std::string& group,
                    const std::string& topic_filter) {
        Client& administrator = connect("administrator");
        const auto response = integration::ask(
            administrator, {{"command", command}, {"group", group}, {"filter", topic_filter}});
        administrator.disconnect();
        return response.value("error", "");
    }
};

TEST_F(DeclaredGroups, CollectBeforeTheirFirstMemberAndAfterTheirLast) {
    broker.start({.options = {declared}});
    Client& publisher = connect("publisher");
    publisher.publish(numbered("jobs/a", 10, 1));
    publisher.publish(numbered("jobs/b", 3, 0));
    publisher.publish(numbered("jobs/c", 5, 2));
    publisher.publish(numbered("other", 5, 1));
    settle();
    auto expected = numbers(1, 10);
    const auto more = numbers(1, 5);
    expected.insert(expected.end(), more.begin(), more.end());
    EXPECT_THAT(collect("first", 15), ElementsAreArray(expected));
    publisher.publish(numbered("jobs/a", 4, 1));
    settle();
    EXPECT_THAT(collect("second", 4), ElementsAreArray(numbers(1, 4)));
    EXPECT_THAT(collect("third", 0), IsEmpty());
}

TEST_F(DeclaredGroups, GetEachMessageOnceWhoeverElseListens) {
    broker.start({.options = {declared}});
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("jobs/+", 1);
    const auto others = connect_all({"a", "b"});
    for (Client* member : others) member->subscribe("$share/others/jobs/+", 1);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("jobs/a", 10, 1));
    settle();
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 10)));
    EXPECT_THAT(all_payloads(others), SizeIs(10));
    EXPECT_THAT(collect("first", 10), ElementsAreArray(numbers(1, 10)));
    publisher.publish(numbered("jobs/a", 10, 2));
    settle();
    EXPECT_THAT(collect("second", 10), ElementsAreArray(numbers(1, 10)));
}

TEST_F(DeclaredGroups, AreServedAtOnceWhileTheyHaveMembers) {
    broker.start({.options = {declared}});
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe(filter, 1);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("jobs/a", 10, 1));
    publisher.publish(numbered("jobs/a", 10, 2));
    settle();
    EXPECT_THAT(counts(members), ::testing::Each(10U));
    for (Client* member : members) member->disconnect();
    settle();
    EXPECT_THAT(collect("third", 0), IsEmpty());
}

// A message of QoS 2 that is published before somebody joins, and released afterwards.
TEST_F(DeclaredGroups, GetAMessageThatIsReleasedLaterOnce) {
    broker.start({.options = {declared}});
    RawClient publisher(broker.port(), "publisher");
    publisher.publish({.topic = "jobs/a", .payload = "x", .qos = 2, .identifier = 1});
    publisher.expect(PacketType::pubrec);
    Client& member = connect("member");
    member.subscribe(filter, 2);
    publisher.send(PacketType::pubrel, 1);
    publisher.expect(PacketType::pubcomp);
    member.wait_for_messages(1);
    settle();
    EXPECT_THAT(member.payloads(), SizeIs(1));
}

// The other way round: somebody is there when it is published, and nobody when it is released.
TEST_F(DeclaredGroups, CollectAMessageThatIsReleasedWhenTheLastMemberHasGone) {
    broker.start({.options = {declared}});
    Client& member = connect("member");
    member.subscribe(filter, 2);
    RawClient publisher(broker.port(), "publisher");
    for (const auto identifier : std::to_array<std::uint16_t>({1, 2, 3})) {
        publisher.publish({.topic = "jobs/a",
                           .payload = std::to_string(identifier),
                           .qos = 2,
                           .identifier = identifier});
        publisher.expect(PacketType::pubrec);
    }
    const auto release = [&publisher](std::uint16_t identifier) {
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
    };
    release(1);
    member.wait_for_messages(1);
    member.unsubscribe(filter);
    release(2);
    settle();
    EXPECT_THAT(collect("first", 2), ElementsAre("2", "3"));
    release(3);
    EXPECT_THAT(collect("second", 0), IsEmpty());
    EXPECT_THAT(member.payloads(), ElementsAre("1"));
}

// 2.0 does not report that the subscriptions of a client end which starts anew.
TEST_F(DeclaredGroups, CollectWhatIsReleasedWhenTheLastMemberHasStartedAnew) {
    broker.start({.options = {declared}});
    RawClient member(broker.port(), "member");
    member.subscribe({filter});
    RawClient publisher(broker.port(), "publisher");
    const auto receive = [&publisher](std::uint16_t identifier) {
        publisher.publish({.topic = "jobs/a",
                           .payload = std::to_string(identifier),
                           .qos = 2,
                           .identifier = identifier});
        publisher.expect(PacketType::pubrec);
    };
    receive(1);
    const RawClient anew(broker.port(), "member");
    receive(2);
    settle();
    for (const auto identifier : std::to_array<std::uint16_t>({1, 2})) {
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
    }
    EXPECT_THAT(collect("first", 2), ElementsAre("1", "2"));
}

TEST_F(DeclaredGroups, CollectForMembersThatAreAway) {
    broker.start({.options = {declared}});
    Client& member = connect("member", persistent());
    member.subscribe(filter, 1);
    member.drop();
    settle();
    Client& publisher = connect("publisher");
    publisher.publish(numbered("jobs/a", 3, 1));
    publisher.publish(numbered("jobs/a", 3, 2));
    settle();
    EXPECT_TRUE(member.connect());
    member.wait_for_messages(6);
    settle();
    EXPECT_THAT(member.payloads(), SizeIs(6));
}

// 2.0 does not say when such a session is gone.
TEST_F(DeclaredGroups, CollectWhenTheLastSessionHasExpired) {
    broker.start({.options = {declared}});
    Client& member = connect("member", {.clean_start = false, .session_expiry = 1});
    member.subscribe(filter, 1);
    member.drop();
    broker.wait_for_log("Expiring client member");
    connect("publisher").publish(numbered("jobs/a", 3, 1));
    settle();
    EXPECT_THAT(collect("next", 3), ElementsAreArray(numbers(1, 3)));
}

TEST_F(DeclaredGroups, CollectWills) {
    broker.start({.options = {declared}});
    connect("dying", {.will = Message{.topic = "jobs/a", .payload = "will", .qos = 1}}).drop();
    settle();
    EXPECT_THAT(collect("first", 1), ElementsAreArray({"will"}));
}

// Neither messages nor wills.
TEST_F(DeclaredGroups, CollectNothingThatMayNotBePublished) {
    const auto file = broker.write_file(
        "acl", "topic read #\ntopic readwrite jobs/b\ntopic readwrite $fence/#\n");
    broker.start({.options = {declared}, .after_plugin = {"acl_file " + file}});
    connect("dying", {.will = Message{.topic = "jobs/a", .payload = "will", .qos = 1}}).drop();
    connect("publisher").publish(numbered("jobs/a", 3, 1));
    connect("publisher").publish("jobs/b", "allowed", 1);
    settle();
    EXPECT_THAT(collect("first", 1), ElementsAreArray({"allowed"}));
}

TEST_F(DeclaredGroups, KeepWhatTheyHaveCollectedOverARestart) {
    broker.start(remembering({declared}));
    connect("publisher").publish(numbered("jobs/a", 5, 1));
    settle();
    restart(remembering({declared}));
    EXPECT_THAT(collect("first", 5), ElementsAreArray(numbers(1, 5)));
}

TEST_F(DeclaredGroups, AreDeclaredAndDeletedByAdministrators) {
    broker.start(remembering({"plugin_opt_control true", declared}));
    EXPECT_EQ(ask("declareGroup", "billing", "orders/+"), "");
    connect("publisher").publish(numbered("orders/a", 5, 1));
    settle();
    restart(remembering({"plugin_opt_control true", declared}));
    Client& publisher = connect("again");
    publisher.publish("orders/a", "6", 1);
    settle();
    Client& member = connect("member");
    member.subscribe("$share/billing/orders/+", 1);
    member.wait_for_messages(6);
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 6)));
    member.disconnect();
    settle();
    publisher.publish("orders/a", "lost", 1);
    EXPECT_EQ(ask("deleteGroup", "billing", "orders/+"), "");
    EXPECT_THAT(ask("deleteGroup", "billing", "orders/+"), HasSubstr("not declared"));
    EXPECT_THAT(ask("deleteGroup", "workers", "jobs/#"), HasSubstr("plugin_opt_declare_group"));
    EXPECT_THAT(ask("declareGroup", "workers", "jobs/#/a"), HasSubstr("wildcard"));
    restart(remembering({"plugin_opt_control true", declared}));
    Client& late = connect("late");
    late.subscribe("$share/billing/orders/+", 1);
    settle();
    EXPECT_THAT(late.payloads(), IsEmpty());
}

}  // namespace
}  // namespace integration
