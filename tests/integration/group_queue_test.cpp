// While no member of a group is connected its messages wait, for the first that is.

#include <algorithm>
#include <optional>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

class GroupQueueTest : public BrokerTest {
  protected:
    // Members whose sessions stay while they are offline.
    std::vector<Client*> absent_members(const std::vector<std::string>& ids,
                                        const std::string& filter = "$share/g/t", int qos = 2,
                                        int protocol = MQTT_PROTOCOL_V5) {
        const auto members = connect_all(ids, persistent(protocol));
        for (Client* member : members) EXPECT_EQ(member->subscribe(filter, qos), qos);
        leave(members);
        return members;
    }
};

struct GroupRow {
    std::string name;
    std::string filter;
    int protocol;
    int qos;
};
void PrintTo(const GroupRow& row, std::ostream* stream) {
    *stream << row.name;
}

class GroupQueue : public GroupQueueTest, public ::testing::WithParamInterface<GroupRow> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start();
        members_ = absent_members({"a", "b"}, filter(), 2, GetParam().protocol);
        publisher_ = &connect("publisher");
    }
    const std::string& filter() const { return GetParam().filter; }
    std::vector<Message> some(int count) const { return numbered("t", count, GetParam().qos); }
    Client& first() { return *members_[0]; }
    Client& second() { return *members_[1]; }
    Client& publisher() { return *publisher_; }

  private:
    std::vector<Client*> members_;
    Client* publisher_ = nullptr;
};

TEST_P(GroupQueue, GoesToTheFirstThatReturns) {
    publisher().publish(some(20));
    come_back({&second()});
    EXPECT_THAT(second().payloads(), ElementsAreArray(numbers(1, 20)));
    EXPECT_THAT(second().messages(), Each(Field(&Message::qos, GetParam().qos)));
    come_back({&first()});
    EXPECT_THAT(counts({&first(), &second()}), ElementsAre(0, 20));
}

TEST_P(GroupQueue, GoesToANewcomerWhileAnAbsentMemberHoldsTheGroup) {
    publisher().publish(some(20));
    Client& newcomer = connect("newcomer", {.protocol = GetParam().protocol});
    newcomer.subscribe(filter(), 2);
    newcomer.wait_for_messages(20);
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 20)));
    come_back({&first()});
    come_back({&second()});
    EXPECT_THAT(counts({&first(), &second(), &newcomer}), ElementsAre(0, 0, 20));
}

// It says nothing but CONNECT: no SUBSCRIBE from which its return could be known.
TEST_P(GroupQueue, GoesToASessionThatIsJustResumed) {
    publisher().publish(some(5));
    RawClient resumed(
        broker.port(), "a",
        {.protocol = GetParam().protocol, .clean_start = false, .session_expiry = 3600});
    EXPECT_TRUE(resumed.session_present());
    for (const auto& number : numbers(1, 5)) {
        const Publish publish = resumed.next_publish();
        EXPECT_EQ(publish.payload, number);
        EXPECT_EQ(publish.qos, GetParam().qos);
        if (publish.qos == 1) {
            resumed.send(PacketType::puback, publish.identifier);
        } else {
            resumed.send(PacketType::pubrec, publish.identifier);
            EXPECT_EQ(identifier_of(resumed.expect(PacketType::pubrel)), publish.identifier);
            resumed.send(PacketType::pubcomp, publish.identifier);
        }
    }
    settle();
    EXPECT_THAT(resumed.received(), IsEmpty());
}

TEST_P(GroupQueue, FillsAnewWheneverAllAreAway) {
    for (int time = 0; time < 3; ++time) {
        publisher().publish(some(3));
        come_back({&first()});
        EXPECT_THAT(first().take_payloads(), ElementsAreArray(numbers(1, 3)));
        publisher().publish(some(2));
        settle();
        EXPECT_THAT(first().take_payloads(), ElementsAreArray(numbers(1, 2)));
        first().drop();
        settle();
    }
    come_back({&second()});
    EXPECT_THAT(second().messages(), IsEmpty());
}

TEST_P(GroupQueue, IsTheGroupsAlone) {
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t", 2);
    Client& other = connect("other");
    other.subscribe("$share/h/t", 2);
    publisher().publish(some(10));
    settle();
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 10)));
    EXPECT_THAT(other.payloads(), ElementsAreArray(numbers(1, 10)));

    come_back({&first()});
    EXPECT_THAT(counts({&first(), &non_shared, &other}), ElementsAre(10, 10, 10));
}

// Those that are sent while the member comes back are published while the queue is being emptied.
TEST_P(GroupQueue, ComesBeforeWhatIsPublishedMeanwhile) {
    const auto messages = some(600);
    publisher().publish({messages.begin(), messages.begin() + 300});
    std::vector<int> packets;
    for (auto message = messages.begin() + 300; message != messages.end(); ++message) {
        packets.push_back(publisher().start_publish(*message));
    }
    EXPECT_TRUE(first().connect());
    for (const int packet : packets) publisher().finish_publish(packet);
    first().wait_for_messages(600);
    settle();
    EXPECT_THAT(first().payloads(), ElementsAreArray(numbers(1, 600)));
}

TEST_P(GroupQueue, IsSharedWithoutDoublesAmongThoseThatReturnTogether) {
    publisher().publish(some(300));
    EXPECT_TRUE(first().connect());
    EXPECT_TRUE(second().connect());
    loop.run_until("300 messages",
                   [&] { return first().messages().size() + second().messages().size() >= 300; });
    settle();
    EXPECT_THAT(all_payloads({&first(), &second()}), UnorderedElementsAreArray(numbers(1, 300)));
}

