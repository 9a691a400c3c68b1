// Properties of no length are properties: wherever a message is copied, they go with it. Bare
// clients, as libmosquitto 2.0.11 cannot bear to receive them.

#include "raw_client.hpp"
#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct EmptyRow {
    std::string name;
    std::string properties;    // as in the packet, without their length
    bool only_2_0_11 = false;  // later ones end the connection
};
void PrintTo(const EmptyRow& row, std::ostream* stream) {
    *stream << row.name;
}

class EmptyStrings : public RestartTest, public ::testing::WithParamInterface<EmptyRow> {
  protected:
    void SetUp() override {
        RestartTest::SetUp();
        if (GetParam().only_2_0_11 && environment().broker != BrokerVersion::v20) GTEST_SKIP();
    }

    static constexpr const char* filter = "$share/g/t";
    static constexpr RawOptions outliving{.clean_start = false, .session_expiry = 3600};

    void join_and_leave() {
        RawClient member(broker.port(), "member", outliving);
        EXPECT_THAT(member.subscribe({filter}, 1), ElementsAre(1));
        member.disconnect();
    }
    void expect_when_back(const std::vector<std::string>& payloads) {
        RawClient member(broker.port(), "member", outliving);
        EXPECT_TRUE(member.session_present());
        for (const auto& payload : payloads) expect_message(member, payload);
        expect_nothing(member);
    }
    void publish(const std::vector<std::string>& payloads, bool retain = false) {
        RawClient publisher(broker.port(), "publisher");
        for (const auto& payload : payloads) {
            const std::string body = std::string("\0\1t\0\1", 5) + rest(payload);
            publisher.send_bytes((retain ? "\x33" : "\x32") +
                                 std::string(1, static_cast<char>(body.size())) + body);
            publisher.expect(PacketType::puback);
        }
    }
    // The next packet, apart from its identifier.
    static void expect_message(RawClient& client, const std::string& payload,
                               std::uint8_t flags = 2) {
        const Packet packet = client.expect(PacketType::publish);
        EXPECT_EQ(packet.flags, flags);
        EXPECT_EQ(packet.body.substr(0, 3), std::string("\0\1t", 3));
        EXPECT_EQ(packet.body.substr(5), rest(payload));
        client.send_bytes(std::string("\x40\2") + packet.body.substr(3, 2));  // PUBACK
    }
    static void expect_nothing(RawClient& client) {
        EXPECT_THAT(client.received(), IsEmpty());
        EXPECT_THAT(client.received(), IsEmpty());  // nor behind the acknowledgements
    }

  private:
    // What is behind the identifier.
    static std::string rest(const std::string& payload) {
        const std::string& properties = GetParam().properties;
        return static_cast<char>(properties.size()) + properties + payload;
    }
};

TEST_P(EmptyStrings, ReachEachGroupOfOneClient) {
    broker.start();
    RawClient client(broker.port(), "client");
    EXPECT_THAT(client.subscribe({"$share/g1/t", "$share/g2/t"}, 1), Each(1));
    publish({"x"});
    expect_message(client, "x");
    expect_message(client, "x");
    expect_nothing(client);
}

TEST_P(EmptyStrings, WaitForAGroup) {
    broker.start();
    join_and_leave();
    publish({"1", "2"});
    expect_when_back({"1", "2"});
}

TEST_P(EmptyStrings, OutliveARestart) {
    broker.start(remembering());
    join_and_leave();
    publish({"1", "2"});
    EXPECT_EQ(broker.stop(), 0);
    broker.start(remembering());
    expect_when_back({"1", "2"});
}

// The window of the member that goes has room for one: the second was never sent. 2.0 does not show
// what it leaves behind.
TEST_P(EmptyStrings, GoToAnotherMember) {
    broker.start({.options = {"plugin_opt_redispatch true"}});
    RawClient silent(broker.port(), "silent", {.receive_maximum = 1});
    EXPECT_THAT(silent.subscribe({filter}, 1), ElementsAre(1));
    publish({"1", "2"});
    EXPECT_EQ(silent.next_publish().payload, "1");
    RawClient other(broker.port(), "other");
    EXPECT_THAT(other.subscribe({filter}, 1), ElementsAre(1));
    silent.disconnect();
    for (const auto* payload : {"1", "2"})
        if (!broker_is_20()) expect_message(other, payload);
    expect_nothing(other);
}

TEST_P(EmptyStrings, AreRetained) {
    constexpr std::uint8_t retained = 3;
    broker.start();
    join_and_leave();
    RawClient client(broker.port(), "client");
    EXPECT_THAT(client.subscribe({"$share/g1/t", "$share/g2/t"}, 1), Each(1));
    publish({"x"}, true);
    expect_message(client, "x");
    expect_message(client, "x");
    expect_nothing(client);
    expect_when_back({"x"});
    RawClient late(broker.port(), "late");
    EXPECT_THAT(late.subscribe({"t"}, 1), ElementsAre(1));
    expect_message(late, "x", retained);
    expect_nothing(late);
}

std::string bytes(std::string_view text) {
    return std::string(text);
}

INSTANTIATE_TEST_SUITE_P(
    , EmptyStrings,
    ::testing::Values(EmptyRow{"ContentType", bytes({"\x03\0\0", 3})},
                      EmptyRow{"ResponseTopic", bytes({"\x08\0\0", 3}), true},
                      EmptyRow{"CorrelationData", bytes({"\x09\0\0", 3})},
                      EmptyRow{"UserName", bytes({"\x26\0\0\0\1v", 6})},
                      EmptyRow{"UserValue", bytes({"\x26\0\1n\0\0", 6})},
                      EmptyRow{"UserNameAndValue", bytes({"\x26\0\0\0\0", 5})},
                      EmptyRow{"Several",
                               bytes({"\x03\0\0\x26\0\0\0\0\x26\0\1n\0\1v\x26\0\0\0\0", 20})}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
