// What the command line client makes of the plugin's answers.
#include "ctrl/answer.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <ctime>
#include <vector>

#include "ctrl/table.hpp"
#include "rows.hpp"

namespace shared_subscription::ctrl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CtrlRequest, CarriesItsCorrelation) {
    EXPECT_EQ(Json::parse(request_payload({{"command", "getVersion"}}, "7")),
              Json::parse(R"({"commands":[{"command":"getVersion","correlationData":"7"}]})"));
}

TEST(CtrlRequest, SurvivesWhatIsNoUtf8) {
    EXPECT_TRUE(Json::accept(request_payload({{"group", "\xff"}}, "7")));
}

struct ResponseRow : Row {
    const char* payload;
    bool ours;
};
class CtrlResponse : public ::testing::TestWithParam<ResponseRow> {};

TEST_P(CtrlResponse, IsKnownByItsCorrelation) {
    EXPECT_EQ(response_in(GetParam().payload, "7").has_value(), GetParam().ours);
}

const ResponseRow kResponses[] = {
    {{"Ours"}, R"({"responses":[{"command":"x","correlationData":"7"}]})", true},
    {{"AnOlderOne"}, R"({"responses":[{"command":"x","correlationData":"6"}]})", false},
    {{"OfTheWholeRequest"}, R"({"responses":[{"command":"Unknown command","error":"e"}]})", true},
    {{"Empty"}, R"({"responses":[]})", false},
    {{"NoObjects"}, R"({"responses":[1,null]})", false},
    {{"NoList"}, R"({"responses":7})", false},
    {{"SomethingElse"}, R"({"commands":[]})", false},
    {{"AList"}, "[]", false},
    {{"NoJson"}, "{", false},
    {{"Nothing"}, "", false},
    {{"Nested"}, R"({"responses":[{"correlationData":"7","data":[[[[[[[[[[1]]]]]]]]]]}]})", true},
};
INSTANTIATE_TEST_SUITE_P(All, CtrlResponse, ::testing::ValuesIn(kResponses), name_of<ResponseRow>);

TEST(CtrlAnswer, IsItsDataOrAnError) {
    Failure failure;
    EXPECT_EQ(data_of({{"data", {{"version", "1"}}}}, failure), Json({{"version", "1"}}));
    EXPECT_EQ(data_of({{"command", "x"}}, failure), Json::object());
    EXPECT_EQ(data_of({{"error", "there is no such group"}}, failure), std::nullopt);
    EXPECT_EQ(failure.code, kRefused);
    EXPECT_EQ(failure.text, "there is no such group");
}

// A plugin with groups "0", "1", ... of which at most two are given at once.
class Pages : public ::testing::Test {
  protected:
    std::optional<Json> answer(const Json& request) {
        const auto offset = request.value("offset", std::size_t{0});
        offsets.push_back(offset);
        Json groups = Json::array();
        for (auto i = offset; i < std::min(offset + 2, there); ++i) groups.push_back(i);
        return Json{{"totalCount", said}, {"groups", groups}};
    }
    std::optional<Json> list() {
        const Command command{Kind::list, {{"command", "listGroups"}}, {}};
        return fetch(
            command, [this](const Json& r, Failure&) { return answer(r); }, failure);
    }
    std::size_t there = 5, said = 5;
    std::vector<std::size_t> offsets;
    Failure failure;
};

TEST_F(Pages, AreFetchedAll) {
    EXPECT_EQ(list(), Json::parse(R"({"totalCount":5,"groups":[0,1,2,3,4]})"));
    EXPECT_THAT(offsets, ElementsAre(0, 2, 4));
}

TEST_F(Pages, EndWhereGroupsHaveGoneMeanwhile) {
    there = 3;
    EXPECT_EQ(list()->at("groups").size(), 3U);
    EXPECT_THAT(offsets, ElementsAre(0, 2, 3));
}

TEST_F(Pages, MayBeNone) {
    there = said = 0;
    EXPECT_EQ(list(), Json::parse(R"({"totalCount":0,"groups":[]})"));
}

TEST_F(Pages, EndThoughTheirNumberIsNeverReached) {
    there = said = 1'000'000;
    EXPECT_EQ(list(), std::nullopt);
    EXPECT_EQ(failure.code, kNoConnection);
    EXPECT_THAT(failure.text, HasSubstr("does not end"));
    EXPECT_EQ(offsets.size(), 1000U);
}

