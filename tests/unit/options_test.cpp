// `plugin_opt_*` lines: what they mean, and what stops the broker at start.
#include "options/options.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "rows.hpp"

namespace shared_subscription {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Lines = std::vector<Option>;

Options parse(const Lines& lines) {
    std::string problem;
    const auto options = parse_options(lines, problem);
    EXPECT_TRUE(options) << problem;
    EXPECT_EQ(problem, "");
    return options.value_or(Options());
}

TEST(Options, HaveDefaults) {
    const auto options = parse({});
    EXPECT_EQ(options.access_control, AccessControl::automatic);
    EXPECT_EQ(options.strategies.of("g"), Strategy::round_robin);
    EXPECT_EQ(options.strategies.of("$queue"), Strategy::round_robin);
}

TEST(Options, HaveDefaultsForQueuesAndWhatOutlivesARestart) {
    const auto options = parse({});
    EXPECT_EQ(options.queue,
              (QueueLimits{.messages = {}, .bytes = 0, .seconds = 0, .takes_qos0 = false}));
    EXPECT_EQ(options.redispatch, std::nullopt);
    EXPECT_EQ(options.persistence_file, "");
}

TEST(Options, SetQueuesAndWhatOutlivesARestart) {
    const auto options = parse({{"max_queued_messages", "0"},
                                {"max_queued_bytes", "1000000"},
                                {"max_queued_seconds", "60"},
                                {"queue_qos0_messages", "true"},
                                {"max_held_back", "7"},
                                {"max_group_name_bytes", "0"},
                                {"max_groups_per_client", "3"},
                                {"max_members", "7"},
                                {"redispatch", "false"},
                                {"persistence_file", "/var/lib/mosquitto/shared.db"}});
    EXPECT_EQ(
        options.queue,
        (QueueLimits{
            .messages = 0, .bytes = 1'000'000, .seconds = 60, .held_back = 7, .takes_qos0 = true}));
    EXPECT_EQ(options.membership,
              (MembershipLimits{.group_name = 0, .groups_of_a_client = 3, .members = 7}));
    EXPECT_EQ(options.redispatch, false);
    EXPECT_EQ(options.persistence_file, "/var/lib/mosquitto/shared.db");
}

struct StrategyRow : Row {
    std::string_view value;
    Strategy expected;
};
class StrategyOption : public ::testing::TestWithParam<StrategyRow> {};

TEST_P(StrategyOption, IsThatOfEveryGroup) {
    const auto options = parse({{"strategy", GetParam().value}});
    EXPECT_EQ(options.strategies.of("g"), GetParam().expected);
    EXPECT_EQ(options.strategies.of("$queue"), GetParam().expected);
}

TEST_P(StrategyOption, MayBeThatOfOneGroup) {
    const auto line = std::string(GetParam().value) + " g";
    // Another default than the one expected, so that it shows.
    const auto* fallback = GetParam().expected == Strategy::sticky ? "random" : "sticky";
    const auto options = parse({{"strategy", fallback}, {"group_strategy", line}});
    EXPECT_EQ(options.strategies.of("g"), GetParam().expected);
    EXPECT_NE(options.strategies.of("h"), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , StrategyOption,
    ::testing::Values(StrategyRow{"RoundRobin", "round_robin", Strategy::round_robin},
                      StrategyRow{"Random", "random", Strategy::random},
                      StrategyRow{"LeastLoaded", "least_loaded", Strategy::least_loaded},
                      StrategyRow{"Sticky", "sticky", Strategy::sticky},
                      StrategyRow{"HashClientid", "hash_clientid", Strategy::hash_clientid},
                      StrategyRow{"HashTopic", "hash_topic", Strategy::hash_topic},
                      StrategyRow{"EmqxRoundRobinPerGroup", "round_robin_per_group",
                                  Strategy::round_robin},
                      StrategyRow{"EmqxLocal", "local", Strategy::random}),
    name_of<StrategyRow>);

TEST(Options, MayNameManyGroups) {
    const auto options = parse({{"group_strategy", "random g"},
                                {"group_strategy", "sticky h"},
                                {"strategy", "hash_topic"},
                                {"group_strategy", "hash_clientid $queue"}});
    EXPECT_EQ(options.strategies.of("g"), Strategy::random);
    EXPECT_EQ(options.strategies.of("h"), Strategy::sticky);
    EXPECT_EQ(options.strategies.of("$queue"), Strategy::hash_clientid);
    EXPECT_EQ(options.strategies.of("other"), Strategy::hash_topic);
}

TEST(Options, DeclareGroups) {
    const auto options = parse(
        {{"declare_group", "g t/#"}, {"declare_group", "$queue +/a b"}, {"declare_group", "g  #"}});
    EXPECT_EQ(options.declared,
              (std::vector<GroupName>{{"g", "t/#"}, {"$queue", "+/a b"}, {"g", "#"}}));
}

struct GroupOfAnOptionRow : Row {
    std::string_view value;
    std::string_view group;
};
class GroupOfAnOption : public ::testing::TestWithParam<GroupOfAnOptionRow> {};

TEST_P(GroupOfAnOption, IsAllBehindTheStrategy) {
    const auto options = parse({{"group_strategy", GetParam().value}});
    EXPECT_EQ(options.strategies.of(GetParam().group), Strategy::sticky) << GetParam().group;
}

INSTANTIATE_TEST_SUITE_P(
    , GroupOfAnOption,
    ::testing::Values(GroupOfAnOptionRow{"Simple", "sticky g", "g"},
                      GroupOfAnOptionRow{"Spaces", "sticky my own group", "my own group"},
                      GroupOfAnOptionRow{"TwoSpacesWithin", "sticky my  group", "my  group"},
                      GroupOfAnOptionRow{"SpacesBefore", "sticky   g", "g"},
                      GroupOfAnOptionRow{"Queue", "sticky $queue", "$queue"},
                      GroupOfAnOptionRow{"NameOfAStrategy", "sticky random", "random"},
                      GroupOfAnOptionRow{"Utf8", "sticky größe", "größe"}),
    name_of<GroupOfAnOptionRow>);

struct AccessRow : Row {
    std::string_view value;
    AccessControl expected;
};
class AccessControlOption : public ::testing::TestWithParam<AccessRow> {};

TEST_P(AccessControlOption, IsUnderstood) {
    EXPECT_EQ(parse({{"access_control", GetParam().value}}).access_control, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(, AccessControlOption,
                         ::testing::Values(AccessRow{"Auto", "auto", AccessControl::automatic},
                                           AccessRow{"None", "none", AccessControl::none},
                                           AccessRow{"Defer", "defer", AccessControl::defer},
                                           AccessRow{"First", "first", AccessControl::first}),
                         name_of<AccessRow>);

struct WrongRow : Row {
    Lines lines;
    std::string option;
    std::string value;                 // as quoted in the log
    std::vector<std::string> allowed;  // what the log says to use
};
class WrongOption : public ::testing::TestWithParam<WrongRow> {};

TEST_P(WrongOption, NamesOptionValueAndWhatIsAllowed) {
    const auto& row = GetParam();
    std::string problem;
    EXPECT_FALSE(parse_options(row.lines, problem));
    EXPECT_THAT(problem, HasSubstr("plugin_opt_" + row.option + " '" + row.value + "'"));
    EXPECT_THAT(problem, HasSubstr("allowed"));
    for (const auto& allowed : row.allowed) EXPECT_THAT(problem, HasSubstr(allowed));
    EXPECT_THAT(problem, Not(HasSubstr("\n"))) << "one log line";
}

const std::vector<std::string> kStrategyNames{
    "round_robin",   "random",     "least_loaded",          "sticky",
    "hash_clientid", "hash_topic", "round_robin_per_group", "local"};
const std::vector<std::string> kOptions{"plugin_opt_strategy", "plugin_opt_group_strategy",
                                        "plugin_opt_access_control"};
const std::string kLongKey(70'000, 'k');
const std::vector<std::string> kAccess{"auto", "none", "defer", "first"};
const std::vector<std::string> kNumbers{"whole numbers from 0 on"};
const std::vector<std::string> kSwitch{"true and false"};
const std::vector<std::string> kPaths{"paths that begin with '/'"};
const std::vector<std::string> kForm{"<strategy> <group>"};

INSTANTIATE_TEST_SUITE_P(
    , WrongOption,
    ::testing::Values(
        WrongRow{"NegativeNumber",
                 {{"max_queued_messages", "-1"}},
                 "max_queued_messages",
                 "-1",
                 kNumbers},
        WrongRow{"NothingHeldBack",
                 {{"max_held_back", "0"}},
                 "max_held_back",
                 "0",
                 {"whole numbers from 1 on"}},
        WrongRow{"EmptyNumber", {{"max_queued_bytes", ""}}, "max_queued_bytes", "", kNumbers},
        WrongRow{
            "NumberWithUnit", {{"max_queued_bytes", "10M"}}, "max_queued_bytes", "10M", kNumbers},
        WrongRow{"TooLargeNumber",
                 {{"max_queued_seconds", "99999999999999999999"}},
                 "max_queued_seconds",
                 "99999999999999999999",
                 kNumbers},
        WrongRow{"NumberOfMoreThan64Bits",
                 {{"max_queued_bytes", "18446744073709551616"}},
                 "max_queued_bytes",
                 "18446744073709551616",
                 {"too large", "whole numbers from 0 on"}},
        // Once counted in milliseconds, it would be none.
        WrongRow{"IntervalThatOverflows",
                 {{"sys_interval", "2305843009213693952"}},
                 "sys_interval",
                 "2305843009213693952",
                 {"whole numbers from 0 to 4294967295"}},
        WrongRow{"NumberWithSign", {{"max_members", "+1"}}, "max_members", "+1", kNumbers},
        WrongRow{"NumberInHexadecimal", {{"max_members", "0x1"}}, "max_members", "0x1", kNumbers},
        WrongRow{"NumberWithSpaceBefore", {{"max_members", " 1"}}, "max_members", " 1", kNumbers},
        WrongRow{"NumberWithSpaceBehind", {{"max_members", "1 "}}, "max_members", "1 ", kNumbers},
        WrongRow{"NumberWithFraction", {{"max_members", "1.0"}}, "max_members", "1.0", kNumbers},
        WrongRow{"NumberInBytes", {{"max_members", "\xff\x01"}}, "max_members", "??", kNumbers},
        WrongRow{"SameNumberInOtherSpelling",
                 {{"max_members", "1"}, {"max_members", "01"}},
                 "max_members",
                 "01",
                 {"once"}},
        WrongRow{"NumberTwice",
                 {{"max_queued_seconds", "1"}, {"max_queued_seconds", "2"}},
                 "max_queued_seconds",
                 "2",
                 {"once"}},
        WrongRow{"NumberForASwitch",
                 {{"queue_qos0_messages", "1"}},
                 "queue_qos0_messages",
                 "1",
                 kSwitch},
        WrongRow{"WordForASwitch", {{"redispatch", "yes"}}, "redispatch", "yes", kSwitch},
        WrongRow{"NoFile", {{"persistence_file", ""}}, "persistence_file", "", kPaths},
        WrongRow{"RelativeFile",
                 {{"persistence_file", "shared.db"}},
                 "persistence_file",
                 "shared.db",
                 kPaths},
        WrongRow{"UnknownOption", {{"strategie", "random"}}, "strategie", "random", kOptions},
        WrongRow{"MistypedOption",
                 {{"persistance_file", "/f"}},
                 "persistance_file",
                 "/f",
                 {"perhaps plugin_opt_persistence_file is meant"}},
        WrongRow{"OptionWithPrefixTwice",
                 {{"plugin_opt_strategy", "random"}},
                 "plugin_opt_strategy",
                 "random",
                 kOptions},
        WrongRow{"OptionOfBytes", {{"\xffst\nr", "1"}}, "?st?r", "1", kOptions},
        WrongRow{
            "LongOption", {{std::string_view(kLongKey), "1"}}, std::string(60, 'k'), "1", kOptions},
        WrongRow{"UnknownOptionWithoutValue", {{"verbose", ""}}, "verbose", "", kOptions},
        WrongRow{"OptionInOtherCase", {{"Strategy", "random"}}, "Strategy", "random", kOptions},
        WrongRow{"UnknownBesideGoodOnes",
                 {{"strategy", "random"}, {"group_strategy", "sticky g"}, {"qos", "1"}},
                 "qos",
                 "1",
                 kOptions},
        WrongRow{"UnknownStrategy",
                 {{"strategy", "roundrobin"}},
                 "strategy",
                 "roundrobin",
                 kStrategyNames},
        WrongRow{"EmptyStrategy", {{"strategy", ""}}, "strategy", "", kStrategyNames},
        WrongRow{
            "StrategyInOtherCase", {{"strategy", "RANDOM"}}, "strategy", "RANDOM", kStrategyNames},
        WrongRow{"StrategyWithGroup",
                 {{"strategy", "random g"}},
                 "strategy",
                 "random g",
                 kStrategyNames},
        WrongRow{"StrategyTwice",
                 {{"strategy", "random"}, {"strategy", "sticky"}},
                 "strategy",
                 "sticky",
                 {"once"}},
        WrongRow{"SameStrategyTwice",
                 {{"strategy", "random"}, {"strategy", "random"}},
                 "strategy",
                 "random",
                 {"once"}},
        WrongRow{"GroupWithUnknownStrategy",
                 {{"group_strategy", "fastest g"}},
                 "group_strategy",
                 "fastest g",
                 kStrategyNames},
        WrongRow{"GroupBeforeStrategy",
                 {{"group_strategy", "g random"}},
                 "group_strategy",
                 "g random",
                 kStrategyNames},
        WrongRow{"NoFilterDeclared",
                 {{"declare_group", "g"}},
                 "declare_group",
                 "g",
                 {"<group> <filter>"}},
        WrongRow{"DeclaredNameOfAFilter",
                 {{"declare_group", "a/b t"}},
                 "declare_group",
                 "a/b t",
                 {"<group> <filter>"}},
        WrongRow{"MisplacedWildcardDeclared",
                 {{"declare_group", "g t/#/a"}},
                 "declare_group",
                 "g t/#/a",
                 {"wildcard", "<group> <filter>"}},
        WrongRow{"GroupInAGroupDeclared",
                 {{"declare_group", "g $share/h/t"}},
                 "declare_group",
                 "g $share/h/t",
                 {"<group> <filter>"}},
        WrongRow{"DeclaredTwice",
                 {{"declare_group", "g t"}, {"declare_group", "g  t"}},
                 "declare_group",
                 "g  t",
                 {"once"}},
        WrongRow{"EmptyGroupStrategy", {{"group_strategy", ""}}, "group_strategy", "", kForm},
        WrongRow{"GroupMissing", {{"group_strategy", "random"}}, "group_strategy", "random", kForm},
        WrongRow{"GroupIsSpaces",
                 {{"group_strategy", "random   "}},
                 "group_strategy",
                 "random   ",
                 kForm},
        WrongRow{"GroupIsAFilter",
                 {{"group_strategy", "random $share/g"}},
                 "group_strategy",
                 "random $share/g",
                 kForm},
        WrongRow{"GroupWithPlus",
                 {{"group_strategy", "random g+"}},
                 "group_strategy",
                 "random g+",
                 kForm},
        WrongRow{
            "GroupWithHash", {{"group_strategy", "random #"}}, "group_strategy", "random #", kForm},
        WrongRow{"SameGroupTwice",
                 {{"group_strategy", "random my group"}, {"group_strategy", "sticky my group"}},
                 "group_strategy",
                 "sticky my group",
                 {"'my group'", "one for each group"}},
        WrongRow{"SameGroupTwiceWithTheSameStrategy",
                 {{"group_strategy", "random g"}, {"group_strategy", "random  g"}},
                 "group_strategy",
                 "random  g",
                 {"'g'", "one for each group"}},
        WrongRow{"UnknownAccessControl",
                 {{"access_control", "deny"}},
                 "access_control",
                 "deny",
                 kAccess},
        WrongRow{"EmptyAccessControl", {{"access_control", ""}}, "access_control", "", kAccess},
        WrongRow{"AccessControlTwice",
                 {{"access_control", "auto"}, {"access_control", "none"}},
                 "access_control",
                 "none",
                 {"once"}},
        WrongRow{"ControlCharacters", {{"strategy", "a\nb"}}, "strategy", "a?b", kStrategyNames}),
    name_of<WrongRow>);

TEST(Options, OfWhichNoneIsMeantAreNotGuessed) {
    std::string problem;
    EXPECT_FALSE(parse_options(Lines{{"colour", "blue"}}, problem));
    EXPECT_THAT(problem, Not(HasSubstr("perhaps")));
}

TEST(Options, ThatHadAMeaningAreNotedOnce) {
    const auto options = parse({{"parking", "off"}, {"parking", ""}, {"redispatch_window", "5"}});
    EXPECT_EQ(options.obsolete, (std::vector<std::string>{"parking", "redispatch_window"}));
}

// Runtime compares the options of all listeners.
TEST(Options, AreEqualIfTheyMeanTheSame) {
    const auto one = parse({{"strategy", "random"}, {"group_strategy", "sticky g"}});
    EXPECT_EQ(
        one,
        parse({{"group_strategy", "sticky g"}, {"strategy", "local"}, {"access_control", "auto"}}));
    EXPECT_FALSE(one == parse({{"strategy", "random"}}));
    EXPECT_FALSE(one == parse({{"strategy", "random"}, {"group_strategy", "random g"}}));
    EXPECT_FALSE(one == parse({{"strategy", "sticky"}, {"group_strategy", "sticky g"}}));
    EXPECT_FALSE(one == parse({{"strategy", "random"},
                               {"group_strategy", "sticky g"},
                               {"access_control", "defer"}}));
}

}  // namespace
}  // namespace shared_subscription
