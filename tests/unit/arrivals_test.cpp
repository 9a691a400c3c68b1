// Where messages have been received, as far as it is remembered.
#include "core/flow/arrivals.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace shared_subscription {
namespace {

class ArrivalsTest : public ::testing::Test {
  protected:
    Arrivals arrivals;
    char here = 0, there = 0;
};

TEST_F(ArrivalsTest, KnowNothingAtFirst) {
    EXPECT_EQ(arrivals.count(), 0U);
    EXPECT_FALSE(arrivals.has_since(0, &here));
    EXPECT_FALSE(arrivals.has_since(0, nullptr));
}

TEST_F(ArrivalsTest, KnowWhatHasBeenAtAnAddressSince) {
    arrivals.note(&here);
    const auto count = arrivals.count();
    EXPECT_TRUE(arrivals.has_since(count - 1, &here));
    EXPECT_FALSE(arrivals.has_since(count, &here));
    arrivals.note(&there);
    EXPECT_FALSE(arrivals.has_since(count, &here));
    EXPECT_TRUE(arrivals.has_since(count, &there));
    arrivals.note(&here);
    EXPECT_TRUE(arrivals.has_since(count, &here));
}

TEST_F(ArrivalsTest, AreTakenForNoneWhereTheyAreForgotten) {
    std::vector<char> many(100'000);
    arrivals.note(&here);
    for (const auto& other : many) arrivals.note(&other);
    EXPECT_FALSE(arrivals.has_since(0, &here));
    EXPECT_TRUE(arrivals.has_since(0, &many.back()));
    EXPECT_EQ(arrivals.count(), many.size() + 1);
}

}  // namespace
}  // namespace shared_subscription
