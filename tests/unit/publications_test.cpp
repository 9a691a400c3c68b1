// Which publisher a fan-out belongs to: announced just before, or in flight since long.
#include "core/delivery/publications.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared_subscription/hash.hpp"

namespace shared_subscription {
namespace {

/// A message as the broker stores it, with addresses of its own.
struct Stored {
    std::string topic;
    std::string payload = "payload";
    std::uint8_t qos = 0;

    [[nodiscard]] Message message() const {
        return {.topic = topic,
                .payload = payload.data(),
                .payload_size = static_cast<std::uint32_t>(payload.size()),
                .qos = qos};
    }
};

class PublicationsTest : public ::testing::Test {
  protected:
    /// What a fan-out takes that begins with this message, where its PUBREL may have come.
    std::optional<Publication> release(const Message& message) {
        if (!publications.release(message)) return std::nullopt;
        auto* publication = publications.take_announced(message);
        EXPECT_TRUE(publication) << "released and not announced";
        return publication ? std::optional(std::move(*publication)) : std::nullopt;
    }

    Publications publications;
};

TEST_F(PublicationsTest, KnowNothingAtFirst) {
    const Stored stored{.topic = "t", .qos = 2};
    EXPECT_FALSE(publications.is_announced("t"));
    EXPECT_FALSE(publications.take_announced(stored.message()));
    EXPECT_FALSE(publications.release(stored.message()));
}

// Wills raise a WRITE check and no MESSAGE event.
TEST_F(PublicationsTest, AnswerOnceForAnAnnouncedTopic) {
    publications.announce("publisher", "t");
    const Stored stored{.topic = "t"};
    EXPECT_TRUE(publications.is_announced("t"));
    const auto* publication = publications.take_announced(stored.message());
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->publisher(), stable_hash("publisher"));
    EXPECT_EQ(publication->properties, nullptr);
    EXPECT_FALSE(publications.is_announced("t"));
    EXPECT_FALSE(publications.take_announced(stored.message()));
}

TEST_F(PublicationsTest, DoNotTakeAnotherTopicForTheAnnouncedOne) {
    publications.announce("publisher", "t");
    const Stored other{.topic = "$SYS/broker/uptime"};
    EXPECT_FALSE(publications.is_announced(other.topic));
    EXPECT_FALSE(publications.take_announced(other.message()));
    const Stored stored{.topic = "t"};
    EXPECT_TRUE(publications.take_announced(stored.message()));
}

TEST_F(PublicationsTest, ForgetWhatWasAnnounced) {
    publications.announce("publisher", "t");
    publications.forget_announced();
    EXPECT_FALSE(publications.take_announced(Stored{.topic = "t"}.message()));
}

TEST_F(PublicationsTest, KeepACopyOfTheNamesThatWereAnnounced) {
    std::string id = "publisher";
    std::string topic = "t";
    publications.announce(id, topic);
    id = "somebody-";
    topic = "u";
    const auto* publication = publications.take_announced(Stored{.topic = "t"}.message());
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->publisher(), stable_hash("publisher"));
}

TEST_F(PublicationsTest, AnnounceTheLatestOnly) {
    publications.announce("one", "t");
    publications.announce("other", "t");
    const auto* publication = publications.take_announced(Stored{.topic = "t"}.message());
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->publisher(), stable_hash("other"));
    EXPECT_FALSE(publications.take_announced(Stored{.topic = "t"}.message()));
}

class ImmediateFanOut : public PublicationsTest, public ::testing::WithParamInterface<int> {};

TEST_P(ImmediateFanOut, FollowsTheMessageEvent) {
    const Stored stored{.topic = "t", .qos = static_cast<std::uint8_t>(GetParam())};
    auto message = stored.message();
    const int properties = 0;
    message.properties = &properties;
    publications.receive("publisher", message, nullptr);
    EXPECT_FALSE(publications.release(message));
    const auto* publication = publications.take_announced(message);
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->publisher(), stable_hash("publisher"));
    EXPECT_EQ(publication->properties, &properties);
}

INSTANTIATE_TEST_SUITE_P(QoS, ImmediateFanOut, ::testing::Values(0, 1),
                         ::testing::PrintToStringParamName());

TEST_F(PublicationsTest, DoNotGiveTheNextMessageTheLastOnesProperties) {
    const int properties = 0;
    const Stored stored{.topic = "t"};
    auto message = stored.message();
    message.properties = &properties;
    publications.receive("publisher", message, nullptr);
    publications.announce("publisher", "t");
    EXPECT_EQ(publications.take_announced(stored.message())->properties, nullptr);
}

// [MQTT-4.3.3-9], [MQTT-4.3.3-10]: QoS 2 is fanned out when its PUBREL comes; others are published
// in between.
TEST_F(PublicationsTest, HoldQosTwoUntilItsRelease) {
    const Stored exactly{.topic = "t", .qos = 2};
    publications.receive("one", exactly.message(), nullptr);
    EXPECT_FALSE(publications.take_announced(exactly.message()));

    const Stored between{.topic = "t"};
    publications.receive("other", between.message(), nullptr);
    EXPECT_EQ(publications.take_announced(between.message())->publisher(), stable_hash("other"));

    EXPECT_TRUE(publications.release(exactly.message()));
    EXPECT_TRUE(publications.is_announced("t"));
    EXPECT_FALSE(publications.release(exactly.message()));
    const auto* publication = publications.take_announced(exactly.message());
    ASSERT_TRUE(publication);
    EXPECT_EQ(publication->publisher(), stable_hash("one"));
    EXPECT_FALSE(publications.take_announced(exactly.message()));
}

