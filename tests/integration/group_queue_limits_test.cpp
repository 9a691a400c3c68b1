// What does not wait in a group's queue: beyond its bounds, of QoS 0, of a group that has ended,
// and what the member that comes may not read.

#include "access_control_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QueueLimits : public AccessControlTest {
  protected:
    Client& absent_member(const std::string& id, const std::string& filter, int qos = 2) {
        Client& member = connect_client(id, persistent());
        EXPECT_EQ(member.subscribe(filter, qos), qos);
        leave({&member});
        return member;
    }
    std::vector<std::string> payloads_on_return(Client& member) {
        come_back({&member});
        return member.take_payloads();
    }
    // What the log says about a bound that a group has reached.
    std::vector<std::string> refusals(const std::string& bound, const std::string& group) const {
        auto lines = broker.log_lines(bound);
        std::erase_if(lines, [&](const auto& line) { return line.find(group) == line.npos; });
        return lines;
    }
};

TEST_F(QueueLimits, NewestMessagesBeyondTheBoundAreRefused) {
    broker.start({.options = {"plugin_opt_max_queued_messages 5"}});
    Client& member = absent_member("member", "$share/workers/t");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 20, 1));
    settle();
    EXPECT_THAT(refusals("max_queued_messages", "workers"), SizeIs(1));
    EXPECT_THAT(payloads_on_return(member), ElementsAreArray(numbers(1, 5)));

    // There is room again.
    member.drop();
    settle();
    publisher.publish(numbered("t", 4, 2));
    EXPECT_THAT(payloads_on_return(member), ElementsAreArray(numbers(1, 4)));
}

TEST_F(QueueLimits, AreEachGroupsOwn) {
    broker.start({.options = {"plugin_opt_max_queued_messages 5"}});
    Client& worker = absent_member("worker", "$share/workers/t");
    Client& auditor = absent_member("auditor", "$share/auditors/t");
    Client& nameless = absent_member("nameless", "$queue/other");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("other", 5, 1));
    publisher.publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(refusals("max_queued_messages", "workers"), SizeIs(1));
    EXPECT_THAT(refusals("max_queued_messages", "auditors"), SizeIs(1));
    EXPECT_THAT(refusals("max_queued_messages", "queue/"), IsEmpty());
    for (Client* member : {&worker, &auditor, &nameless}) {
        EXPECT_THAT(payloads_on_return(*member), ElementsAreArray(numbers(1, 5)));
    }
}

TEST_F(QueueLimits, AreAThousandMessagesByDefault) {
    broker.start();
    Client& member = absent_member("member", "$share/workers/t");
    connect("publisher").publish(numbered("t", 1010, 1));
    EXPECT_TRUE(member.connect());
    member.wait_for_messages(1000);
    settle();
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 1000)));
    EXPECT_THAT(refusals("max_queued_messages", "workers"), SizeIs(1));
}

TEST_F(QueueLimits, CountTopicsAndPayloadsInBytes) {
    broker.start({.options = {"plugin_opt_max_queued_bytes 110"}});
    Client& member = absent_member("member", "$share/workers/t");
    std::vector<Message> messages;
    for (char letter = 'a'; letter < 'm'; ++letter) {
        messages.push_back({.topic = "t", .payload = std::string(10, letter), .qos = 1});
    }
    connect("publisher").publish(messages);
    settle();
    EXPECT_THAT(refusals("max_queued_bytes", "workers"), SizeIs(1));

    std::vector<std::string> fitting;
    for (char letter = 'a'; letter < 'k'; ++letter) fitting.emplace_back(10, letter);
    EXPECT_THAT(payloads_on_return(member), ElementsAreArray(fitting));
}

TEST_F(QueueLimits, CountPropertiesInBytes) {
    broker.start({.options = {"plugin_opt_max_queued_bytes 10000"}});
    Client& member = absent_member("member", "$share/workers/t");
    const Message large{.topic = "t",
                        .payload = "x",
                        .qos = 1,
                        .properties = {.user = {{"name", std::string(4000, 'x')}}}};
    connect("publisher").publish(std::vector<Message>(10, large));
    settle();
    EXPECT_THAT(refusals("max_queued_bytes", "workers"), SizeIs(1));
    EXPECT_THAT(payloads_on_return(member), SizeIs(2));
}

