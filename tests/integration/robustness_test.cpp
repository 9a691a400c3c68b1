// Bad input and bad manners: refused or served, and never the business of a healthy group beside.

#include <algorithm>
#include <random>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A group that has to go on as if nothing had happened.
class Robustness : public PluginTest {
  protected:
    void SetUp() override {
        PluginTest::SetUp();
        healthy_ = connect_all({"healthy a", "healthy b"});
        for (Client* member : healthy_) member->subscribe("$share/healthy/healthy");
        publisher_ = &connect("healthy publisher");
    }
    void TearDown() override {
        if (!HasFatalFailure()) expect_health();
        PluginTest::TearDown();
    }
    void expect_health() {
        publisher_->publish(numbered("healthy", 10, 1));
        settle();
        EXPECT_THAT(counts(healthy_), ElementsAre(5, 5));
        EXPECT_THAT(all_payloads(healthy_), SizeIs(10));
        for (Client* member : healthy_) member->take_messages();
    }
    Client& publisher() { return *publisher_; }

  private:
    std::vector<Client*> healthy_;
    Client* publisher_ = nullptr;
};

class LongNames : public Robustness, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(LongNames, OfTopicsAreServed) {
    const std::string topic(GetParam() - std::string("$share/g/").size(), 't');
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) {
        EXPECT_EQ(member->subscribe("$share/g/" + topic, 1), 1);
        EXPECT_EQ(member->subscribe("$queue/" + topic, 1), 1);
    }
    publisher().publish(numbered(topic, 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(4, 4));
}

