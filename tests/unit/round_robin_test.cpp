// Strict turns, whoever publishes, joins or leaves.
#include "shared_subscription/strategy.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "electorate.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;

TEST(RoundRobin, ServesInTheOrderOfJoining) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b", "c"});
    EXPECT_THAT(group.serve_times(7), ElementsAre("a", "b", "c", "a", "b", "c", "a"));
}

TEST(RoundRobin, DoesNotCareWhoPublishesWhat) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b"});
    for (int number = 0; number < 10; ++number) {
        ASSERT_EQ(group.serve(ballot_of(number)), number % 2 == 0 ? "a" : "b");
    }
}

TEST(RoundRobin, TakesNoTurnForAChoiceThatIsNotServed) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b"});
    EXPECT_EQ(group.choose(), "a");
    EXPECT_EQ(group.choose(), "a");
    EXPECT_THAT(group.serve_times(3), ElementsAre("a", "b", "a"));
}

TEST(RoundRobin, PassesOverThoseBehindAndTakesThemBackInTheirPlace) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b", "c"});
    EXPECT_EQ(group.serve(), "a");
    group.set("b", kBehind);
    EXPECT_THAT(group.serve_times(3), ElementsAre("c", "a", "c"));
    group.set("b", kReady);
    EXPECT_THAT(group.serve_times(4), ElementsAre("a", "b", "c", "a"));
}

TEST(RoundRobin, TakesTurnsAmongThoseEquallyBehind) {
    Electorate group(Strategy::round_robin);
    for (const auto* name : {"a", "b", "c"}) group.join(name, kBehind);
    group.set("b", kUnfit);
    EXPECT_THAT(group.serve_times(4), ElementsAre("a", "c", "a", "c"));
}

struct LeaveRow : Row {
    int served;  // before
    const char* leaver;
    std::vector<std::string> then;
};
class RoundRobinLeave : public ::testing::TestWithParam<LeaveRow> {};

TEST_P(RoundRobinLeave, KeepsTheTurnOfTheOthers) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b", "c", "d"});
    for (int time = 0; time < GetParam().served; ++time) group.serve();
    group.leave(GetParam().leaver);
    EXPECT_EQ(group.serve_times(static_cast<int>(GetParam().then.size())), GetParam().then);
}

INSTANTIATE_TEST_SUITE_P(
    , RoundRobinLeave,
    ::testing::Values(LeaveRow{"BehindTheTurn", 1, "c", {"b", "d", "a", "b"}},
                      LeaveRow{"BeforeTheTurn", 2, "a", {"c", "d", "b", "c"}},
                      LeaveRow{"JustServed", 2, "b", {"c", "d", "a", "c"}},
                      LeaveRow{"WhoseTurnItIs", 2, "c", {"d", "a", "b", "d"}},
                      LeaveRow{"LastWhoseTurnItIs", 3, "d", {"a", "b", "c", "a"}},
                      LeaveRow{"LastWhoWasJustServed", 4, "d", {"a", "b", "c", "a"}},
                      LeaveRow{"FirstWhoseTurnItIs", 4, "a", {"b", "c", "d", "b"}},
                      LeaveRow{"FirstBeforeAnyMessage", 0, "a", {"b", "c", "d", "b"}},
                      LeaveRow{"LastBeforeAnyMessage", 0, "d", {"a", "b", "c", "a"}}),
    name_of<LeaveRow>);

TEST(RoundRobin, GivesAJoinerItsTurnBehindTheOthers) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b"});
    EXPECT_EQ(group.serve(), "a");
    group.join("c");
    EXPECT_THAT(group.serve_times(5), ElementsAre("b", "c", "a", "b", "c"));
}

TEST(RoundRobin, GivesAJoinerNoTurnBeforeTheOneWhoseTurnItIs) {
    Electorate group(Strategy::round_robin);
    group.join_all({"a", "b"});
    EXPECT_THAT(group.serve_times(2), ElementsAre("a", "b"));
    group.join("c");
    EXPECT_THAT(group.serve_times(4), ElementsAre("a", "b", "c", "a"));
}

// A ring of names and the name whose turn it is: no places, so none can be counted wrong.
class NaiveRing {
  public:
    void join(const std::string& name) {
        if (ring_.empty()) turn_ = name;
        ring_.push_back(name);
    }
    void leave(const std::string& name) {
        if (turn_ == name) turn_ = after(name);
        std::erase(ring_, name);
    }
    std::string serve() {
        auto served = turn_;
        turn_ = after(served);
        return served;
    }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return ring_; }

  private:
    [[nodiscard]] std::string after(const std::string& name) const {
        const auto found = std::ranges::find(ring_, name);
        return std::next(found) == ring_.end() ? ring_.front() : *std::next(found);
    }

    std::vector<std::string> ring_;
    std::string turn_;
};

TEST(RoundRobin, AgreesWithARingWhateverJoinsAndLeaves) {
    std::mt19937_64 random(4'711);
    Electorate group(Strategy::round_robin);
    NaiveRing ring;
    for (int turn = 0; turn < 20'000; ++turn) {
        const auto size = ring.names().size();
        const auto action = random() % 10;
        if (action == 0 && size < 8) {
            const auto name = "member-" + std::to_string(turn);
            group.join(name);
            ring.join(name);
        } else if (action == 1 && size > 0) {
            const auto name = ring.names()[random() % size];
            group.leave(name);
            ring.leave(name);
        } else if (size > 0) {
            ASSERT_EQ(group.serve(), ring.serve()) << "in turn " << turn;
        }
    }
}

}  // namespace
}  // namespace shared_subscription
