// What a member leaves behind goes to the others: the option, and older clients.

#include "redispatch_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct EndRow {
    std::string name;
    bool politely;
};
void PrintTo(const EndRow& row, std::ostream* stream) {
    *stream << row.name;
}

class NoRedispatch : public RedispatchTest, public ::testing::WithParamInterface<EndRow> {};

TEST_P(NoRedispatch, IfTheOptionSaysSo) {
    broker.start({.options = {"plugin_opt_redispatch false", holds_all}});
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
    broker.start({.first = {"max_inflight_messages 1"}, .options = {holds_all}});
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
