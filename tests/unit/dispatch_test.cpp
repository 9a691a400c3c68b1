// Copies on their way through the broker's queue: known again when they come, given up when they do
// not.
#include "shared_subscription/dispatch.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "quiet_broker.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Dispatch dispatch_of(std::string topic, const std::string& payload = "x",
                     std::string session = "client") {
    return {.message = std::make_shared<const StoredMessage>(
                StoredMessage{.topic = std::move(topic), .payload = payload, .qos = 1}),
            .to = {.session = std::move(session), .filter = "#", .share_name = "g"}};
}

/// The names of the addressees' clients.
std::vector<std::string> sessions(const std::vector<Dispatch>& dispatches) {
    std::vector<std::string> names;
    names.reserve(dispatches.size());
    for (const auto& dispatch : dispatches) names.push_back(dispatch.to.session);
    return names;
}

TEST(Dispatch, ShowsItselfAsAMessage) {
    const StoredMessage stored{.topic = "a/b",
                               .payload = "payload",
                               .qos = 1,
                               .properties = std::make_shared<const int>(0)};
    const auto message = stored.message();
    EXPECT_EQ(message.topic, "a/b");
    EXPECT_EQ(message.topic.data()[message.topic.size()], '\0');
    EXPECT_EQ(std::string_view(static_cast<const char*>(message.payload), message.payload_size),
              "payload");
    EXPECT_EQ(message.qos, 1);
    EXPECT_FALSE(message.retain);
    EXPECT_EQ(message.properties, stored.properties.get());
    EXPECT_TRUE(dispatch_of("a/b", "payload").is(message));
}

// The broker stores a copy: other addresses, the same content.
TEST(Dispatch, KnowsItsMessageByContent) {
    const auto dispatch = dispatch_of("a/b", "payload");
    const std::string topic = "a/b";
    const std::string payload = "payload";
    const Message same{.topic = topic, .payload = payload.data(), .payload_size = 7, .qos = 1};
    EXPECT_TRUE(dispatch.is(same));

    auto other = same;
    other.topic = "a/c";
    EXPECT_FALSE(dispatch.is(other)) << "topic";
    other = same;
    other.payload = "PAYLOAD";
    EXPECT_FALSE(dispatch.is(other)) << "payload";
    other = same;
    other.payload_size = 6;
    EXPECT_FALSE(dispatch.is(other)) << "size";
    other = same;
    other.qos = 0;
    EXPECT_FALSE(dispatch.is(other)) << "QoS";
    other = same;
    other.retain = true;
    EXPECT_FALSE(dispatch.is(other)) << "retain";
}

TEST(Dispatch, KnowsAMessageWithoutPayload) {
    const auto dispatch = dispatch_of("a/b", "");
    EXPECT_TRUE(dispatch.is({.topic = "a/b", .payload = nullptr, .payload_size = 0, .qos = 1}));
    EXPECT_TRUE(dispatch.is({.topic = "a/b", .payload = "", .payload_size = 0, .qos = 1}));
    EXPECT_FALSE(dispatch.is({.topic = "a/b", .payload = "x", .payload_size = 1, .qos = 1}));
}

TEST(Dispatch, ComparesPayloadsWithZeroBytes) {
    const auto dispatch = dispatch_of("a/b", std::string("\0\1", 2));
    EXPECT_TRUE(dispatch.is({.topic = "a/b", .payload = "\0\1", .payload_size = 2, .qos = 1}));
    EXPECT_FALSE(dispatch.is({.topic = "a/b", .payload = "\0\2", .payload_size = 2, .qos = 1}));
}

class DispatchQueueTest : public ::testing::Test {
  protected:
    void push(const std::string& topic, const std::string& session) {
        queue.send(dispatch_of(topic, "x", session));
    }
    std::optional<Dispatch> take(const std::string& topic) {
        return queue.take(dispatch_of(topic).message->message(), missed);
    }

    QuietBroker broker;
    DispatchQueue queue{broker};
    std::vector<Dispatch> missed;
};