TEST_F(PublicationsTest, ReleaseInsteadOfWhatWasAnnounced) {
    const Stored exactly{.topic = "t", .qos = 2};
    publications.receive("one", exactly.message(), nullptr);
    publications.announce("other", "u");
    EXPECT_EQ(release(exactly.message())->publisher(), stable_hash("one"));
    EXPECT_FALSE(publications.take_announced(Stored{.topic = "u"}.message()));
}

TEST_F(PublicationsTest, ForgetWhatIsStoredWithoutAFanOut) {
    const Stored forgotten{.topic = "t", .qos = 2};
    const Stored other{.topic = "t", .qos = 2};
    publications.receive("one", forgotten.message(), nullptr);
    publications.receive("other", other.message(), nullptr);
    publications.forget_in_flight(forgotten.message());
    EXPECT_FALSE(publications.release(forgotten.message()));
    publications.forget_in_flight(forgotten.message());
    EXPECT_TRUE(publications.release(other.message()));
}

// The WRITE check has announced it; the MESSAGE event shows that its fan-out is not next.
TEST_F(PublicationsTest, TakeTheAnnouncementOfQosTwoBack) {
    const Stored exactly{.topic = "t", .qos = 2};
    publications.announce("publisher", "t");
    publications.receive("publisher", exactly.message(), nullptr);
    EXPECT_FALSE(publications.take_announced(Stored{.topic = "t"}.message()));
}

TEST_F(PublicationsTest, HoldSeveralMessagesOfOneTopicApart) {
    const Stored first{.topic = "t", .payload = "same", .qos = 2};
    const Stored second{.topic = "t", .payload = "same", .qos = 2};
    publications.receive("one", first.message(), nullptr);
    publications.receive("other", second.message(), nullptr);
    EXPECT_EQ(release(second.message())->publisher(), stable_hash("other"));
    EXPECT_EQ(release(first.message())->publisher(), stable_hash("one"));
}

TEST_F(PublicationsTest, KnowAMessageInFlightByAllThatTheBrokerKeeps) {
    const Stored stored{.topic = "t", .qos = 2};
    publications.receive("publisher", stored.message(), nullptr);

    auto other_qos = stored.message();
    other_qos.qos = 1;
    auto other_payload = stored.message();
    other_payload.payload = "payload of another message at an address that was used before";
    auto other_size = stored.message();
    --other_size.payload_size;
    const Stored elsewhere{.topic = "t", .qos = 2};
    for (const auto& message : {other_qos, other_payload, other_size, elsewhere.message()}) {
        EXPECT_FALSE(publications.release(message));
        publications.forget_in_flight(message);
    }
    EXPECT_TRUE(publications.release(stored.message()));
}

TEST_F(PublicationsTest, TakeAnAddressThatIsUsedAgainForTheNewMessage) {
    const Stored stored{.topic = "t", .qos = 2};
    publications.receive("one", stored.message(), nullptr);
    auto reused = stored.message();
    reused.payload = "new";
    reused.payload_size = 3;
    publications.receive("other", reused, nullptr);
    EXPECT_FALSE(publications.release(stored.message()));
    EXPECT_EQ(release(reused)->publisher(), stable_hash("other"));
}

TEST_F(PublicationsTest, OwnTheKeptPropertiesUntilTheFanOutIsOver) {
    const Stored stored{.topic = "t", .qos = 2};
    auto kept = std::make_shared<const int>(0);
    const std::weak_ptr<const void> watch = kept;
    const void* address = kept.get();
    publications.receive("publisher", stored.message(), std::move(kept));
    EXPECT_FALSE(watch.expired());
    {
        const auto publication = release(stored.message());
        ASSERT_TRUE(publication);
        EXPECT_EQ(publication->properties, address);
        EXPECT_FALSE(watch.expired());
    }
    EXPECT_TRUE(watch.expired());
}

// A DUP retransmission raises the event once more.
TEST_F(PublicationsTest, ReplaceWhatWasKeptForARetransmission) {
    const Stored stored{.topic = "t", .qos = 2};
    auto first = std::make_shared<const int>(1);
    auto second = std::make_shared<const int>(2);
    const std::weak_ptr<const void> watch = first;
    const void* address = second.get();
    publications.receive("publisher", stored.message(), std::move(first));
    publications.receive("publisher", stored.message(), std::move(second));
    EXPECT_TRUE(watch.expired());
    EXPECT_EQ(release(stored.message())->properties, address);
    EXPECT_FALSE(release(stored.message()));
}

// Messages whose PUBREL never comes must not fill the memory.
TEST_F(PublicationsTest, BoundWhatNeverComesToItsRelease) {
    constexpr std::size_t kCount = 150'000;
    const std::string addresses(kCount, 't');
    const auto message_at = [&addresses](std::size_t place) {
        return Message{.topic = std::string_view(addresses).substr(place, 1), .qos = 2};
    };
    for (std::size_t place = 0; place < kCount; ++place)
        publications.receive("p", message_at(place), nullptr);
    EXPECT_TRUE(publications.release(message_at(kCount - 1)));
    std::size_t held = 1;
    for (std::size_t place = 0; place < kCount; ++place) {
        if (publications.release(message_at(place))) ++held;
    }
    EXPECT_EQ(held, 100'000U);
}

}  // namespace
}  // namespace shared_subscription
