// Sessions that end or change hands in unusual ways: kicked by another plugin, taken over without
// ever having been persistent, expired; and messages that expire.

#include <algorithm>

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Kicked : public BrokerTest, public ::testing::WithParamInterface<int> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.options = {"plugin_opt_access_control none"},
                      .after_plugin = {std::string("plugin ") + ON_REQUEST_PLUGIN}});
    }
    void kick(Client& client) {
        connect("kicker of " + client.id()).publish("request/kick", client.id(), 1);
        loop.run_until(client.id() + " to be kicked", [&] { return !client.connected(); });
        settle();
    }
    static std::size_t count_of(const Client& client, const std::string& topic) {
        return static_cast<std::size_t>(
            std::ranges::count(client.messages(), topic, &Message::topic));
    }
};

INSTANTIATE_TEST_SUITE_P(, Kicked, ::testing::Values(MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5),
                         [](const auto& row) { return protocol_name(row.param); });

// The broker checks again what it had subscribed to, without a word that this is no SUBSCRIBE.
TEST_P(Kicked, MemberWhoseSessionStaysComesBackAsItWas) {
    Client& kicked = connect("kicked", persistent(GetParam()));
    Client& other = connect("other");
    kicked.subscribe(std::vector<std::string>{"$share/g/both", "both", "$share/g/group", "plain",
                                              "$share/g/two", "$queue/two"},
                     1);
    for (const auto* filter : {"$share/g/both", "$share/g/group", "$share/g/two", "$queue/two"}) {
        other.subscribe(filter, 1);
    }
    Client& publisher = connect("publisher");
    const auto publish_to_all = [&] {
        for (const auto* topic : {"both", "group", "plain", "two"}) {
            publisher.publish(numbered(topic, 4, 1));
        }
        settle();
    };

    kick(kicked);
    publish_to_all();
    EXPECT_THAT(kicked.messages(), IsEmpty());
    EXPECT_EQ(other.take_messages().size(), 4U * 4U);

    EXPECT_TRUE(kicked.connect());
    settle();
    EXPECT_EQ(kicked.messages().size(), 8U);
    EXPECT_EQ(count_of(kicked, "both"), 4U);
    EXPECT_EQ(count_of(kicked, "plain"), 4U);
    kicked.take_messages();

    publish_to_all();
    EXPECT_EQ(count_of(kicked, "both"), 6U);
    EXPECT_EQ(count_of(kicked, "group"), 2U);
    EXPECT_EQ(count_of(kicked, "plain"), 4U);
    EXPECT_EQ(count_of(kicked, "two"), 4U);
    EXPECT_EQ(other.messages().size(), 8U);
}

TEST_P(Kicked, MemberWhoseSessionEndsIsNoMemberAnyMore) {
    Client& kicked = connect("kicked", {.protocol = GetParam()});
    Client& other = connect("other");
    for (Client* member : {&kicked, &other}) member->subscribe("$share/g/t", 1);
    kick(kicked);
    kicked.connect();
    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(kicked.messages(), IsEmpty());
    EXPECT_THAT(other.payloads(), SizeIs(4));
}

TEST_P(Kicked, MemberWhoLeavesAfterwardsLeavesCompletely) {
    Client& kicked = connect("kicked", persistent(GetParam()));
    kicked.subscribe("$share/g/t", 1);
    kick(kicked);
    EXPECT_TRUE(kicked.connect());
    kicked.unsubscribe("$share/g/t");
    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(kicked.messages(), IsEmpty());
}

TEST_P(Kicked, MembersWillReachesAnother) {
    if (broker_is_20()) expect_alarming_log(noise_of_wills_at_the_end);
    ClientOptions options = persistent(GetParam());
    options.will = Message{.topic = "t", .payload = "will", .qos = 1};
    Client& kicked = connect("kicked", options);
    Client& other = connect("other");
    for (Client* member : {&kicked, &other}) member->subscribe("$share/g/t", 1);
    kick(kicked);
    EXPECT_THAT(other.payloads(), ElementsAre("will"));
    EXPECT_TRUE(kicked.connect());
    settle();
    EXPECT_THAT(kicked.messages(), IsEmpty());
}

class TakenOver : public PluginTest, public ::testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(, TakenOver,
                         ::testing::Values(MQTT_PROTOCOL_V31, MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5),
                         [](const auto& row) { return protocol_name(row.param); });

