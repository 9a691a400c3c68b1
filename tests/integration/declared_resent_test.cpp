// A PUBLISH of QoS 2 that comes again before its PUBREL, as its publisher has not seen the PUBREC.
// The broker takes it once; a declared group collects it before that shows.

#include <array>

#include "declared_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

constexpr RawOptions kept_session{.clean_start = false, .session_expiry = 3600};

class DeclaredGroupsAndWhatIsSentAgain : public DeclaredTest {
  protected:
    static Publish numbered_as(std::uint16_t identifier, const std::string& payload,
                               bool dup = false) {
        return {
            .topic = "jobs/a", .payload = payload, .qos = 2, .identifier = identifier, .dup = dup};
    }
    static void receive(RawClient& publisher, const Publish& publish) {
        publisher.publish(publish);
        EXPECT_EQ(identifier_of(publisher.expect(PacketType::pubrec)), publish.identifier);
    }
    static void release(RawClient& publisher, std::uint16_t identifier) {
        publisher.send(PacketType::pubrel, identifier);
        publisher.expect(PacketType::pubcomp);
    }
    // "x" has been received under 1, and comes again before it is released. 2.0 shows no plugin
    // what a client has sent and not released.
    void expect_once_though_sent_again(RawClient& publisher) {
        receive(publisher, numbered_as(1, "x", true));
        release(publisher, 1);
        const std::vector<std::string> expected(broker_is_20() ? 2 : 1, "x");
        EXPECT_THAT(collect("first", expected.size()), ElementsAreArray(expected));
    }
};

TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectItOnceFromOneConnection) {
    broker.start({.options = {declared}});
    RawClient publisher(broker.port(), "publisher", {.protocol = 4});
    receive(publisher, numbered_as(1, "x"));
    expect_once_though_sent_again(publisher);
}

TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectItOnceFromAResumedSession) {
    broker.start({.options = {declared}});
    RawClient(broker.port(), "publisher", kept_session).publish(numbered_as(1, "x"));
    broker.wait_for_log("Sending PUBREC to publisher");
    RawClient publisher(broker.port(), "publisher", kept_session);
    EXPECT_TRUE(publisher.session_present());
    expect_once_though_sent_again(publisher);
}

TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectItOnceFromASessionThatIsTakenOver) {
    broker.start({.options = {declared}});
    RawClient before(broker.port(), "publisher", kept_session);
    receive(before, numbered_as(1, "x"));
    RawClient publisher(broker.port(), "publisher", kept_session);
    expect_once_though_sent_again(publisher);
}

TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectItOnceAfterARestart) {
    broker.start(remembering({declared}));
    RawClient(broker.port(), "publisher", kept_session).publish(numbered_as(1, "x"));
    broker.wait_for_log("Sending PUBREC to publisher");
    restart(remembering({declared}));
    RawClient publisher(broker.port(), "publisher", kept_session);
    EXPECT_TRUE(publisher.session_present());
    expect_once_though_sent_again(publisher);
}

// Neither the same text again under another packet identifier, nor another one under the same.
TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectAllThatIsNew) {
    broker.start({.options = {declared}});
    RawClient publisher(broker.port(), "publisher", kept_session);
    receive(publisher, numbered_as(1, "x"));
    receive(publisher, numbered_as(2, "x"));
    receive(publisher, numbered_as(3, "y"));
    receive(publisher, numbered_as(3, "z"));
    for (const auto identifier : std::to_array<std::uint16_t>({1, 2, 3}))
        release(publisher, identifier);
    receive(publisher, numbered_as(1, "x"));
    release(publisher, 1);
    RawClient another(broker.port(), "another");
    receive(another, numbered_as(1, "x"));
    EXPECT_THAT(collect("first", 6), ElementsAre("x", "x", "y", "z", "x", "x"));
}

// The same text again, and its PUBREL with it: nobody should, as that has to follow the PUBREC.
TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectWhatIsReleasedAtOnce) {
    broker.start({.options = {declared}});
    RawClient publisher(broker.port(), "publisher");
    for (const auto identifier : std::to_array<std::uint16_t>({1, 2})) {
        publisher.publish(numbered_as(identifier, "x"));
        publisher.send(PacketType::pubrel, identifier);
    }
    publisher.expect(PacketType::pubcomp);
    publisher.expect(PacketType::pubcomp);
    EXPECT_THAT(collect("first", 2), ElementsAre("x", "x"));
}

// What is read before a PUBREL, in one go, is not what the broker then fans out.
TEST_F(DeclaredGroupsAndWhatIsSentAgain, CollectWhatIsReadJustBeforeAPubrel) {
    broker.start({.options = {declared}});
    Client& other = connect("other");
    other.subscribe("$share/others/jobs/+", 1);
    RawClient publisher(broker.port(), "publisher");
    receive(publisher, numbered_as(1, "x"));
    const std::string body = std::string("\0\6jobs/a\0\2\0", 11) + "y";
    const std::string publish = std::string("\x34\x0C", 2) + body;
    publisher.send_bytes(publish + std::string("\x62\2\0\1", 4));
    publisher.expect(PacketType::pubcomp);
    release(publisher, 2);
    EXPECT_THAT(collect("first", 2), ElementsAre("x", "y"));
    settle();
    EXPECT_THAT(other.payloads(), ElementsAre("x", "y"));
}

}  // namespace
}  // namespace integration
