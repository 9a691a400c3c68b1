// The commands of the command line client, and what they send.
#include "ctrl/command.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <vector>

#include "rows.hpp"

namespace shared_subscription::ctrl {
namespace {

using ::testing::HasSubstr;

using Words = std::vector<std::string>;

// No file of the person who runs the tests.
class WithoutFile : public ::testing::Test {
  protected:
    WithoutFile() { setenv("XDG_CONFIG_HOME", "/nowhere/at/all", 1); }
};

struct GoodRow : Row {
    Words words;
    Kind kind;
    const char* request;
};
class CtrlCommand : public WithoutFile, public ::testing::WithParamInterface<GoodRow> {};

TEST_P(CtrlCommand, IsSent) {
    std::string problem;
    const auto command = parse_command(GetParam().words, problem);
    ASSERT_TRUE(command) << problem;
    EXPECT_EQ(command->kind, GetParam().kind);
    EXPECT_EQ(command->request, Json::parse(GetParam().request));
}

const GoodRow kGood[] = {
    {{"List"}, {"list"}, Kind::list, R"({"command":"listGroups","verbose":true})"},
    {{"Show"}, {"show", "g"}, Kind::show, R"({"command":"getGroup","group":"g"})"},
    {{"ShowQueue"}, {"show", "$queue"}, Kind::show, R"({"command":"getGroup","group":"$queue"})"},
    {{"ShowFilter"},
     {"show", "g", "a/#"},
     Kind::show,
     R"({"command":"getGroup","group":"g","filter":"a/#"})"},
    {{"DefaultStrategy"},
     {"strategy", "sticky"},
     Kind::change,
     R"({"command":"setStrategy","strategy":"sticky"})"},
    {{"GroupStrategy"},
     {"strategy", "random", "a group"},
     Kind::change,
     R"({"command":"setStrategy","strategy":"random","group":"a group"})"},
    {{"Declare"},
     {"declare", "g", "a/#"},
     Kind::change,
     R"({"command":"declareGroup","group":"g","filter":"a/#"})"},
    {{"Delete"},
     {"delete", "g", "a/#"},
     Kind::change,
     R"({"command":"deleteGroup","group":"g","filter":"a/#"})"},
    {{"QueueStrategy"},
     {"strategy", "random", "$queue"},
     Kind::change,
     R"({"command":"setStrategy","strategy":"random","group":"$queue"})"},
    {{"Pause"},
     {"pause", "g", "c"},
     Kind::change,
     R"({"command":"pauseMember","group":"g","clientid":"c"})"},
    {{"Resume"},
     {"resume", "$queue", "c", "+/x"},
     Kind::change,
     R"({"command":"resumeMember","group":"$queue","clientid":"c","filter":"+/x"})"},
    {{"RemoveOneThatLooksLikeAnOption"},
     {"remove", "g", "-h"},
     Kind::change,
     R"({"command":"removeMember","group":"g","clientid":"-h"})"},
    {{"Statistics"}, {"stats"}, Kind::statistics, R"({"command":"getStatistics"})"},
    {{"Reset"}, {"stats", "reset"}, Kind::change, R"({"command":"resetStatistics"})"},
    {{"Version"}, {"version"}, Kind::version, R"({"command":"getVersion"})"},
    {{"Watch"}, {"watch"}, Kind::watch, "null"},
    {{"Metrics"}, {"metrics"}, Kind::metrics, "null"},
    {{"Help"}, {"help"}, Kind::help, "null"},
};
INSTANTIATE_TEST_SUITE_P(All, CtrlCommand, ::testing::ValuesIn(kGood), name_of<GoodRow>);

struct BadRow : Row {
    Words words;
    const char* problem;
};
class BadCtrlCommand : public WithoutFile, public ::testing::WithParamInterface<BadRow> {};

TEST_P(BadCtrlCommand, IsExplained) {
    std::string problem;
    EXPECT_FALSE(parse_arguments(GetParam().words, problem));
    EXPECT_THAT(problem, HasSubstr(GetParam().problem));
}

const BadRow kBad[] = {
    {{"None"}, {}, "say one of list, show"},
    {{"OnlyOptions"}, {"-p", "1"}, "say one of list, show"},
    {{"Unknown"}, {"lst"}, "unknown command 'lst'"},
    {{"OptionBehind"}, {"list", "-p", "1"}, "options come before it"},
    {{"ShowNothing"}, {"show"}, "'show <group> [<filter>]'"},
    {{"PauseWithoutClient"}, {"pause", "g"}, "'pause <group> <clientid> [<filter>]'"},
    {{"TooMany"}, {"remove", "g", "c", "f", "x"}, "'remove <group>"},
    {{"StatsOfSomething"}, {"stats", "g"}, "'stats [reset]'"},
    {{"EmptyGroup"}, {"show", ""}, "called '$queue'"},
    {{"NoSuchFile"}, {"-o", "/nowhere/at/all", "list"}, "'/nowhere/at/all' cannot be read"},
};
INSTANTIATE_TEST_SUITE_P(All, BadCtrlCommand, ::testing::ValuesIn(kBad), name_of<BadRow>);

using CtrlArguments = WithoutFile;

TEST_F(CtrlArguments, TakeJsonBeforeAndBehindTheCommand) {
    for (const Words& words : {Words{"--json", "show", "g"}, Words{"show", "g", "--json"}}) {
        std::string problem;
        const auto arguments = parse_arguments(words, problem);
        ASSERT_TRUE(arguments) << problem;
        EXPECT_TRUE(arguments->options.json);
        EXPECT_EQ(arguments->command.kind, Kind::show);
    }
}

TEST_F(CtrlArguments, MakeNoJsonOfMetrics) {
    std::string problem;
    EXPECT_TRUE(parse_arguments(Words{"metrics"}, problem));
    EXPECT_FALSE(parse_arguments(Words{"metrics", "--json"}, problem));
    EXPECT_THAT(problem, HasSubstr("'list' and 'stats'"));
}

TEST_F(CtrlArguments, ShowHelpWhateverElseIsThere) {
    std::string problem;
    const auto arguments = parse_arguments(Words{"--help", "nonsense"}, problem);
    ASSERT_TRUE(arguments) << problem;
    EXPECT_EQ(arguments->command.kind, Kind::help);
    EXPECT_THAT(usage("prog"), HasSubstr("Usage: prog [options]"));
}

}  // namespace
}  // namespace shared_subscription::ctrl