TEST_P(TakenOver, ClientThatWasNeverPersistentIsNoMemberAnyMore) {
    const ClientOptions clean{.protocol = GetParam()};
    Client& before = connect("same", clean);
    Client& other = connect("other");
    for (Client* member : {&before, &other}) member->subscribe("$share/g/t", 1);
    Client& after = connect("same", clean);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(before.payloads(), IsEmpty());
    EXPECT_THAT(after.payloads(), IsEmpty());
    EXPECT_THAT(other.take_payloads(), ElementsAreArray(numbers(1, 4)));

    after.subscribe("$share/g/t", 1);
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts({&after, &other}), ElementsAre(2, 2));
}

TEST_P(TakenOver, TheOnlyMembersGroupBeginsAnew) {
    const ClientOptions clean{.protocol = GetParam()};
    connect("same", clean).subscribe("$share/g/t", 1);
    Client& after = connect("same", clean);
    Client& publisher = connect("publisher");
    publisher.publish("t", "to nobody", 1);
    settle();
    EXPECT_THAT(after.payloads(), IsEmpty());
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1);
    publisher.publish(numbered("t", 3, 1));
    settle();
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 3)));
    EXPECT_THAT(after.payloads(), IsEmpty());
}

using Expiring = PluginTest;

TEST_F(Expiring, SessionOfAMemberThatIsAwayTakesNothingAlong) {
    Client& other = connect("other");
    Client& expiring = connect("expiring", {.clean_start = false, .session_expiry = 1});
    for (Client* member : {&expiring, &other}) member->subscribe("$share/g/t", 1);
    Client& publisher = connect("publisher");
    expiring.drop();
    settle();
    publisher.publish(numbered("t", 4, 1));
    broker.wait_for_log("Expiring client expiring");
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(other.take_payloads(), SizeIs(8));

    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts({&other, &newcomer}), ElementsAre(2, 2));
    EXPECT_FALSE(expiring.connect());
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts({&other, &newcomer}), ElementsAre(4, 4));
    EXPECT_THAT(expiring.messages(), IsEmpty());
}

TEST_F(Expiring, SessionOfTheOnlyMemberLeavesTheGroupToNewcomers) {
    Client& expiring = connect("expiring", {.clean_start = false, .session_expiry = 1});
    expiring.subscribe("$share/g/t", 1);
    expiring.drop();
    broker.wait_for_log("Expiring client expiring");
    Client& publisher = connect("publisher");
    publisher.publish("t", "to nobody", 1);
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    publisher.publish(numbered("t", 3, 1));
    settle();
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 3)));
}

// A session that ends after three seconds is the clock for a message that expires after one.
// The broker shows no plugin when a message expires (documented): what waits for a group has no
// expiry, what waits for a non-shared subscription has.
TEST_F(Expiring, MessageThatExpiredWhileItsReceiverWasAwayIsGone) {
    Client& member = connect("member", persistent());
    member.subscribe("t", 1);
    member.drop();
    settle();
    Client& publisher = connect("publisher");
    publisher.publish({.topic = "t", .payload = "expires", .qos = 1, .properties = {.expiry = 1}});
    publisher.publish("t", "stays", 1);
    connect("clock", {.session_expiry = 3}).drop();
    broker.wait_for_log("Expiring client clock");
    EXPECT_TRUE(member.connect());
    publisher.publish("t", "next", 1);
    settle();
    EXPECT_THAT(member.payloads(), ElementsAre("stays", "next"));
}

// Neither broker shows the interval to a plugin (docs/decisions.md).
TEST_F(Expiring, MessageThatWaitsForAGroupOutlivesItsExpiry) {
    Client& member = connect("member", persistent());
    member.subscribe("$share/g/t", 1);
    leave({&member});
    connect("publisher")
        .publish({.topic = "t", .payload = "expires", .qos = 1, .properties = {.expiry = 1}});
    connect("clock", {.session_expiry = 3}).drop();
    broker.wait_for_log("Expiring client clock");
    come_back({&member});
    ASSERT_THAT(member.payloads(), ElementsAre("expires"));
    EXPECT_FALSE(member.messages().front().properties.expiry);
}

// On 2.0 the further copies of a message are published again, without an expiry (documented).
TEST_F(Expiring, CopiesOfAMessageKeepItsExpiryWhereTheBrokerCan) {
    Client& member = connect("member");
    member.subscribe(std::vector<std::string>{"$share/g/t", "$queue/t", "t"}, 1);
    connect("publisher")
        .publish({.topic = "t", .payload = "x", .qos = 1, .properties = {.expiry = 1000}});
    settle();
    ASSERT_THAT(member.messages(), SizeIs(3));
    int with_expiry = 0;
    for (const auto& message : member.messages()) {
        if (message.properties.expiry) ++with_expiry;
    }
    EXPECT_EQ(with_expiry, broker_is_20() ? 1 : 3);
}

}  // namespace
}  // namespace integration