// One in a packet: 2.1 ends the connection of a client whose SUBSCRIBE is very long.
TEST_P(LongNames, ThatAreRefusedAreUnharmful) {
    RawClient client(broker.port(), "client");
    client.subscribe({"t"});
    const std::string rest(GetParam() - std::string("$share/g/$share/").size(), 'x');
    std::vector<std::string> filters{"$share//" + rest, "$share/g/$share/" + rest,
                                     "$queue/$queue/" + rest};
    if (broker_is_20()) filters.push_back("$share/" + rest);  // 2.1 ends the connection
    for (const auto& filter : filters) {
        EXPECT_THAT(client.subscribe({filter, "short"}), ElementsAre(Ge(128), 2));
        EXPECT_THAT(client.unsubscribe({filter, "short"}), ElementsAre(Ge(17), 0));
    }
    publisher().publish("$queue/" + rest, "x", 1);
    publisher().publish("t", "x", 1);
    settle();
    EXPECT_THAT(client.received(), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(, LongNames, ::testing::Values(60000U, 65535U));

// The broker counts 200 slashes.
TEST_F(Robustness, DeepFiltersAreServed) {
    std::string topic = "0";
    for (int level = 1; level <= 198; ++level) topic += "/" + std::to_string(level);
    const auto members = connect_all({"a", "b"});
    for (const std::string& filter :
         {"$share/g/" + topic, "$queue/" + topic, "$queue/" + topic + "/#"}) {
        for (Client* member : members) EXPECT_EQ(member->subscribe(filter, 1), 1);
    }
    publisher().publish(numbered(topic, 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(6, 6));
    for (Client* member : members) member->unsubscribe("$queue/" + topic + "/#");
    publisher().publish(numbered(topic, 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(10, 10));
}

TEST_F(Robustness, FiltersOfManyWildcardsAreServed) {
    std::string topic = "x";
    std::string filter = "+";
    for (int level = 1; level < 190; ++level) {
        topic += "/x";
        filter += "/+";
    }
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) {
        member->subscribe("$share/g/" + filter, 1);
        member->subscribe("$share/g/" + filter + "/#", 1);
    }
    publisher().publish(numbered(topic, 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(4, 4));
}

struct BytesRow {
    std::string name;
    std::string bytes;
};
void PrintTo(const BytesRow& row, std::ostream* stream) {
    *stream << row.name;
}

class MalformedNames : public Robustness, public ::testing::WithParamInterface<BytesRow> {};

// Most of them the broker itself refuses, by ending the connection.
TEST_P(MalformedNames, HarmNobodyElse) {
    const std::string& bytes = GetParam().bytes;
    for (const std::string& filter :
         {"$share/" + bytes + "/t", "$share/g/" + bytes, "$queue/" + bytes, bytes}) {
        RawClient client(broker.port(), "client");
        client.send_subscribe({filter});
        client.ended_by_broker();
        RawClient again(broker.port(), "client");
        again.publish({.topic = "$queue/" + bytes, .payload = "x"});
        again.ended_by_broker();
        try {
            RawClient(broker.port(), bytes);
        } catch (const std::runtime_error&) {
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    , MalformedNames,
    ::testing::Values(BytesRow{"ControlCharacter", "a\x01z"}, BytesRow{"NewLine", "a\nz"},
                      BytesRow{"Delete", "a\x7Fz"}, BytesRow{"C1Control", "a\xC2\x85z"},
                      BytesRow{"Zero", std::string("a\0z", 3)}, BytesRow{"Latin1", "a\xE4z"},
                      BytesRow{"Overlong", "a\xC0\x80z"}, BytesRow{"Surrogate", "a\xED\xA0\x80z"},
                      BytesRow{"Truncated", "az\xE2\x82"},
                      BytesRow{"NonCharacter", "a\xEF\xBF\xBFz"}, BytesRow{"Format", "%s%n%1000d"},
                      BytesRow{"Emoji", "\xF0\x9F\x90\x9F"}),
    [](const auto& row) { return row.param.name; });

TEST_F(Robustness, ConnectionsCutInAPacketHarmNobody) {
    const std::string packet("\x82\x13\0\1\0\0\x0D$share/g/t/uv\2", 21);
    for (std::size_t size = 1; size < packet.size(); ++size) {
        RawClient client(broker.port(), "client");
        client.subscribe({"$share/healthy/healthy"});
        client.unsubscribe({"$share/healthy/healthy"});
        client.send_bytes(packet.substr(0, size));
    }
}

TEST_F(Robustness, GarbageHarmsNobody) {
    std::mt19937 random(20240229);
    std::uniform_int_distribution<int> byte(0, 255);
    std::uniform_int_distribution<std::size_t> size(1, 300);
    for (int time = 0; time < 200; ++time) {
        std::string garbage(size(random), '\0');
        for (char& at : garbage) at = static_cast<char>(byte(random));
        if (time % 2 == 0) {
            tcp_stream(broker.port())->send(garbage);
        } else {
            // Behind a real CONNECT, as a SUBSCRIBE of that size where it fits.
            RawClient client(broker.port(), "client");
            client.subscribe({"$share/g/t"});
            const std::size_t rest = std::min<std::size_t>(garbage.size(), 127);
            client.send_bytes(std::string("\x82") + static_cast<char>(rest) + garbage);
        }
    }
}

TEST_F(Robustness, ThousandShortLivedMembersLeaveNothingBehind) {
    Client& staying = connect("staying");
    staying.subscribe("$share/g/t", 1);
    for (int time = 0; time < 1000; ++time) {
        RawClient passing(broker.port(), "passing" + std::to_string(time));
        passing.subscribe({"$share/g/t"}, 1);
        publisher().publish(numbered("t", 2, 1));
        passing.send(PacketType::puback, passing.next_publish().identifier);
        ASSERT_THAT(passing.received(), IsEmpty());
        passing.send_bytes(std::string("\xE0\0", 2));  // DISCONNECT
        ASSERT_TRUE(passing.ended_by_broker());
    }
    settle();
    EXPECT_EQ(staying.messages().size(), 1000U);
}

TEST_F(Robustness, MemberThatStopsReadingKeepsNobodyWaiting) {
    constexpr int count = 400;
    RawClient stalled(broker.port(), "stalled");
    stalled.subscribe({"$share/g/t"}, 0);
    Client& reading = connect("reading");
    reading.subscribe("$share/g/t");
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t");
    const std::string large(100000, 'x');
    for (int time = 0; time < count; ++time) publisher().publish("t", large, 1);
    settle();
    EXPECT_EQ(non_shared.messages().size(), count);
    EXPECT_THAT(reading.messages().size(), ::testing::AllOf(Ge(count / 2), ::testing::Le(count)));
    expect_health();
}

}  // namespace
}  // namespace integration