TEST_F(DispatchQueueTest, IsEmptyAtFirst) {
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.awaits("client"));
    EXPECT_FALSE(take("t"));
    queue.tick(missed);
    EXPECT_THAT(missed, IsEmpty());
}

TEST_F(DispatchQueueTest, GivesTheBrokerWhatItSends) {
    push("t", "one");
    push("u", "two");
    EXPECT_EQ(broker.published, 2);
    EXPECT_EQ(queue.size(), 2U);
    EXPECT_EQ(queue.bytes(), 2U);
    ASSERT_TRUE(take("u"));
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST_F(DispatchQueueTest, GivesTheDispatchThatTheMessageIs) {
    push("t", "one");
    const auto taken = take("t");
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->to.session, "one");
    EXPECT_EQ(taken->to.share_name, "g");
    EXPECT_TRUE(queue.empty());
    EXPECT_THAT(missed, IsEmpty());
    EXPECT_FALSE(take("t"));
}

TEST_F(DispatchQueueTest, LeavesOtherMessagesAlone) {
    push("t", "one");
    EXPECT_FALSE(take("u"));
    EXPECT_FALSE(queue.empty());
    EXPECT_THAT(missed, IsEmpty());
}

TEST_F(DispatchQueueTest, GivesEqualMessagesInTheOrderOfTheQueue) {
    push("t", "one");
    push("t", "two");
    EXPECT_EQ(take("t")->to.session, "one");
    EXPECT_EQ(take("t")->to.session, "two");
    EXPECT_THAT(missed, IsEmpty());
}

// The broker's queue is first in, first out: those before it have been fanned out and met nobody.
TEST_F(DispatchQueueTest, CountsThoseBeforeItAsMissed) {
    push("a", "one");
    push("b", "two");
    push("c", "three");
    push("d", "four");
    EXPECT_EQ(take("c")->to.session, "three");
    EXPECT_THAT(sessions(missed), ElementsAre("one", "two"));
    EXPECT_EQ(take("d")->to.session, "four");
    EXPECT_THAT(sessions(missed), ElementsAre("one", "two"));
}

TEST_F(DispatchQueueTest, AddsToWhatWasMissedBefore) {
    missed.push_back(dispatch_of("t", "x", "before"));
    push("a", "one");
    push("b", "two");
    ASSERT_TRUE(take("b"));
    EXPECT_THAT(sessions(missed), ElementsAre("before", "one"));
}

TEST_F(DispatchQueueTest, AwaitsExactlyTheAddressees) {
    push("a", "one");
    push("b", "two");
    EXPECT_TRUE(queue.awaits("one"));
    EXPECT_TRUE(queue.awaits("two"));
    EXPECT_FALSE(queue.awaits("on"));
    EXPECT_FALSE(queue.awaits("three"));
    ASSERT_TRUE(take("a"));
    EXPECT_FALSE(queue.awaits("one"));
    EXPECT_TRUE(queue.awaits("two"));
}

// What is queued in one turn of the main loop is drained in the next, and its TICK comes after
// that.
TEST_F(DispatchQueueTest, WaitsThreeTurnsOfTheMainLoop) {
    push("a", "one");
    queue.tick(missed);
    queue.tick(missed);
    EXPECT_THAT(missed, IsEmpty());
    queue.tick(missed);
    EXPECT_THAT(sessions(missed), ElementsAre("one"));
    EXPECT_TRUE(queue.empty());
}

TEST_F(DispatchQueueTest, CountsTheTurnsOfEachSinceItWasQueued) {
    push("a", "one");
    queue.tick(missed);
    push("b", "two");
    queue.tick(missed);
    push("c", "three");
    queue.tick(missed);
    EXPECT_THAT(sessions(missed), ElementsAre("one"));
    queue.tick(missed);
    EXPECT_THAT(sessions(missed), ElementsAre("one", "two"));
    EXPECT_EQ(take("c")->to.session, "three");
}

}  // namespace
}  // namespace shared_subscription