// The broker would keep it for each of them, too.
TEST_F(QueueLimits, QosZeroWaitsWhereTheBrokerUpgradesIt) {
    broker.start({.first = {"upgrade_outgoing_qos true"}});
    Client& member = absent_member("member", "$share/workers/t", 1);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 5, 0));
    settle();
    come_back({&member});
    ASSERT_THAT(member.messages(), SizeIs(5));
    for (const auto& message : member.messages()) EXPECT_EQ(message.qos, 1);
    member.take_messages();
    publisher.publish(numbered("t", 2, 0));
    settle();
    ASSERT_THAT(member.messages(), SizeIs(2));
    EXPECT_EQ(member.messages()[0].qos, 1) << "natively";
}

TEST_F(QueueLimits, AreNoBytesByDefault) {
    broker.start();
    Client& member = absent_member("member", "$share/workers/t");
    const Message large{.topic = "t", .payload = std::string(1000000, 'x'), .qos = 1};
    connect("publisher").publish(std::vector<Message>(10, large));
    EXPECT_TRUE(member.connect());
    member.wait_for_messages(10);
    EXPECT_THAT(refusals("max_queued_bytes", "workers"), IsEmpty());
}

TEST_F(QueueLimits, MessagesWaitNoLongerThanTold) {
    broker.start({.options = {"plugin_opt_max_queued_seconds 1", "plugin_opt_sys_interval 1"}});
    Client& member = absent_member("member", "$share/workers/t");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 3, 1));
    publisher.subscribe("$SYS/broker/shared-subscriptions/messages/expired");
    loop.run_until("the end of the messages", [&] {
        const auto& messages = publisher.messages();
        return !messages.empty() && messages.back().payload == "3";
    });
    publisher.publish("t", "fresh", 1);
    EXPECT_THAT(payloads_on_return(member), ElementsAre("fresh"));
}

// 1, 3, 5 with QoS 1 and 2, 4 without.
std::vector<Message> mixed() {
    auto messages = numbered("t", 5, 1);
    messages[1].qos = messages[3].qos = 0;
    return messages;
}

TEST_F(QueueLimits, MessagesOfQos0DoNotWait) {
    broker.start();
    Client& member = absent_member("member", "$share/g/t");
    connect("publisher").publish(mixed());
    EXPECT_THAT(payloads_on_return(member), ElementsAre("1", "3", "5"));
}

TEST_F(QueueLimits, MessagesOfQos0WaitOnRequest) {
    broker.start({.options = {"plugin_opt_queue_qos0_messages true"}});
    Client& member = absent_member("member", "$share/g/t");
    connect("publisher").publish(mixed());
    EXPECT_TRUE(member.connect());
    settle();
    EXPECT_THAT(member.messages(), ElementsAreArray(mixed()));
}

struct QosRow {
    std::string name;
    int published;
    int granted;
    int delivered;
};
void PrintTo(const QosRow& row, std::ostream* stream) {
    *stream << row.name;
}

class QueuedQos : public QueueLimits, public ::testing::WithParamInterface<QosRow> {};

// A group waits for any of its members: what each was granted counts when it is given something.
TEST_P(QueuedQos, IsTheLesserOfPublishedAndGranted) {
    broker.start();
    absent_member("other", "$share/g/t", 2);
    Client& member = absent_member("member", "$share/g/t", GetParam().granted);
    connect("publisher").publish(numbered("t", 3, GetParam().published));
    EXPECT_TRUE(member.connect());
    settle();
    EXPECT_THAT(member.messages(), ElementsAreArray(numbered("t", 3, GetParam().delivered)));
}

INSTANTIATE_TEST_SUITE_P(
    , QueuedQos,
    ::testing::Values(QosRow{"Published2Granted2", 2, 2, 2}, QosRow{"Published2Granted1", 2, 1, 1},
                      QosRow{"Published2Granted0", 2, 0, 0}, QosRow{"Published1Granted2", 1, 2, 1},
                      QosRow{"Published1Granted1", 1, 1, 1}, QosRow{"Published1Granted0", 1, 0, 0}),
    [](const auto& row) { return row.param.name; });

using EndOfTheGroup = QueueLimits;

TEST_F(EndOfTheGroup, ByCleanStartEmptiesTheQueue) {
    broker.start();
    absent_member("member", "$share/g/t");
    connect("publisher").publish(numbered("t", 5, 1));
    Client& again = connect("member");
    Client& newcomer = connect("newcomer");
    for (Client* member : {&again, &newcomer}) member->subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(counts({&again, &newcomer}), ElementsAre(0, 0));
}

