// How much of what a member leaves behind goes to the others: the options, and older clients.

#include <algorithm>
#include <functional>

#include "redispatch_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct WindowRow {
    std::string name;
    std::vector<std::string> options;
    int written;
    std::size_t redispatched;
};
void PrintTo(const WindowRow& row, std::ostream* stream) {
    *stream << row.name;
}

class RedispatchWindow : public RedispatchTest, public ::testing::WithParamInterface<WindowRow> {};

// All of them were written to a member that acknowledged none.
TEST_P(RedispatchWindow, BoundsWhatWasWritten) {
    if (broker_is_20()) return;  // does not show what was written
    const auto& row = GetParam();
    broker.start({.first = {"max_inflight_messages 0"}, .options = row.options});
    join_silent(1, {.receive_maximum = 100});
    give(numbered("t", row.written, 1));
    const auto others = join({"other"});
    EXPECT_THAT(silent().received(), SizeIs(static_cast<std::size_t>(row.written)));
    drop();
    const auto payloads = others[0]->payloads();
    EXPECT_THAT(payloads, SizeIs(row.redispatched));
    EXPECT_TRUE(std::ranges::is_sorted(payloads, std::ranges::less_equal(),
                                       [](const auto& payload) { return stoi(payload); }));
}

INSTANTIATE_TEST_SUITE_P(
    , RedispatchWindow,
    ::testing::Values(WindowRow{"Wide", {"plugin_opt_redispatch_window 50"}, 30, 30},
                      WindowRow{"Narrow", {"plugin_opt_redispatch_window 5"}, 30, 5},
                      WindowRow{"Default", {}, 30, 20}, WindowRow{"DefaultNotFull", {}, 12, 12}),
    [](const auto& row) { return row.param.name; });

struct EndRow {
    std::string name;
    bool politely;
};
void PrintTo(const EndRow& row, std::ostream* stream) {
    *stream << row.name;
}

class NoRedispatch : public RedispatchTest, public ::testing::WithParamInterface<EndRow> {};

TEST_P(NoRedispatch, IfTheOptionSaysSo) {
    broker.start({.options = {"plugin_opt_redispatch false"}});
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    GetParam().politely ? disconnect() : drop();
    EXPECT_THAT(others[0]->messages(), IsEmpty());
    give(numbered("t", 3, 1));
    settle();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(numbers(1, 3)));
}

INSTANTIATE_TEST_SUITE_P(, NoRedispatch,
                         ::testing::Values(EndRow{"Disconnects", true}, EndRow{"BreaksOff", false}),
                         [](const auto& row) { return row.param.name; });

class RedispatchOfOldClients : public RedispatchTest, public ::testing::WithParamInterface<int> {};

// They have no Receive Maximum: the window is the broker's.
TEST_P(RedispatchOfOldClients, IsTheSame) {
    broker.start({.first = {"max_inflight_messages 1"}});
    join_silent(1, {.protocol = GetParam()});
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

INSTANTIATE_TEST_SUITE_P(, RedispatchOfOldClients, ::testing::Values(3, 4),
                         [](const auto& row) { return protocol_name(row.param); });

}  // namespace
}  // namespace integration
