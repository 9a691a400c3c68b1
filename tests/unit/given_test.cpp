// What of a session's messages may go to others.
#include <gmock/gmock.h>

#include <cstddef>
#include <memory_resource>

#include "core/flow/given.hpp"
#include "core/model/group.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GivenTest : public ::testing::Test {
  protected:
    static constexpr std::size_t kWindow = 3;

    void give(std::int64_t id, std::uint8_t qos = 1, const Member& to = member) {
        list.add(to, id, qos, {.topic = {&addresses[id], 1}, .qos = qos}, nullptr, 0, arrivals);
    }
    /// Another message is received where that one was.
    void arrive_at(std::int64_t id) { arrivals.note(&addresses[id]); }
    void write(std::int64_t id, std::size_t window = kWindow) {
        list.written(&addresses[id], window, arrivals);
    }
    static std::vector<std::int64_t> left(const GivenList& list) {
        std::vector<std::int64_t> ids;
        list.for_each([&ids](const Given& given, bool /*is_written*/) { ids.push_back(given.id); });
        return ids;
    }
    std::vector<std::int64_t> left() { return left(list); }
    /// Whether each of those was written.
    std::vector<bool> written() {
        std::vector<bool> all;
        list.for_each(
            [&all](const Given& /*given*/, bool is_written) { all.push_back(is_written); });
        return all;
    }

    static inline const Member member{nullptr, nullptr}, other{nullptr, nullptr};
    char addresses[100]{};
    Arrivals arrivals;
    GivenList list;
};