// 2.0 shows the end of a session that is offline no earlier than by the next message.
TEST_F(EndOfTheGroup, ByExpiryOfTheLastSessionEmptiesTheQueue) {
    broker.start();
    Client& expiring = connect("expiring", {.clean_start = false, .session_expiry = 1});
    expiring.subscribe("$share/g/t", 1);
    expiring.drop();
    settle();
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 5, 1));
    broker.wait_for_log("Expiring client expiring");
    if (broker_is_20()) publisher.publish("t", "to nobody", 1);
    settle();
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(newcomer.messages(), IsEmpty());
    publisher.publish(numbered("t", 3, 1));
    settle();
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 3)));
}

TEST_F(EndOfTheGroup, HasNotComeWhileOneMemberIsLeft) {
    broker.start();
    absent_member("gone", "$share/g/t");
    Client& left = absent_member("left", "$share/g/t");
    connect("publisher").publish(numbered("t", 5, 1));
    connect("gone");
    EXPECT_THAT(payloads_on_return(left), ElementsAreArray(numbers(1, 5)));
}

using QueuedSecrets = QueueLimits;

// bob may not read secret/...; that shows when a message is about to be given to him.
TEST_F(QueuedSecrets, WaitForAMemberThatMayReadThem) {
    broker.start(configuration(AccessControlKind::acl_file));
    Client& bob = absent_member("bob", "$share/g/+/t");
    Client& alice = absent_member("alice", "$share/g/+/t");
    connect_client("publisher")
        .publish({{.topic = "secret/t", .payload = "1", .qos = 1},
                  {.topic = "open/t", .payload = "2", .qos = 1},
                  {.topic = "secret/t", .payload = "3", .qos = 1}});
    EXPECT_THAT(payloads_on_return(bob), ElementsAre("2"));
    if (broker_can_be_asked()) {
        EXPECT_THAT(payloads_on_return(alice), ElementsAre("1", "3"));
    } else {
        EXPECT_THAT(payloads_on_return(alice), IsEmpty());  // it was bob's turn: they are lost
    }
    EXPECT_THAT(bob.messages(), IsEmpty());
}

TEST_F(QueuedSecrets, EndWithTheGroup) {
    broker.start(configuration(AccessControlKind::acl_file));
    Client& bob = absent_member("bob", "$share/g/secret/t");
    connect_client("publisher").publish(numbered("secret/t", 3, 1));
    EXPECT_THAT(payloads_on_return(bob), IsEmpty());
    bob.unsubscribe("$share/g/secret/t");
    Client& alice = connect_client("alice");
    alice.subscribe("$share/g/secret/t", 1);
    settle();
    EXPECT_THAT(alice.messages(), IsEmpty());
}

struct WrongBoundRow {
    std::string name;
    std::string option;
    std::string value;
};
void PrintTo(const WrongBoundRow& row, std::ostream* stream) {
    *stream << row.name;
}

class WrongBound : public BrokerTest, public ::testing::WithParamInterface<WrongBoundRow> {};

TEST_P(WrongBound, StopsTheBrokerWithOneLineInTheLog) {
    expect_alarming_log("Error");
    const auto& row = GetParam();
    EXPECT_GT(broker.start_in_vain({.options = {row.option + " " + row.value}}), 0);
    EXPECT_THAT(broker.log_lines("shared-subscription: "),
                ElementsAre(AllOf(HasSubstr("Error"), HasSubstr(row.option + " '" + row.value),
                                  HasSubstr("allowed"))));
}

INSTANTIATE_TEST_SUITE_P(
    , WrongBound,
    ::testing::Values(WrongBoundRow{"WordForANumber", "plugin_opt_max_queued_messages", "many"},
                      WrongBoundRow{"NegativeNumber", "plugin_opt_max_queued_messages", "-1"},
                      WrongBoundRow{"NumberWithAUnit", "plugin_opt_max_queued_bytes", "10MB"},
                      WrongBoundRow{"NumberTooLarge", "plugin_opt_max_queued_bytes",
                                    "99999999999999999999"},
                      WrongBoundRow{"TimeWithAUnit", "plugin_opt_max_queued_seconds", "1h"},
                      WrongBoundRow{"NumberForATruth", "plugin_opt_queue_qos0_messages", "2"},
                      WrongBoundRow{"WordForATruth", "plugin_opt_redispatch", "sometimes"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
