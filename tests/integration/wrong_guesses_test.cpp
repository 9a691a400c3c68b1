// Where the plugin has to guess, it may guess wrong: that makes one copy too many at most, never
// work without end.

#include <map>

#include "bounded_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

struct ForgottenRow {
    std::string name;
    int protocol;
    std::vector<std::string> filters;  // of before the restart
};
void PrintTo(const ForgottenRow& row, std::ostream* stream) {
    *stream << row.name;
}

// After a restart without a file the broker knows subscriptions that the plugin does not.
class ForgottenSubscriptions : public BoundedTest,
                               public ::testing::WithParamInterface<ForgottenRow> {
  protected:
    Configuration configuration() const {
        return {.first = {"persistence true", "persistence_location " + broker.path(""),
                          "allow_duplicate_messages false"}};
    }
    RawOptions outliving() const {
        return {.protocol = GetParam().protocol, .clean_start = false, .session_expiry = 3600};
    }
};

TEST_P(ForgottenSubscriptions, MakeOneCopyTooManyAtMost) {
    broker.start(configuration());
    {
        RawClient a(broker.port(), "a", outliving());
        EXPECT_THAT(a.subscribe(GetParam().filters, 1), Each(1));
        a.disconnect();
    }
    EXPECT_EQ(broker.stop(), 0);
    broker.start(configuration());
    RawClient a(broker.port(), "a", outliving());
    ASSERT_TRUE(a.session_present());
    EXPECT_THAT(a.subscribe({"#", "$share/g2/#"}, 1), ElementsAre(1, 1));
    RawClient b(broker.port(), "b", {.protocol = GetParam().protocol});
    EXPECT_THAT(b.subscribe({"$share/g2/f/a", "f/a"}, 1), ElementsAre(1, 1));

    publish_once("f/a", "x");
    ASSERT_TRUE(answers());
    settle();

    // Groups are a name and a filter: one for each client here. The broker itself may give A one
    // copy for all its non-shared subscriptions, or one for each.
    const std::size_t non_shared = GetParam().filters.size() + 1;
    EXPECT_THAT(a.received(), AllOf(SizeIs(Ge(2U)), SizeIs(Le(non_shared + 1 + 1))));
    EXPECT_THAT(b.received(), AllOf(SizeIs(Ge(2U)), SizeIs(Le(2U + 1))));
}

INSTANTIATE_TEST_SUITE_P(, ForgottenSubscriptions,
                         ::testing::Values(ForgottenRow{"OneMqtt311", 4, {"f/#"}},
                                           ForgottenRow{"OneMqtt5", 5, {"f/#"}},
                                           ForgottenRow{"ThreeMqtt311", 4, {"f/#", "f/+", "+/a"}},
                                           ForgottenRow{"ThreeMqtt5", 5, {"f/#", "f/+", "+/a"}}),
                         [](const auto& row) { return row.param.name; });

class WrongGuesses : public BoundedTest {
  protected:
    static constexpr RawOptions outliving{.clean_start = false, .session_expiry = 3600};

    void SetUp() override {
        BoundedTest::SetUp();
        broker.start();
    }
    static std::vector<std::string> payloads(const std::vector<Publish>& publishes) {
        std::vector<std::string> result;
        for (const auto& publish : publishes) result.push_back(publish.payload);
        return result;
    }
};

// The broker gives its own message to the client once, by the first of these: No Local keeps back
// the second, but only what the client itself has published.
TEST_F(WrongGuesses, AboutNoLocalFloodNobodyAndStarveNoGroup) {
    constexpr std::uint8_t no_local = 4;
    {
        RawClient member(broker.port(), "member", outliving);
        EXPECT_THAT(member.subscribe({"$share/g/a/#"}, 1), ElementsAre(1));
        member.disconnect();
    }
    RawClient non_shared(broker.port(), "ordinary");
    EXPECT_THAT(non_shared.subscribe({"a/b"}, 1), ElementsAre(1));
    EXPECT_THAT(non_shared.subscribe({"a/#"}, 1 | no_local), ElementsAre(1));
    for (const std::string payload : {"1", "2"}) {
        non_shared.publish({.topic = "a/b", .payload = payload, .qos = 1, .identifier = 1});
        non_shared.expect(PacketType::puback);
    }
    RawClient member(broker.port(), "member", outliving);
    EXPECT_EQ(member.next_publish().payload, "1");
    EXPECT_EQ(member.next_publish().payload, "2");
    settle();
    EXPECT_THAT(member.received(), IsEmpty());
    EXPECT_THAT(payloads(non_shared.received()), ElementsAre("1", "2"));

    non_shared.publish({.topic = "a/b", .payload = "3", .qos = 1, .identifier = 1});
    EXPECT_EQ(member.next_publish().payload, "3");
    settle();
    EXPECT_THAT(member.received(), IsEmpty());
    EXPECT_THAT(payloads(non_shared.received()), ElementsAre("3"));
}