TEST_F(GivenTest, IsEmptyAtFirst) {
    EXPECT_THAT(left(), IsEmpty());
    write(1);
    list.drop(member);
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(GivenTest, IsAllThatWasNotWritten) {
    for (std::int64_t id = 1; id <= 9; ++id) give(id);
    EXPECT_THAT(left(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(GivenTest, IsTheLastOfWhatWasWritten) {
    for (std::int64_t id = 1; id <= 50; ++id) {
        give(id);
        write(id);
    }
    give(51);
    EXPECT_THAT(left(), ElementsAre(48, 49, 50, 51));
}

TEST_F(GivenTest, IsLessWhereTheWindowTurnsOutToBeSmaller) {
    for (std::int64_t id = 1; id <= 4; ++id) give(id);
    for (std::int64_t id = 1; id <= 3; ++id) write(id);
    write(4, 1);
    EXPECT_THAT(left(), ElementsAre(4));
}

TEST_F(GivenTest, IsNothingOfQos2ThatWasWritten) {
    give(1, 2);
    give(2, 1);
    give(3, 2);
    write(1);
    write(2);
    EXPECT_THAT(left(), ElementsAre(2, 3));
    write(3);
    EXPECT_THAT(left(), ElementsAre(2));
}

TEST_F(GivenTest, MayBeWrittenInAnotherOrder) {
    for (std::int64_t id = 1; id <= 3; ++id) give(id);
    write(3, 1);
    write(2, 1);
    EXPECT_THAT(left(), ElementsAre(1, 3));
    write(1, 1);
    EXPECT_THAT(left(), ElementsAre(3));
}

TEST_F(GivenTest, IsTheWholeMessage) {
    const std::string pattern("\0pay\xFFload", 9);
    const auto properties = std::make_shared<int>(1);
    for (const auto size : std::vector<std::size_t>{0, 9, 50, 48, 49, 5000, 3, 200}) {
        std::string payload;
        while (payload.size() < size) payload += pattern;
        payload.resize(size);
        list.add(member, 5, 1,
                 {.topic = "a/topic",
                  .payload = size > 0 ? payload.data() : nullptr,
                  .payload_size = static_cast<std::uint32_t>(size),
                  .qos = 2},
                 properties, 7, arrivals);
        list.for_each([&](const Given& given, bool is_written) {
            EXPECT_FALSE(is_written);
            EXPECT_EQ(given.id, 5);
            const auto message = given.message();
            EXPECT_EQ(message.topic, "a/topic");
            EXPECT_EQ(message.payload, payload);
            EXPECT_EQ(message.qos, 2);
            EXPECT_EQ(message.publisher, 7U);
            EXPECT_EQ(message.properties, properties);
        });
        list.drop(member);
        EXPECT_EQ(properties.use_count(), 1) << "kept by nobody's message";
    }
}

TEST_F(GivenTest, SaysWhatWasWritten) {
    give(1);
    give(2);
    write(2);
    EXPECT_THAT(written(), ElementsAre(false, true));
}

TEST_F(GivenTest, BeginsAnewAfterMany) {
    for (std::int64_t id = 1; id <= 90; ++id) give(id);
    for (std::int64_t id = 1; id <= 90; ++id) write(id, 0);
    EXPECT_THAT(left(), IsEmpty());
    for (std::int64_t id = 1; id <= 90; ++id) {
        give(id);
        if (id > 5) write(id - 5);
    }
    EXPECT_THAT(left(), ElementsAre(83, 84, 85, 86, 87, 88, 89, 90));
}

TEST_F(GivenTest, ForgetsWhatIsGoneFromTheBroker) {
    for (std::int64_t id = 1; id <= 4; ++id) arrive_at(id);
    for (std::int64_t id = 1; id <= 4; ++id) give(id);
    for (std::int64_t id = 1; id <= 3; ++id) write(id);
    arrive_at(2);
    arrive_at(4);
    EXPECT_THAT(left(), ElementsAre(1, 2, 3, 4));
    list.disconnect(arrivals);
    EXPECT_THAT(left(), ElementsAre(1, 3, 4)) << "the last was not written, others not gone";
}

// It may be gone as the session has ended, or access control has forbidden it.
TEST_F(GivenTest, KeepsWhatIsGoneSinceTheConnectionEnded) {
    give(1);
    write(1);
    list.disconnect(arrivals);
    arrive_at(1);
    list.disconnect(arrivals);
    for (std::int64_t id = 2; id <= 9; ++id) give(id);
    EXPECT_THAT(left(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(GivenTest, TakesNoneForWrittenThatTheBrokerHasDropped) {
    give(1);
    arrive_at(1);
    write(1);
    list.disconnect(arrivals);
    EXPECT_THAT(written(), ElementsAre(false));
}

// The first is never written, as the broker has dropped it.
TEST_F(GivenTest, TakesNoMoreMemoryForWhatIsDroppedBehindOneThatStays) {
    std::vector<std::byte> bytes(64UL * 1024);
    std::pmr::monotonic_buffer_resource all(bytes.data(), bytes.size(),
                                            std::pmr::null_memory_resource());
    std::pmr::unsynchronized_pool_resource pool(&all);
    GivenList small(&pool);
    small.add(member, 0, 1, {.topic = {addresses, 1}, .qos = 1}, nullptr, 0, arrivals);
    for (std::int64_t id = 1; id <= 10'000; ++id) {
        const char* address = &addresses[1 + id % 9];
        small.add(member, id, 1, {.topic = {address, 1}, .qos = 1}, nullptr, 0, arrivals);
        small.written(address, kWindow, arrivals);
    }
    EXPECT_THAT(left(small), ElementsAre(0, 9'998, 9'999, 10'000));
}

TEST_F(GivenTest, GivesThePlacesOfTheOldestThatAreGoneToTheNext) {
    for (std::int64_t id = 1; id <= 4; ++id) {
        give(id);
        write(id, 4);
    }
    arrive_at(1);
    arrive_at(2);
    arrive_at(4);
    EXPECT_THAT(left(), ElementsAre(1, 2, 3, 4));
    give(5);
    EXPECT_THAT(left(), ElementsAre(3, 4, 5)) << "where all places were taken";
    give(6);
    give(7);
    EXPECT_THAT(left(), ElementsAre(3, 4, 5, 6, 7));
}

TEST_F(GivenTest, KnowsAMessageFromTheOneThatWasAtItsAddressBefore) {
    give(1);
    write(1);
    arrive_at(1);
    list.add(member, 2, 1, {.topic = {&addresses[1], 1}, .qos = 1}, nullptr, 0, arrivals);
    write(1);
    list.disconnect(arrivals);
    EXPECT_THAT(left(), ElementsAre(2));
}

TEST_F(GivenTest, LosesWhatAMemberTakesAlong) {
    give(1);
    give(2, 1, other);
    give(3);
    list.drop(member);
    EXPECT_THAT(left(), ElementsAre(2));
    write(3);
    EXPECT_THAT(left(), ElementsAre(2));
    list.drop(other);
    EXPECT_THAT(left(), IsEmpty());
}

}  // namespace
}  // namespace shared_subscription
