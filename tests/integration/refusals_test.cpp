// What is refused: filters that name no group, groups inside groups, publishing with a prefix.

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int not_authorized = 135;

struct RefusedRow {
    std::string name;
    std::string filter;
    bool ends_connection = false;  // at the hands of 2.1 itself
};
void PrintTo(const RefusedRow& row, std::ostream* stream) {
    *stream << row.name;
}

class RefusedFilter : public PluginTest, public ::testing::WithParamInterface<RefusedRow> {
  protected:
    void SetUp() override {
        PluginTest::SetUp();
        if (GetParam().ends_connection && !broker_is_20())
            GTEST_SKIP() << "Mosquitto 2.1 ends the connection, see MalformedShare";
    }
    // The lines about the filter that the broker did not write itself: its own begin with a tab,
    // or with the client and the QoS it granted. Those about members name groups, not filters.
    std::size_t refusals_logged() const {
        auto lines = broker.log_lines(GetParam().filter);
        std::erase_if(lines, [](const std::string& line) {
            return line.find(": \t") != line.npos || line.find(": client 1 ") != line.npos ||
                   line.find(" joined group ") != line.npos ||
                   line.find(" left group ") != line.npos;
        });
        return lines.size();
    }
};

// SUBACK refuses it with 128 or above; what stands beside it in the packet is granted and works.
TEST_P(RefusedFilter, IsRefusedAloneAndLoggedOnce) {
    for (const int protocol : {4, 5}) {
        SCOPED_TRACE(protocol);
        const auto logged = refusals_logged();
        RawClient client(broker.port(), "client", {.protocol = protocol});
        EXPECT_THAT(client.subscribe({"before", GetParam().filter, "$queue/after"}, 1),
                    ElementsAre(1, Ge(128), 1));
        EXPECT_EQ(refusals_logged(), logged + 1);

        Client& publisher = connect("publisher");
        for (const auto* topic : {"before", "t", "g", "h/t", "/t", "after"}) {
            publisher.publish(topic, "x", 1);
        }
        settle();
        EXPECT_THAT(client.received(), ElementsAre(::testing::Field(&Publish::topic, "before"),
                                                   ::testing::Field(&Publish::topic, "after")));
    }
}

// MQTT 3.1 knows no refusal in SUBACK: the client is served, and gets nothing for that filter.
TEST_P(RefusedFilter, MakesNoMemberOfAnOldClient) {
    RawClient client(broker.port(), "client", {.protocol = 3});
    EXPECT_THAT(client.subscribe({"before", GetParam().filter}, 1), SizeIs(2));
    Client& publisher = connect("publisher");
    for (const auto* topic : {"t", "g", "h/t", "/t", "before"}) publisher.publish(topic, "x", 1);
    settle();
    EXPECT_THAT(client.received(), ElementsAre(::testing::Field(&Publish::topic, "before")));
}

TEST_P(RefusedFilter, CanBeUnsubscribedFromWithoutHarm) {
    RawClient client(broker.port(), "client");
    client.subscribe({"$share/g/t", "t"}, 0);
    EXPECT_THAT(client.unsubscribe({GetParam().filter}), ElementsAre(Ge(17)));
    connect("publisher").publish("t", "x", 1);
    settle();
    EXPECT_THAT(client.received(), SizeIs(2));
}

INSTANTIATE_TEST_SUITE_P(
    , RefusedFilter,
    ::testing::Values(RefusedRow{"OnlyShare", "$share", true},
                      RefusedRow{"NoFilter", "$share/g", true},
                      RefusedRow{"EmptyFilter", "$share/g/", true},
                      RefusedRow{"NoShareName", "$share/", true},
                      RefusedRow{"EmptyShareName", "$share//t"},
                      RefusedRow{"EmptyShareNameAndFilter", "$share//", true},
                      RefusedRow{"PlusAsShareName", "$share/+/t", true},
                      RefusedRow{"BareQueue", "$queue"}, RefusedRow{"EmptyQueueFilter", "$queue/"},
                      RefusedRow{"EmptyShareQueueFilter", "$share/$queue/", true},
                      RefusedRow{"ShareInShare", "$share/g/$share/h/t"},
                      RefusedRow{"QueueInShare", "$share/g/$queue/t"},
                      RefusedRow{"ShareInQueue", "$queue/$share/g/t"},
                      RefusedRow{"QueueInQueue", "$queue/$queue/t"}),
    [](const auto& row) { return row.param.name; });

