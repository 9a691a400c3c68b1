// The order in which 2.1 asks for the members of a large group.
#include <gmock/gmock.h>

#include <array>

#include "core/model/group.hpp"
#include "core/placement/ring.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RingTest : public ::testing::Test {
  protected:
    RingTest() {
        for (auto& member : members) ring.append(member);
    }
    std::vector<const Member*> order() const {
        std::vector<const Member*> result;
        const auto* member = ring.first();
        for (auto left = ring.size(); left > 0; --left, member = member->in_ring.after)
            result.push_back(member);
        return result;
    }

    std::array<Member, 3> members{{{nullptr, nullptr}, {nullptr, nullptr}, {nullptr, nullptr}}};
    Ring ring;
    const Member *a = &members[0], *b = &members[1], *c = &members[2];
};

TEST_F(RingTest, BeginsInTheOrderInWhichLeavesWereAdded) {
    EXPECT_THAT(order(), ElementsAre(a, b, c));
}

TEST_F(RingTest, PutsWhoWasAskedLast) {
    ring.ask(members[0], 1);
    EXPECT_EQ(ring.first(), a);
    EXPECT_TRUE(ring.was_asked_in(1));
    EXPECT_FALSE(ring.was_asked_in(2));
    ring.answered();
    EXPECT_THAT(order(), ElementsAre(b, c, a));
    EXPECT_EQ(ring.asked(), a);
    EXPECT_EQ(ring.turns(), 1U);
}

TEST_F(RingTest, TakesOverAnotherOrderOfTheBroker) {
    ring.ask(members[2], 1);
    ring.answered();
    EXPECT_THAT(order(), ElementsAre(a, b, c));
}

TEST_F(RingTest, ClosesBehindWhoGoes) {
    ring.ask(members[1], 1);
    ring.answered();
    ring.remove(members[1]);
    EXPECT_THAT(order(), ElementsAre(c, a));
    EXPECT_EQ(ring.asked(), nullptr);
    ring.remove(members[1]);
    ring.remove(members[2]);
    EXPECT_THAT(order(), ElementsAre(a));
    ring.remove(members[0]);
    EXPECT_THAT(order(), IsEmpty());
    EXPECT_EQ(ring.first(), nullptr);
    EXPECT_FALSE(a->stands);
}

TEST_F(RingTest, LetsThemComeBackAtTheEnd) {
    ring.remove(members[0]);
    ring.append(members[0]);
    EXPECT_THAT(order(), ElementsAre(b, c, a));
}

}  // namespace
}  // namespace shared_subscription
