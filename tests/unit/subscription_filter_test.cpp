// Which filters are groups, which are none of ours, and which are refused.
#include "shared_subscription/subscription_filter.hpp"

#include <gmock/gmock.h>

#include <string>

#include "rows.hpp"

namespace shared_subscription {
namespace {

using ::testing::HasSubstr;

struct SharedRow : Row {
    std::string filter;
    std::string share_name;
    std::string topic_filter;
};
class SharedFilter : public ::testing::TestWithParam<SharedRow> {};

TEST_P(SharedFilter, IsTakenApart) {
    const auto& row = GetParam();
    const auto parsed = parse_subscription(row.filter);
    EXPECT_EQ(parsed.kind, FilterKind::shared);
    EXPECT_EQ(parsed.share_name, row.share_name);
    EXPECT_EQ(parsed.topic_filter, row.topic_filter);
    EXPECT_EQ(parsed.problem, nullptr);
}

// The broker's own buffer is shortened to its tail, so the view has to be that tail.
TEST_P(SharedFilter, EndsWithItsTopicFilterInPlace) {
    const auto& filter = GetParam().filter;
    const auto parsed = parse_subscription(filter);
    EXPECT_EQ(parsed.topic_filter.data() + parsed.topic_filter.size(),
              filter.data() + filter.size());
}

INSTANTIATE_TEST_SUITE_P(
    , SharedFilter,
    ::testing::Values(SharedRow{"Simple", "$share/g/t", "g", "t"},
                      SharedRow{"SeveralLevels", "$share/g/a/b/c", "g", "a/b/c"},
                      SharedRow{"MultiLevelWildcard", "$share/g/#", "g", "#"},
                      SharedRow{"SingleLevelWildcards", "$share/g/+/b/+", "g", "+/b/+"},
                      SharedRow{"LeadingSlash", "$share/g//t", "g", "/t"},
                      SharedRow{"OnlyASlash", "$share/g//", "g", "/"},
                      SharedRow{"OnlyEmptyLevels", "$share/g////", "g", "///"},
                      SharedRow{"TrailingSlash", "$share/g/t/", "g", "t/"},
                      SharedRow{"SystemTopics", "$share/g/$SYS/#", "g", "$SYS/#"},
                      SharedRow{"TopicThatOnlyLooksShared", "$share/g/$sharex/t", "g", "$sharex/t"},
                      SharedRow{"TopicThatOnlyLooksLikeAQueue", "$share/g/$queues", "g", "$queues"},
                      SharedRow{"PrefixBehindTheFirstLevel", "$share/g/a/$share/h/t", "g",
                                "a/$share/h/t"},
                      SharedRow{"PrefixBehindAnEmptyLevel", "$share/g//$queue/t", "g", "/$queue/t"},
                      SharedRow{"NameWithSpaces", "$share/my group/t", "my group", "t"},
                      SharedRow{"NameOfOneSpace", "$share/ /t", " ", "t"},
                      SharedRow{"NameWithDollar", "$share/$g/t", "$g", "t"},
                      SharedRow{"NameThatIsThePrefix", "$share/$share/t", "$share", "t"},
                      SharedRow{"NameInUtf8", "$share/größe/t", "größe", "t"},
                      SharedRow{"NameWithControlCharacter", "$share/a\x01/t", "a\x01", "t"},
                      SharedRow{"LongName", "$share/" + std::string(60'000, 'n') + "/t",
                                std::string(60'000, 'n'), "t"},
                      SharedRow{"LongFilter", "$share/g/" + std::string(60'000, 't'), "g",
                                std::string(60'000, 't')},
                      SharedRow{"Queue", "$queue/t", "$queue", "t"},
                      SharedRow{"QueueWithWildcards", "$queue/+/b/#", "$queue", "+/b/#"},
                      SharedRow{"QueueWithLeadingSlash", "$queue//t", "$queue", "/t"},
                      SharedRow{"QueueOfSystemTopics", "$queue/$SYS/#", "$queue", "$SYS/#"},
                      SharedRow{"QueueByItsShareName", "$share/$queue/t", "$queue", "t"}),
    name_of<SharedRow>);

struct OrdinaryRow : Row {
    std::string filter;
};
class OrdinaryFilter : public ::testing::TestWithParam<OrdinaryRow> {};

TEST_P(OrdinaryFilter, IsLeftAsItIs) {
    const auto& filter = GetParam().filter;
    const auto parsed = parse_subscription(filter);
    EXPECT_EQ(parsed.kind, FilterKind::non_shared);
    EXPECT_EQ(parsed.topic_filter, filter);
    EXPECT_EQ(parsed.share_name, "");
    EXPECT_EQ(parsed.problem, nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    , OrdinaryFilter,
    ::testing::Values(
        OrdinaryRow{"Topic", "a/b"}, OrdinaryRow{"AllTopics", "#"}, OrdinaryRow{"AnyLevel", "+"},
        OrdinaryRow{"EmptyLevels", "//"}, OrdinaryRow{"Nothing", ""}, OrdinaryRow{"Dollar", "$"},
        OrdinaryRow{"SystemTopics", "$SYS/#"}, OrdinaryRow{"WithoutDollar", "share/g/t"},
        OrdinaryRow{"PrefixBehindAnEmptyLevel", "/$share/g/t"},
        OrdinaryRow{"PrefixBehindTheFirstLevel", "a/$queue/t"},
        OrdinaryRow{"LongerThanShare", "$shared/g/t"}, OrdinaryRow{"ShorterThanShare", "$shar/g/t"},
        OrdinaryRow{"OtherCaseOfShare", "$SHARE/g/t"}, OrdinaryRow{"LongerThanQueue", "$queues/t"},
        OrdinaryRow{"ShorterThanQueue", "$queu/t"}, OrdinaryRow{"OtherCaseOfQueue", "$Queue/t"},
        OrdinaryRow{"SpaceBeforeThePrefix", " $share/g/t"}),
    name_of<OrdinaryRow>);

struct MalformedRow : Row {
    std::string filter;
    const char* problem;
};
class MalformedFilter : public ::testing::TestWithParam<MalformedRow> {};

TEST_P(MalformedFilter, IsRefusedWithAReason) {
    const auto parsed = parse_subscription(GetParam().filter);
    EXPECT_EQ(parsed.kind, FilterKind::malformed);
    EXPECT_EQ(parsed.share_name, "");
    EXPECT_EQ(parsed.topic_filter, "");
    EXPECT_THAT(parsed.problem, HasSubstr(GetParam().problem));
}

constexpr const char* kNoName = "the share name is missing";              // [MQTT-4.8.2-1]
constexpr const char* kWildcard = "a share name cannot hold a wildcard";  // [MQTT-4.8.2-2]
constexpr const char* kNoFilter = "the topic filter is missing";
constexpr const char* kInside = "a group cannot be inside a group";

INSTANTIATE_TEST_SUITE_P(
    , MalformedFilter,
    ::testing::Values(MalformedRow{"BareShare", "$share", kNoName},
                      MalformedRow{"ShareWithSlash", "$share/", kNoName},
                      MalformedRow{"EmptyName", "$share//t", kNoName},
                      MalformedRow{"EmptyNameAndLevels", "$share///", kNoName},
                      MalformedRow{"EmptyNameAndWildcard", "$share//#", kNoName},
                      MalformedRow{"NameWithoutFilter", "$share/g", kNoFilter},
                      MalformedRow{"NameWithEmptyFilter", "$share/g/", kNoFilter},
                      MalformedRow{"QueueNameWithoutFilter", "$share/$queue", kNoFilter},
                      MalformedRow{"QueueNameWithEmptyFilter", "$share/$queue/", kNoFilter},
                      MalformedRow{"NameIsPlus", "$share/+/t", kWildcard},
                      MalformedRow{"NameIsHash", "$share/#/t", kWildcard},
                      MalformedRow{"NameIsPlusWithoutFilter", "$share/+", kWildcard},
                      MalformedRow{"NameIsHashWithoutFilter", "$share/#", kWildcard},
                      MalformedRow{"NameHoldsPlus", "$share/g+/t", kWildcard},
                      MalformedRow{"NameHoldsHash", "$share/#g/t", kWildcard},
                      MalformedRow{"BareQueue", "$queue", kNoFilter},
                      MalformedRow{"QueueWithSlash", "$queue/", kNoFilter},
                      MalformedRow{"ShareInShare", "$share/g/$share/h/t", kInside},
                      MalformedRow{"BareShareInShare", "$share/g/$share", kInside},
                      MalformedRow{"QueueInShare", "$share/g/$queue/t", kInside},
                      MalformedRow{"BareQueueInShare", "$share/g/$queue", kInside},
                      MalformedRow{"ShareInQueue", "$queue/$share/g/t", kInside},
                      MalformedRow{"QueueInQueue", "$queue/$queue/t", kInside},
                      MalformedRow{"BareQueueInQueue", "$queue/$queue", kInside},
                      MalformedRow{"QueueInQueueByName", "$share/$queue/$queue/t", kInside}),
    name_of<MalformedRow>);

struct PrefixRow : Row {
    const char* topic;
    bool expected;
};
class GroupPrefix : public ::testing::TestWithParam<PrefixRow> {};

TEST_P(GroupPrefix, IsAWholeFirstLevel) {
    EXPECT_EQ(has_group_prefix(GetParam().topic), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(, GroupPrefix,
                         ::testing::Values(PrefixRow{"BareShare", "$share", true},
                                           PrefixRow{"ShareWithSlash", "$share/", true},
                                           PrefixRow{"Share", "$share/g/t", true},
                                           PrefixRow{"BareQueue", "$queue", true},
                                           PrefixRow{"QueueWithSlash", "$queue/", true},
                                           PrefixRow{"Queue", "$queue/t", true},
                                           PrefixRow{"Nothing", "", false},
                                           PrefixRow{"LongerThanShare", "$shared/t", false},
                                           PrefixRow{"LongerThanQueue", "$queues/t", false},
                                           PrefixRow{"ShorterThanQueue", "$queu", false},
                                           PrefixRow{"SystemTopic", "$SYS/broker", false},
                                           PrefixRow{"SecondLevel", "a/$share/t", false},
                                           PrefixRow{"EmptyFirstLevel", "/$queue/t", false}),
                         name_of<PrefixRow>);

TEST(ShareName, HoldsNoSeparatorAndNoWildcard) {
    EXPECT_TRUE(is_share_name("g"));
    EXPECT_TRUE(is_share_name("$queue"));
    EXPECT_TRUE(is_share_name("two words"));
    for (const auto* text : {"", "a/b", "+", "g#"}) EXPECT_FALSE(is_share_name(text)) << text;
}

}  // namespace
}  // namespace shared_subscription
