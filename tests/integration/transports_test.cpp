// Every transport and listener: one engine, so that their clients share one group.

#include "broker_test.hpp"
#include "raw_client.hpp"
#include "stream.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Transports : public BrokerTest {
  protected:
    std::vector<std::string> listener(const std::string& where,
                                      std::vector<std::string> more = {}) const {
        std::vector<std::string> lines = {"listener " + where, "allow_anonymous true"};
        lines.insert(lines.end(), more.begin(), more.end());
        return lines;
    }
    std::string second_port() const { return std::to_string(second_.number()) + " 127.0.0.1"; }
    std::string plugin() const { return "plugin " + environment().plugin; }

    void expect_shared(const std::vector<Client*>& members) {
        connect("publisher").publish(numbered("t", 12, 1));
        settle();
        EXPECT_THAT(counts(members), ::testing::Each(12 / members.size()));
        EXPECT_THAT(all_payloads(members), SizeIs(12));
    }

    ReservedPort second_;
};

TEST_F(Transports, AndListenersShareGroups) {
    broker.start({.after_plugin = listener(second_port())});
    Client& first = connect("first");
    Client& second = connect(loopback(second_.number()), "second");
    for (Client* member : {&first, &second}) member->subscribe("$share/g/t", 1);
    expect_shared({&first, &second});
}

TEST_F(Transports, OfListenersWithSettingsOfTheirOwnShareGroups) {
    broker.start(
        {.first = {"per_listener_settings true"},
         .options = {"plugin_opt_strategy round_robin"},
         .after_plugin = listener(second_port(), {plugin(), "plugin_opt_strategy round_robin"})});
    const auto members = connect_all({"a", "b"});
    Client& third = connect(loopback(second_.number()), "c");
    for (Client* member : {members[0], members[1], &third}) member->subscribe("$share/g/t", 1);
    expect_shared({members[0], members[1], &third});

    // From the other side as well, and leaving is seen there.
    members[0]->disconnect();
    members[1]->unsubscribe("$share/g/t");
    Client& publisher = connect(loopback(second_.number()), "publisher there");
    publisher.publish(numbered("t", 4, 2));
    settle();
    EXPECT_THAT(third.payloads(), SizeIs(8));
    EXPECT_THAT(members[1]->payloads(), SizeIs(4));
}

TEST_F(Transports, OfListenersWithSettingsOfTheirOwnShareASession) {
    broker.start({.first = {"per_listener_settings true"},
                  .after_plugin = listener(second_port(), {plugin()})});
    Client& here = connect("member", persistent());
    here.subscribe("$share/g/t", 1);
    Client& other = connect(loopback(second_.number()), "other");
    other.subscribe("$share/g/t", 1);
    here.drop();
    settle();
    connect("publisher").publish(numbered("t", 2, 1));
    settle();
    EXPECT_THAT(other.payloads(), SizeIs(2));
    Client& there = connect(loopback(second_.number()), "member", persistent());
    connect("publisher2").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts({&there, &other}), ElementsAre(2, 4));
}

TEST_F(Transports, OfListenersWithSettingsOfTheirOwnKeepWhatWaits) {
    broker.start({.first = {"per_listener_settings true"},
                  .after_plugin = listener(second_port(), {plugin()})});
    Client& member = connect("member", persistent());
    member.subscribe("$share/g/t", 1);
    Client& publisher = connect(loopback(second_.number()), "publisher");
    for (int round = 0; round < 2; ++round) {
        member.drop();
        settle();
        publisher.publish(numbered("t", 3, 1));
        publisher.publish("t", "twice", 2);
        settle();
        EXPECT_TRUE(member.connect());
        settle();
        auto expected = numbers(1, 3);
        // Of a QoS 2 message nothing is shown at its PUBREL.
        if (!broker_denies_the_away()) expected.push_back("twice");
        EXPECT_THAT(member.take_payloads(), ElementsAreArray(expected));
    }
}

