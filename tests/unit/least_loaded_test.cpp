// Who holds the fewest, and takes turns with those who hold as few.
#include "shared_subscription/strategy.hpp"

#include <gmock/gmock.h>

#include "electorate.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;

TEST(LeastLoaded, TakesTurnsWhereAllHoldAsMany) {
    Electorate group(Strategy::least_loaded);
    group.join_all({"a", "b", "c"});
    EXPECT_THAT(group.serve_times(4), ElementsAre("a", "b", "c", "a"));
}

TEST(LeastLoaded, PrefersWhoHoldsFewer) {
    Electorate group(Strategy::least_loaded);
    group.join_all({"a", "b", "c"});
    group.set_load("a", 3);
    group.set_load("b", 1);
    group.set_load("c", 2);
    EXPECT_THAT(group.serve_times(2), ElementsAre("b", "b"));
    group.set_load("b", 2);
    EXPECT_THAT(group.serve_times(3), ElementsAre("c", "b", "c"));
}

TEST(LeastLoaded, PrefersWhoHasRoom) {
    Electorate group(Strategy::least_loaded);
    group.join_all({"a", "b", "c"});
    group.set("a", kBehind);
    group.set("b", kUnfit);
    group.set_load("c", 100);
    EXPECT_EQ(group.serve(), "c");
    group.set("c", kFull);
    EXPECT_EQ(group.serve(), "a");
    group.set("a", kUnfit);
    group.set("c", kUnfit);
    EXPECT_EQ(group.serve(), "");
}

}  // namespace
}  // namespace shared_subscription
