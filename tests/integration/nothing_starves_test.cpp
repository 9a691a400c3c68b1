// What the broker does not hold any more, and did not say so, keeps nobody from getting messages.

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class NothingStarves : public BrokerTest {
  protected:
    const RawOptions kept{.clean_start = false, .session_expiry = 3600, .receive_maximum = 1};
    static std::vector<std::string> take(RawClient& member, int count) {
        std::vector<std::string> payloads;
        for (int taken = 0; taken < count; ++taken) {
            const Publish publish = member.next_publish();
            payloads.push_back(publish.payload);
            member.send(PacketType::puback, publish.identifier);
        }
        return payloads;
    }
    // Until a message of that lifetime is gone: a session's expires no earlier.
    void outlive(std::uint32_t seconds) {
        connect("clock", {.clean_start = false, .session_expiry = seconds}).drop();
        broker.wait_for_log("Expiring client clock");
    }
};

// It finishes what it had begun when it is back.
TEST_F(NothingStarves, BehindAnExchangeThatIsFinishedLater) {
    broker.start();
    auto member = std::make_optional<RawClient>(broker.port(), "member", kept);
    member->subscribe({"$share/g/t"}, 2);
    Client& publisher = connect("publisher");
    publisher.publish("t", "first", 2);
    const auto first = member->next_publish();
    member->send(PacketType::pubrec, first.identifier);
    member->expect(PacketType::pubrel);
    member.emplace(broker.port(), "member", kept);
    member->expect(PacketType::pubrel);
    member->send(PacketType::pubcomp, first.identifier);

    publisher.publish(numbered("t", 20, 1));
    EXPECT_THAT(take(*member, 20), ElementsAreArray(numbers(1, 20)));
}

// All that the broker holds back for the only member expires there, behind one that it works on for
// long.
TEST_F(NothingStarves, BehindWhatHasExpired) {
    if (broker_is_20()) return;  // does not show what waits
    broker.start({.first = {"max_queued_messages 5"}});
    RawClient member(broker.port(), "member", {.receive_maximum = 1});
    member.subscribe({"$share/g/t"}, 1);
    Client& publisher = connect("publisher");
    for (int number = 0; number < 5; ++number)
        publisher.publish({.topic = "t", .payload = "x", .qos = 1, .properties = {.expiry = 1}});
    const auto first = member.next_publish();
    outlive(2);
    member.send(PacketType::puback, first.identifier);
    EXPECT_THAT(member.received(), IsEmpty());

    publisher.publish(numbered("t", 39, 1));
    EXPECT_THAT(take(member, 39), ElementsAreArray(numbers(1, 39)));
}

// What it may not read any more is taken from it when it resumes its session. What is in flight
// then does not give its place in the window back, which is the broker's own fault.
TEST_F(NothingStarves, BehindWhatAccessControlHasTaken) {
    const std::string rights = "topic readwrite #\ntopic readwrite $fence/#\n";
    const auto file = broker.write_file("acl", rights);
    broker.start({.after_plugin = {"acl_file " + file}});
    auto member = std::make_optional<RawClient>(broker.port(), "member", kept);
    member->subscribe({"$share/g/+"}, 1);
    Client& publisher = connect("publisher");
    publisher.publish("t", "first", 1);
    publisher.publish(numbered("secret", 5, 1));
    EXPECT_EQ(member->next_publish().payload, "first");
    broker.write_file("acl", "topic deny secret\n" + rights);
    broker.reload();
    member.emplace(broker.port(), "member", kept);
    EXPECT_THAT(take(*member, 1), ElementsAre("first"));
    publisher.publish(numbered("t", 20, 1));
    EXPECT_THAT(take(*member, 20), ElementsAreArray(numbers(1, 20)));
}

}  // namespace
}  // namespace integration