// As without the plugin. What the log says of it is the plugin's.
class MalformedShare : public PluginTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(MalformedShare, EndsTheConnectionOn21) {
    if (broker_is_20()) GTEST_SKIP() << "Mosquitto 2.0 takes it for a filter";
    constexpr char protocol_error = '\x82';
    for (const int protocol : {3, 4, 5}) {
        RawClient subscriber(broker.port(), "subscriber", {.protocol = protocol});
        subscriber.send_subscribe({GetParam()});
        if (protocol == 5) {
            EXPECT_EQ(subscriber.expect(PacketType::disconnect).body.at(0), protocol_error);
        }
        EXPECT_TRUE(subscriber.ended_by_broker());
        RawClient leaving(broker.port(), "leaving", {.protocol = protocol});
        leaving.send_unsubscribe({GetParam()});
        EXPECT_TRUE(leaving.ended_by_broker());
    }
    EXPECT_THAT(broker.log_lines("subscription '" + GetParam() + "' is refused: "), SizeIs(3));
}

INSTANTIATE_TEST_SUITE_P(, MalformedShare,
                         ::testing::Values("$share", "$share/", "$share/g", "$share/g/", "$share//",
                                           "$share/+/t", "$share/$queue", "$share/$queue/"));

using Refusals = PluginTest;

TEST_F(Refusals, BrokerItselfEndsTheConnectionAtMalformedFilters) {
    for (const std::string filter : {"$share/#/t", "$share/g+/t", "$queue/#/t", "$share/g/t#"}) {
        RawClient client(broker.port(), "client");
        client.send_subscribe({filter});
        EXPECT_TRUE(client.ended_by_broker()) << filter;
    }
}

TEST_F(Refusals, RefusedFilterNeverTakesPartInATurn) {
    RawClient refused(broker.port(), "refused");
    const auto members = connect_all({"a", "b"});
    members[0]->subscribe("$share/g/t");
    refused.subscribe({"$share//t", "$share/g/$share/g/t", "$queue"});
    members[1]->subscribe("$share/g/t");

    connect("publisher").publish(numbered("t", 10, 1));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(5, 5));
    EXPECT_THAT(refused.received(), IsEmpty());
}

TEST_F(Refusals, PublishingToAPrefixIsRefusedAndReachesNobody) {
    Client& member = connect("member");
    member.subscribe("$queue/t");
    member.subscribe("$share/g/t");
    member.subscribe("#");
    member.subscribe("$share/h/#");
    Client& publisher = connect("publisher");
    for (const auto* topic : {"$queue/t", "$share/g/t", "$share/$queue/t", "$queue/", "$queue"}) {
        EXPECT_EQ(publisher.publish(topic, "x", 1), not_authorized) << topic;
        EXPECT_EQ(publisher.publish(topic, "x", 2), not_authorized) << topic;
        publisher.publish(topic, "x", 0);
    }
    settle();
    EXPECT_THAT(member.payloads(), IsEmpty());
}

TEST_F(Refusals, OldPublishersToAPrefixAreUnharmed) {
    Client& member = connect("member");
    member.subscribe("$queue/t", 1);
    for (const int protocol : {MQTT_PROTOCOL_V31, MQTT_PROTOCOL_V311}) {
        Client& publisher = connect("publisher" + std::to_string(protocol), {.protocol = protocol});
        for (const int qos : {0, 1, 2}) publisher.publish("$queue/t", "x", qos);
        publisher.publish("t", "right", 1);
    }
    settle();
    EXPECT_THAT(member.payloads(), ElementsAre("right", "right"));
}

// To $share/... the broker refuses to publish before it asks any plugin: no log from us there.
TEST_F(Refusals, LogSaysOnceThatTopicsArePublishedWithoutThePrefix) {
    Client& publisher = connect("publisher");
    const auto hints = [&] { return broker.log_lines("without the prefix").size(); };
    EXPECT_EQ(hints(), 0U);
    publisher.publish("$queue/t", "x", 1);
    publisher.publish("$queue/u", "x", 1);
    connect("another").publish("$queue/t", "x", 1);
    EXPECT_EQ(hints(), 1U);
}

}  // namespace
}  // namespace integration
