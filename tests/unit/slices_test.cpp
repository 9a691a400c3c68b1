// When how much is saved.
#include "store/slices.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

namespace shared_subscription {
namespace {

constexpr std::int64_t kStart = 5'000'000;  // milliseconds; a second begins

TEST(Slices, AreNoneWhereNothingHasChanged) {
    Slices slices;
    EXPECT_FALSE(slices.next(kStart, 0));
    EXPECT_FALSE(slices.are_left());
    EXPECT_FALSE(slices.next(kStart + 500, 7)) << "that is for the next second";
    EXPECT_TRUE(slices.next(kStart + 1000, 7));
}

TEST(Slices, SaveAFewGroupsAtOnceOncePerSecond) {
    Slices slices;
    const auto slice = slices.next(kStart, 7);
    ASSERT_TRUE(slice);
    EXPECT_GE(slice->groups, 7U);
    slices.done(7);
    EXPECT_FALSE(slices.are_left());
    EXPECT_FALSE(slices.next(kStart + 999, 7));
    EXPECT_TRUE(slices.next(kStart + 1000, 7));
}

TEST(Slices, SpreadManyGroupsOverTheSecond) {
    constexpr std::size_t kGroups = 10'000;
    Slices slices;
    std::ignore = slices.next(kStart - 1000, 1);
    slices.done(1);
    std::size_t left = kGroups, most = 0;
    for (auto time = kStart; time < kStart + 1000; ++time) {
        const auto slice = slices.next(time, left);
        if (!slice) continue;
        const auto saved = std::min(slice->groups, left);
        // The first one follows a pause.
        if (time > kStart) most = std::max(most, saved);
        left -= saved;
        slices.done(saved);
    }
    EXPECT_EQ(left, 0U);
    EXPECT_LE(most, kGroups / 40);
    EXPECT_FALSE(slices.are_left());
}

// The main loop may sleep for a tenth of a second.
TEST(Slices, AreLargerWhereTurnsAreRare) {
    constexpr std::size_t kGroups = 10'000;
    Slices slices;
    std::size_t left = kGroups;
    for (auto time = kStart; time < kStart + 1000; time += 100) {
        const auto slice = slices.next(time, left);
        if (!slice) continue;
        EXPECT_LE(slice->messages, 2000U);
        left -= std::min(slice->groups, left);
        slices.done(slice->groups);
    }
    EXPECT_EQ(left, 0U);
}

TEST(Slices, GoOnWithAGroupThatHasMoreMessages) {
    Slices slices;
    std::size_t messages = 10'000;
    int count = 0;
    for (auto time = kStart; time < kStart + 1000 && messages > 0; ++time) {
        const auto slice = slices.next(time, 1);
        if (!slice) continue;
        messages -= std::min(slice->messages, messages);
        ++count;
        if (messages > 0) slices.done(0);
    }
    EXPECT_EQ(messages, 0U);
    EXPECT_GT(count, 5);
}

}  // namespace
}  // namespace shared_subscription