INSTANTIATE_TEST_SUITE_P(
    , GroupQueue,
    ::testing::Values(GroupRow{"ShareMqtt5Qos1", "$share/g/t", MQTT_PROTOCOL_V5, 1},
                      GroupRow{"ShareMqtt5Qos2", "$share/g/t", MQTT_PROTOCOL_V5, 2},
                      GroupRow{"ShareMqtt311Qos1", "$share/g/t", MQTT_PROTOCOL_V311, 1},
                      GroupRow{"QueueMqtt5Qos1", "$queue/t", MQTT_PROTOCOL_V5, 1},
                      GroupRow{"QueueMqtt311Qos2", "$queue/t", MQTT_PROTOCOL_V311, 2}),
    [](const auto& row) { return row.param.name; });

class QueuedMessages : public GroupQueueTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start();
    }
};

TEST_F(QueuedMessages, KeepTheirProperties) {
    Client& member = *absent_members({"member"})[0];
    const std::vector<Message> messages{
        {.topic = "t",
         .payload = "{}",
         .qos = 1,
         .properties = {.payload_format = 1,
                        .user = {{"a", "1"}, {"b", "2"}, {"a", "3"}},
                        .content_type = "application/json",
                        .response_topic = "answers/1",
                        .correlation_data = std::string("\0\1\2", 3)}},
        {.topic = "t", .payload = "bare", .qos = 1},
        {.topic = "t", .payload = "", .qos = 1, .properties = {.content_type = "none"}},
        {.topic = "t", .payload = std::string("\0\xFF", 2), .qos = 1}};
    connect("publisher").publish(messages);
    come_back({&member});
    EXPECT_THAT(member.messages(), ElementsAreArray(messages));
}

// The retain flag is for those that subscribe later, and a newcomer to a group is sent no retained
// messages.
TEST_F(QueuedMessages, AreNotRetainedToTheGroup) {
    absent_members({"absent"});
    connect("publisher").publish({.topic = "t", .payload = "x", .qos = 1, .retain = true});
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(newcomer.messages(),
                ElementsAre(Message{.topic = "t", .payload = "x", .qos = 1, .retain = false}));
}

TEST_F(QueuedMessages, MayBeWills) {
    if (broker_is_20()) expect_alarming_log(noise_of_wills_at_the_end);
    Client& member = *absent_members({"member"})[0];
    connect("dying", {.will = Message{.topic = "t", .payload = "will", .qos = 1}}).drop();
    settle();
    come_back({&member});
    EXPECT_THAT(member.payloads(), ElementsAre("will"));
}

// The same name with two filters is two groups.
TEST_F(QueuedMessages, WaitOnceInEachGroup) {
    Client& member = connect("member", persistent());
    member.subscribe(std::vector<std::string>{"$share/g/a/+", "$share/g/a/b", "$queue/#", "a/b"},
                     1);
    member.drop();
    settle();
    connect("publisher").publish(numbered("a/b", 3, 1));
    come_back({&member});
    std::vector<std::string> expected;
    for (int copy = 0; copy < 4; ++copy) std::ranges::copy(numbers(1, 3), back_inserter(expected));
    EXPECT_THAT(member.payloads(), UnorderedElementsAreArray(expected));
}

// A queue that is longer than what the broker keeps for one client is no loss.
TEST_F(QueuedMessages, ReachAMemberThatTakesThemSlowly) {
    if (broker_is_20()) return;  // cannot see what a connected client has acknowledged
    restart({.first = {"max_inflight_messages 1", "max_queued_messages 50"}});
    Client& member = *absent_members({"member"})[0];
    connect("publisher").publish(numbered("t", 300, 1));
    EXPECT_TRUE(member.connect());
    member.wait_for_messages(300);
    settle();
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 300)));
}

// What was given to its session is its own, the rest is the next one's: nobody gets the other's.
TEST_F(QueuedMessages, AreNeverAtTwoMembersWhenOneBreaksOff) {
    constexpr std::size_t count = 60;
    Client& other = *absent_members({"breaking off", "other"})[1];
    connect("publisher").publish(numbered("t", count, 1));
    RawOptions outliving{.clean_start = false, .session_expiry = 3600, .receive_maximum = 1};
    auto member = std::make_optional<RawClient>(broker.port(), "breaking off", outliving);
    const Publish first = member->next_publish();
    member->send(PacketType::puback, first.identifier);
    member->next_publish();
    member.reset();
    settle();

    come_back({&other});
    outliving.receive_maximum = count;
    member.emplace(broker.port(), "breaking off", outliving);
    std::vector<std::string> payloads{first.payload};
    const auto total = [&] { return payloads.size() + other.messages().size(); };
    // Each round brings something, or nothing more will come.
    for (std::size_t before = 0; before < total();) {
        before = total();
        for (const auto& publish : member->received()) {
            payloads.push_back(publish.payload);
            member->send(PacketType::puback, publish.identifier);
        }
        settle();
    }
    std::ranges::copy(other.payloads(), back_inserter(payloads));
    EXPECT_THAT(payloads, UnorderedElementsAreArray(numbers(1, count)));
}

TEST_F(QueuedMessages, StayWhenTheConfigurationIsReloaded) {
    Client& member = *absent_members({"member"})[0];
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 3, 1));
    broker.reload();
    publisher.publish("t", "4", 1);
    come_back({&member});
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 4)));
}

}  // namespace
}  // namespace integration