TEST(CtrlAnswer, ThatIsNestedWithoutEndIsNone) {
    for (const char* open : {"[", R"({"a":)"}) {
        std::string payload = R"({"responses":[{"correlationData":"7","data":)";
        for (int depth = 0; depth < 1'000'000; ++depth) payload += open;
        EXPECT_EQ(response_in(payload, "7"), std::nullopt);
    }
    std::string payload = R"({"responses":[{"correlationData":"7","data":)";
    payload += std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}]}";
    EXPECT_EQ(response_in(payload, "7"), std::nullopt);
}

TEST(CtrlAnswer, AsJsonHasNothingThatATerminalObeys) {
    EXPECT_EQ(as_ascii({{"name", "a\u009b\u202e\x1b\x7f\n\u00e4"}}),
              R"({"name":"a\u009b\u202e\u001b\u007f\n\u00e4"})");
}

TEST(CtrlTable, AlignsItsColumns) {
    EXPECT_EQ(
        table({{"NAME"}, {"N", true}, {"LAST"}}, {{"x", "1", "a"}, {"\u00fcber-long", "200", ""}}),
        "NAME         N  LAST\n"
        "x            1  a\n"
        "\u00fcber-long  200\n");
}

TEST(CtrlTable, ShowsNoControlCharacters) {
    EXPECT_EQ(table({{"A"}}, {{"\033[2J"}}), "A\n?[2J\n");
    EXPECT_EQ(table({{"A"}}, {{"\u009b2J\u202e"}}), "A\n?2J?\n");
    const Json hostile = "\033[2J\u202e";
    EXPECT_EQ(shown({Kind::version, {}, {}}, {{"version", hostile}}).find_first_of("\033\u202e"),
              std::string::npos);
    EXPECT_EQ(shown_live({{"groups", hostile}}, Json::array()).find_first_of("\033\u202e"),
              std::string::npos);
}

Json group() {
    return Json::parse(R"({"group":"$queue","filter":"a/#","strategy":"sticky","members":2,
        "connected":1,"dispatched":7,"rate":1.5,"queued":3,"oldestMessageAge":42,
        "memberList":[{"clientid":"w-1","connected":true,"state":"full","paused":false,"dispatched":7,"heldBack":null,
         "since":0}]})");
}

TEST(CtrlTable, ListsGroups) {
    const Command command{Kind::list, {}, {}};
    EXPECT_EQ(shown(command, {{"groups", {group()}}}),
              "GROUP   FILTER  STRATEGY  MEMBERS  CONNECTED  DISPATCHED  RATE  QUEUED  AGE\n"
              "$queue  a/#     sticky          2          1           7   1.5       3   42\n");
    EXPECT_EQ(shown(command, {{"groups", Json::array()}}), "There are no groups.\n");
}

TEST(CtrlTable, ShowsMembers) {
    setenv("TZ", "UTC", 1);
    tzset();
    EXPECT_THAT(shown({Kind::show, {}, {}}, {{"group", group()}}),
                HasSubstr("\n\nCLIENT ID  STATE  CONNECTED  PAUSED  DISPATCHED  HELD BACK  SINCE\n"
                          "w-1        full   yes        no               7          -  "
                          "1970-01-01 00:00:00\n"));
}

TEST(CtrlTable, ShowsStatistics) {
    EXPECT_THAT(shown({Kind::statistics, {}, {}}, {{"groups", 12}, {"queued", 3}}),
                HasSubstr("groups        12\n"));
}

constexpr const char* kHome = "\033[H";

TEST(Redraw, ErasesWhatWasThereBefore) {
    EXPECT_EQ(redraw("ab\ncd\n", 5, 10), std::string(kHome) + "ab\033[K\ncd\033[K\n\033[J");
}

TEST(Redraw, CutsWhatHasNoPlace) {
    EXPECT_EQ(redraw("a\u00fcc\nd\n", 2, 2), std::string(kHome) + "a\u00fc\nd\033[K");
    EXPECT_EQ(redraw("a\nb\nc\nd\n", 2, 80),
              std::string(kHome) + "a\033[K\n... and 3 more lines\033[K");
}

}  // namespace
}  // namespace shared_subscription::ctrl
