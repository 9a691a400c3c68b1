// Metrics as text for Prometheus. That the formats' own parsers take it, the integration tests
// show.
#include "ctrl/exposition.hpp"

#include <gmock/gmock.h>

#include "rows.hpp"

namespace shared_subscription::ctrl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Json kVersion{{"version", "1.2.3"}};
const std::string kPrefix = "mosquitto_shared_subscription_";

Json group(const std::string& name, int dispatched = 7) {
    return {{"group", name},  {"filter", "t/#"}, {"members", 2},
            {"connected", 1}, {"queued", 3},     {"dispatched", dispatched},
            {"dropped", 4},   {"rate", 1.5},     {"oldestMessageAge", 42}};
}

std::string text_of(const Json& groups, const Json& statistics = Json::object()) {
    return exposition(kVersion, statistics, groups);
}

TEST(CtrlExposition, SaysWhatIsCountedInAll) {
    const auto text = text_of(Json::array(), {{"groups", 3}, {"dispatched", 12345678901U}});
    EXPECT_THAT(text, HasSubstr("\n" + kPrefix + "info{version=\"1.2.3\"} 1\n"));
    EXPECT_THAT(text, HasSubstr("# HELP " + kPrefix + "groups Groups.\n# TYPE " + kPrefix +
                                "groups gauge\n" + kPrefix + "groups 3\n"));
    EXPECT_THAT(text, HasSubstr("\n" + kPrefix + "messages_dispatched_total 12345678901\n"));
    EXPECT_TRUE(text.ends_with("\n# EOF\n"));
}

TEST(CtrlExposition, SaysWhatIsCountedInEachGroup) {
    const auto text = text_of(Json::array({group("g")}));
    for (const std::string sample : {"members{group=\"g\",filter=\"t/#\"} 2",
                                     "members_connected{group=\"g\",filter=\"t/#\"} 1",
                                     "dispatched_total{group=\"g\",filter=\"t/#\"} 7",
                                     "queued_messages{group=\"g\",filter=\"t/#\"} 3",
                                     "oldest_message_age_seconds{group=\"g\",filter=\"t/#\"} 42",
                                     "dropped_total{group=\"g\",filter=\"t/#\"} 4"})
        EXPECT_THAT(text, HasSubstr("\n" + kPrefix + "group_" + sample + "\n"));
}

// `# TYPE x_total counter` is an error in OpenMetrics, `# TYPE x counter` leaves `x_total` without
// help in Prometheus' own format.
TEST(CtrlExposition, CountersHaveHelpAndNoType) {
    const auto text = text_of(Json::array({group("g")}));
    EXPECT_THAT(text, HasSubstr("# HELP " + kPrefix + "group_dropped_total "));
    EXPECT_THAT(text, Not(HasSubstr("_total gauge\n")));
    EXPECT_THAT(text, Not(HasSubstr("counter\n")));
}

TEST(CtrlExposition, LeavesOutWhatAnOlderPluginDoesNotSay) {
    auto older = group("g");
    older.erase("oldestMessageAge");
    EXPECT_THAT(text_of(Json::array({older})), Not(HasSubstr("age_seconds{")));
}

TEST(CtrlExposition, HasEachSeriesOnce) {
    const auto text = text_of(Json::array({group("g", 1), group("h", 2), group("g", 3)}));
    EXPECT_THAT(text, HasSubstr("dispatched_total{group=\"g\",filter=\"t/#\"} 3\n"));
    EXPECT_THAT(text, Not(HasSubstr("dispatched_total{group=\"g\",filter=\"t/#\"} 1\n")));
}

struct LabelRow : Row {
    std::string group;
    std::string shown;
};
class CtrlExpositionLabel : public ::testing::TestWithParam<LabelRow> {};

TEST_P(CtrlExpositionLabel, IsOneLineOfText) {
    const auto text = text_of(Json::array({group(GetParam().group)}));
    EXPECT_THAT(text, HasSubstr("\n" + kPrefix + "group_members{group=\"" + GetParam().shown +
                                "\",filter=\"t/#\"} 2\n"));
}

const LabelRow kLabels[] = {
    {{"Quotes"}, R"("} 1)", R"(\"} 1)"},
    {{"Backslashes"}, R"(a\n\)", R"(a\\n\\)"},
    {{"Lines"}, "a\nb", R"(a\nb)"},
    {{"Queue"}, "$queue", "$queue"},
    {{"Umlauts"}, "\u00fc\U0001F600", "\u00fc\U0001F600"},
    {{"LettersOfTwoBytes"}, "\u0080\u00a0\u009f\u00c2", "\uFFFD\u00a0\uFFFD\u00c2"},
    {{"Controls"}, "\033[2J\r\x7f", "\uFFFD[2J\uFFFD\uFFFD"},
    {{"Zero"}, std::string("\0", 1), "\uFFFD"},
};
INSTANTIATE_TEST_SUITE_P(, CtrlExpositionLabel, ::testing::ValuesIn(kLabels), name_of<LabelRow>);

}  // namespace
}  // namespace shared_subscription::ctrl