// Whether the member wants to be told that it was retained.
class RetainedThatWaits : public WrongGuesses, public ::testing::WithParamInterface<bool> {};

TEST_P(RetainedThatWaits, KeepItsFlagForThoseWhoAskForIt) {
    if (broker_is_20()) return;  // shows no plugin who asks for it
    constexpr std::uint8_t retain_as_published = 8;
    const auto options = static_cast<std::uint8_t>(GetParam() ? 1 | retain_as_published : 1);
    {
        RawClient member(broker.port(), "member", outliving);
        EXPECT_THAT(member.subscribe({"$share/g/t"}, options), ElementsAre(1));
        member.disconnect();
    }
    Client& publisher = connect("publisher");
    publisher.publish({.topic = "t", .payload = "live", .qos = 1});
    publisher.publish({.topic = "t", .payload = "retained", .qos = 1, .retain = true});
    RawClient member(broker.port(), "member", outliving);
    const Publish live = member.next_publish();
    const Publish retained = member.next_publish();
    EXPECT_EQ(live.payload, "live");
    EXPECT_FALSE(live.retain);
    EXPECT_EQ(retained.payload, "retained");
    EXPECT_EQ(retained.retain, GetParam());
    EXPECT_THAT(member.received(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, RetainedThatWaits, ::testing::Bool(), [](const auto& row) {
    return row.param ? "WithRetainAsPublished" : "WithoutRetainAsPublished";
});

// Another plugin publishes what looks exactly like a message that waits for a group, before it goes
// out, while it does, and behind it.
class EqualMessages : public BoundedTest, public ::testing::WithParamInterface<int> {
  protected:
    static constexpr RawOptions outliving{.clean_start = false, .session_expiry = 3600};

    void SetUp() override {
        BoundedTest::SetUp();
        broker.start({.options = {"plugin_opt_access_control none"},
                      .after_plugin = {std::string("plugin ") + ON_REQUEST_PLUGIN}});
    }
    static void request(RawClient& client, int count) {
        client.publish(
            {.topic = "request/publish", .payload = std::to_string(count) + " 1 0 t x", .qos = 0});
    }
    static void acknowledge(RawClient& client, const std::vector<Publish>& publishes) {
        for (const auto& publish : publishes) {
            EXPECT_EQ(publish.payload, "x");
            client.send(PacketType::puback, publish.identifier);
        }
    }
};

TEST_P(EqualMessages, OfAnotherPluginAreNeitherSwallowedNorDoubled) {
    constexpr int rounds = 10;
    const int waiting = GetParam();
    const auto all = static_cast<std::size_t>(waiting + 3 + 1 + 2);
    RawClient non_shared(broker.port(), "ordinary");
    EXPECT_THAT(non_shared.subscribe({"t"}, 1), ElementsAre(1));
    RawClient other(broker.port(), "other");
    {
        RawClient member(broker.port(), "member", outliving);
        EXPECT_THAT(member.subscribe({"$share/g/t"}, 1), ElementsAre(1));
        member.disconnect();
    }
    for (int round = 0; round < rounds; ++round) {
        SCOPED_TRACE(round);
        for (int i = 0; i < waiting; ++i) publish_once("t", "x");
        request(other, 3);
        RawClient member(broker.port(), "member", outliving);
        request(member, 1);
        request(other, 2);
        for (std::size_t i = 0; i < all; ++i) acknowledge(member, {member.next_publish()});
        settle();
        EXPECT_THAT(member.received(), IsEmpty());
        const auto seen = non_shared.received();
        EXPECT_THAT(seen, SizeIs(all));
        acknowledge(non_shared, seen);
        member.disconnect();
    }
}

INSTANTIATE_TEST_SUITE_P(, EqualMessages, ::testing::Values(1, 5), [](const auto& row) {
    return "While" + std::to_string(row.param) + "Wait";
});

}  // namespace
}  // namespace integration