// 2.0.11 gives a plugin no time of its own there.
TEST_F(Transports, OfListenersWithSettingsOfTheirOwnServeAllGroupsOfAClientAtOnce) {
    broker.start({.first = {"per_listener_settings true"}});
    Client& member = connect("member");
    member.subscribe("$share/one/t", 1);
    member.subscribe("$share/other/t", 1);
    connect("publisher").publish("t", "x", 1);
    member.wait_for_messages(2);
    EXPECT_THAT(member.payloads(), ElementsAre("x", "x"));
}

// However much waits: what goes out at once has a limit, and what goes out in all has none.
TEST_F(Transports, OfListenersWithSettingsOfTheirOwnHandOutAllThatWaits) {
    constexpr std::size_t count = 12;
    broker.start({.first = {"per_listener_settings true"}});
    Client& member = connect("member", persistent());
    member.subscribe("$share/g/t", 1);
    member.drop();
    settle();
    Client& publisher = connect("publisher");
    for (std::size_t i = 0; i < count; ++i) publisher.publish("t", std::string(200'000, 'x'), 1);
    EXPECT_TRUE(member.connect());
    for (std::size_t i = 0; i < count; ++i) publisher.publish("elsewhere", "x", 1);
    member.wait_for_messages(count);
    settle();
    EXPECT_THAT(member.messages(), SizeIs(count));
}

// The plugin serves whom it is given.
TEST_F(Transports, OfListenersWithoutThePluginAreLeftAlone) {
    broker.start(
        {.first = {"per_listener_settings true"}, .after_plugin = listener(second_port())});
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t", 1);
    Client& non_shared = connect(loopback(second_.number()), "ordinary");
    non_shared.subscribe("t", 1);
    connect(loopback(second_.number()), "publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 4)));
}

TEST_F(Transports, OfListenersWithDifferentOptionsStopTheBroker) {
    expect_alarming_log("Error");
    EXPECT_NE(broker.start_in_vain({.first = {"per_listener_settings true"},
                                    .after_plugin = listener(
                                        second_port(), {plugin(), "plugin_opt_strategy sticky"})}),
              0);
    EXPECT_THAT(broker.log_lines("shared-subscription: plugin_opt_"), SizeIs(1));
    EXPECT_THAT(broker.log(), HasSubstr("differ between listeners"));
}

TEST_F(Transports, OnAUnixSocketShareGroups) {
    broker.start({.after_plugin = listener("0 " + broker.path("socket"))});
    Client& first = connect("first");
    Client& second = connect(unix_socket(broker.path("socket")), "second");
    for (Client* member : {&first, &second}) member->subscribe("$share/g/t", 1);
    expect_shared({&first, &second});
    second.drop();
    settle();
    first.take_messages();
    connect("publisher2").publish(numbered("t", 3, 1));
    settle();
    EXPECT_THAT(first.payloads(), ElementsAreArray(numbers(1, 3)));
}

// 2.1's web interface asks, on a thread of its own, whether the client "http-api" may read a URL.
TEST_F(Transports, OfTheWebInterfaceAskNoGroup) {
    if (broker_is_20()) return;  // has no web interface
    broker.start({.after_plugin = listener(second_port(), {"protocol http_api"})});
    const auto members = connect_all({"http-api", "a"});
    for (Client* member : members) member->subscribe("$share/g//api/#");
    const auto get = [this](const std::string& url) {
        const auto stream = tcp_stream(second_.number());
        stream->send("GET " + url + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        std::string status;
        EXPECT_TRUE(stream->receive(std::string_view("HTTP/1.1 200").size(), status));
        return status;
    };
    Client& publisher = connect("publisher");
    for (int round = 0; round < 4; ++round) {
        for (int times = 0; times < 3; ++times) EXPECT_EQ(get("/api/v1/version"), "HTTP/1.1 200");
        publisher.publish("/api/v1/version", "x");
        settle();
    }
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

class WebSockets : public Transports {
  protected:
    void SetUp() override {
        Transports::SetUp();
        broker.start({.after_plugin = listener(second_port(), {"protocol websockets"})});
    }
    RawClient connect_websocket(const std::string& id, RawOptions options = {}) {
        options.websocket = true;
        return RawClient(second_.number(), id, options);
    }
};

TEST_F(WebSockets, ShareWithTcp) {
    for (const int protocol : {4, 5}) {
        RawClient first = connect_websocket("first", {.protocol = protocol});
        RawClient second = connect_websocket("second", {.protocol = protocol});
        first.subscribe({"$share/g/t"}, 0);
        second.subscribe({"$share/g/t"}, 1);
        Client& third = connect("third" + std::to_string(protocol));
        third.subscribe("$share/g/t");
        connect("publisher" + std::to_string(protocol)).publish(numbered("t", 9, 1));
        settle();
        EXPECT_THAT(first.received(), SizeIs(3));
        EXPECT_THAT(second.received(), SizeIs(3));
        EXPECT_THAT(third.payloads(), SizeIs(3));
        third.disconnect();
    }
}

TEST_F(WebSockets, PublishIntoGroups) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t");
    RawClient publisher = connect_websocket("publisher");
    for (std::uint16_t identifier = 1; identifier <= 6; ++identifier) {
        publisher.publish({.topic = "t",
                           .payload = std::to_string(identifier),
                           .qos = 2,
                           .identifier = identifier});
        publisher.expect(PacketType::pubrec);
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
    }
    settle();
    EXPECT_THAT(counts(members), ElementsAre(3, 3));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 6)));
}

struct TakeOverRow {
    std::string name;
    bool first_websocket;
    bool then_websocket;
    bool clean;
};
void PrintTo(const TakeOverRow& row, std::ostream* stream) {
    *stream << row.name;
}

class WebSocketTakeOver : public WebSockets, public ::testing::WithParamInterface<TakeOverRow> {};

// 2.0 reports the end of a WebSockets connection when the new one is busy already.
TEST_P(WebSocketTakeOver, LosesNothing) {
    const TakeOverRow& row = GetParam();
    const auto open = [&](bool websocket) {
        RawOptions options{.clean_start = row.clean};
        if (!row.clean) options.session_expiry = 3600;
        return websocket ? connect_websocket("same", options)
                         : RawClient(broker.port(), "same", options);
    };
    Client& other = connect("other");
    other.subscribe("$share/g/t", 1);
    RawClient before = open(row.first_websocket);
    before.subscribe({"$share/g/t"}, 1);
    RawClient after = open(row.then_websocket);
    EXPECT_EQ(after.session_present(), !row.clean);

    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 6, 1));
    settle();
    EXPECT_TRUE(before.ended_by_broker());
    const auto received = after.received();
    EXPECT_THAT(received, SizeIs(row.clean ? 0 : 3));
    EXPECT_THAT(other.take_payloads(), SizeIs(row.clean ? 6 : 3));

    after.subscribe({"$share/g/t"}, 0);
    publisher.publish(numbered("t", 6, 1));
    settle();
    EXPECT_THAT(after.received(), SizeIs(3));
    EXPECT_THAT(other.payloads(), SizeIs(3));
}

INSTANTIATE_TEST_SUITE_P(, WebSocketTakeOver,
                         ::testing::Values(TakeOverRow{"ByTcp", true, false, false},
                                           TakeOverRow{"ByWebSocket", true, true, false},
                                           TakeOverRow{"OfTcp", false, true, false},
                                           TakeOverRow{"ByTcpWithCleanStart", true, false, true},
                                           TakeOverRow{"ByWebSocketWithCleanStart", true, true,
                                                       true},
                                           TakeOverRow{"OfTcpWithCleanStart", false, true, true}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
