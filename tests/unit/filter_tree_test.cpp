// Matching by MQTT 5, 4.7, in the order in which the broker asks for its subscribers.
#include "core/model/filter_tree.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rows.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Tree = FilterTree<std::string>;

void add(Tree& tree, const std::string& filter) {
    tree.insert(filter) = filter;
}

Tree tree_of(const std::vector<std::string>& filters) {
    Tree tree;
    for (const auto& filter : filters) add(tree, filter);
    return tree;
}

std::vector<std::string> matches(const Tree& tree, std::string_view topic) {
    std::vector<std::string> visited;
    tree.match(topic, [&visited](const std::string& filter) { visited.push_back(filter); });
    return visited;
}

struct MatchRow : Row {
    const char* filter;
    const char* topic;
    bool expected;
};
class FilterMatch : public ::testing::TestWithParam<MatchRow> {};

TEST_P(FilterMatch, FollowsTheSpecification) {
    const auto& row = GetParam();
    EXPECT_EQ(!matches(tree_of({row.filter}), row.topic).empty(), row.expected)
        << row.filter << " and " << row.topic;
}

// The engine matches one filter without a tree.
TEST_P(FilterMatch, IsTheSameWithoutATree) {
    const auto& row = GetParam();
    EXPECT_EQ(shared_subscription::matches(row.filter, row.topic), row.expected)
        << row.filter << " and " << row.topic;
}

INSTANTIATE_TEST_SUITE_P(
    , FilterMatch,
    ::testing::Values(
        MatchRow{"SameTopic", "a/b", "a/b", true}, MatchRow{"OtherTopic", "a/b", "a/c", false},
        MatchRow{"OtherCase", "a", "A", false}, MatchRow{"ShorterTopic", "a/b", "a", false},
        MatchRow{"LongerTopic", "a/b", "a/b/c", false},
        MatchRow{"SubstringOfALevel", "ab", "abc", false},
        // Non-normative comment of 4.7.1.2: `#` includes the parent level.
        MatchRow{"HashMatchesItsParent", "a/#", "a", true},
        MatchRow{"HashMatchesAChild", "a/#", "a/b", true},
        MatchRow{"HashMatchesDeeper", "a/#", "a/b/c/d", true},
        MatchRow{"HashMatchesAnEmptyChild", "a/#", "a/", true},
        MatchRow{"HashNotASibling", "a/#", "b", false},
        MatchRow{"HashNotAGrandparent", "a/b/#", "a", false},
        MatchRow{"HashNotALongerName", "a/#", "ab", false},
        MatchRow{"PlusHashMatchesOneLevel", "+/#", "a", true},
        MatchRow{"PlusHashMatchesMore", "+/#", "a/b/c", true},
        MatchRow{"PlusHashMatchesAnEmptyLevel", "+/#", "/a", true},
        MatchRow{"HashMatchesAll", "#", "a/b", true}, MatchRow{"HashMatchesASlash", "#", "/", true},
        MatchRow{"PlusMatchesALevel", "+", "a", true},
        MatchRow{"PlusNotTwoLevels", "+", "a/b", false}, MatchRow{"PlusNotASlash", "+", "/", false},
        MatchRow{"PlusInTheMiddle", "a/+/c", "a/b/c", true},
        MatchRow{"PlusMatchesAnEmptyLevel", "a/+/c", "a//c", true},
        MatchRow{"PlusAtTheEnd", "a/+", "a/", true},
        MatchRow{"PlusNotItsParent", "a/+", "a", false},
        MatchRow{"PlusPlusMatchesASlash", "+/+", "/", true},
        MatchRow{"SlashPlusMatchesALeadingSlash", "/+", "/a", true},
        MatchRow{"PlusNotALeadingSlash", "+", "/a", false},
        // [MQTT-4.7.3-4]: a leading or a trailing `/` makes another topic.
        MatchRow{"Slash", "/", "/", true}, MatchRow{"SlashNotTwo", "/", "//", false},
        MatchRow{"TwoSlashes", "//", "//", true}, MatchRow{"TwoSlashesNotOne", "//", "/", false},
        MatchRow{"LeadingSlashCounts", "/a", "a", false},
        MatchRow{"TrailingSlashCounts", "a/", "a", false},
        MatchRow{"EmptyLevelCounts", "a//b", "a/b", false},
        MatchRow{"EmptyLevelMatches", "a//b", "a//b", true}, MatchRow{"SlashHash", "/#", "/", true},
        MatchRow{"SlashHashNotWithoutSlash", "/#", "a", false},
        // [MQTT-4.7.2-1]: a wildcard at the first level does not match `$...`.
        MatchRow{"HashNotSystem", "#", "$SYS/x", false},
        MatchRow{"PlusNotSystem", "+", "$x", false},
        MatchRow{"PlusSlashNotSystem", "+/x", "$SYS/x", false},
        MatchRow{"PlusHashNotSystem", "+/#", "$SYS/x", false},
        MatchRow{"PlusHashNotSystemAlone", "+/#", "$SYS", false},
        MatchRow{"SystemHash", "$SYS/#", "$SYS/x", true},
        MatchRow{"SystemHashMatchesItsParent", "$SYS/#", "$SYS", true},
        MatchRow{"SystemPlus", "$SYS/+", "$SYS/x", true},
        MatchRow{"SystemLiteral", "$SYS/x", "$SYS/x", true},
        MatchRow{"DollarAlone", "+", "$", false},
        MatchRow{"DollarAtTheSecondLevel", "a/+", "a/$x", true},
        MatchRow{"HashOverDollarAtTheSecondLevel", "#", "/$x", true},
        MatchRow{"PlusOverDollarAtTheThirdLevel", "$SYS/+/+", "$SYS/a/$b", true}),
    name_of<MatchRow>);

// src/subs.c, sub__search: the literal child, then `+`, then `#`; what is below a node before the
// node itself.
TEST(FilterTree, VisitsFiltersInTheOrderOfTheBroker) {
    const auto tree = tree_of(
        {"#", "+/#", "+", "a/#", "a", "+/+", "a/+", "+/b", "a/b", "a/b/#", "a/+/#", "+/b/#", "x"});
    EXPECT_THAT(matches(tree, "a/b"), ElementsAre("a/b/#", "a/b", "a/+/#", "a/+", "a/#", "+/b/#",
                                                  "+/b", "+/+", "+/#", "#"));
    EXPECT_THAT(matches(tree, "a"), ElementsAre("a/#", "a", "+/#", "+", "#"));
}

TEST(FilterTree, TheOrderDoesNotDependOnTheOrderOfInsertion) {
    std::vector<std::string> filters{"#", "+", "+/#", "a", "a/#", "b"};
    do {
        ASSERT_THAT(matches(tree_of(filters), "a"), ElementsAre("a/#", "a", "+/#", "+", "#"));
    } while (std::ranges::next_permutation(filters).found);
}

TEST(FilterTree, GivesEachFilterOneValue) {
    Tree tree;
    auto& value = tree.insert("a/b");
    EXPECT_EQ(value, "");
    value = "kept";
    EXPECT_EQ(&tree.insert("a/b"), &value);
    EXPECT_EQ(tree.find("a/b"), &value);
    EXPECT_EQ(*tree.find("a/b"), "kept");
}

TEST(FilterTree, FindsExactlyTheFilter) {
    const auto tree = tree_of({"a/+/c", "a/#", "a/", "/"});
    EXPECT_EQ(*tree.find("a/+/c"), "a/+/c");
    EXPECT_EQ(*tree.find("a/#"), "a/#");
    EXPECT_EQ(*tree.find("a/"), "a/");
    EXPECT_EQ(*tree.find("/"), "/");
    for (const auto* absent : {"a/b/c", "a/+", "a", "", "#", "+", "//", "a/x", "a/#/x"}) {
        EXPECT_EQ(tree.find(absent), nullptr) << absent;
    }
}

TEST(FilterTree, KeepsValuesInPlaceWhileOthersComeAndGo) {
    Tree tree;
    auto& value = tree.insert("a/b");
    for (int number = 0; number < 1000; ++number) add(tree, "a/" + std::to_string(number));
    for (int number = 0; number < 1000; ++number) tree.erase("a/" + std::to_string(number));
    EXPECT_EQ(tree.find("a/b"), &value);
}

TEST(FilterTree, FindsWhatIsLeftWhileManySiblingsComeAndGo) {
    std::mt19937_64 random(7);
    Tree tree;
    std::set<std::string> filters;
    const auto some_filter = [&random] {
        return std::to_string(random() % 3) + "/" + std::to_string(random() % 100);
    };
    for (int turn = 0; turn < 3000; ++turn) {
        const auto filter = some_filter();
        if (filters.insert(filter).second) {
            add(tree, filter);
        } else {
            filters.erase(filter);
            tree.erase(filter);
            ASSERT_EQ(tree.find(filter), nullptr) << filter << " in turn " << turn;
        }
        for (const auto& left : filters)
            ASSERT_THAT(matches(tree, left), ElementsAre(left)) << "in turn " << turn;
    }
    EXPECT_GT(filters.size(), 100U);
    for (const auto& filter : filters) tree.erase(filter);
    EXPECT_TRUE(tree.empty());
}

struct EraseRow : Row {
    std::vector<std::string> filters;
};
class FilterErase : public ::testing::TestWithParam<EraseRow> {};

TEST_P(FilterErase, LeavesTheOthersAndInTheEndNothing) {
    auto remaining = GetParam().filters;
    auto tree = tree_of(remaining);
    EXPECT_FALSE(tree.empty());
    while (!remaining.empty()) {
        const auto erased = remaining.front();
        remaining.erase(remaining.begin());
        tree.erase(erased);
        EXPECT_EQ(tree.find(erased), nullptr) << erased;
        for (const auto& filter : remaining) EXPECT_NE(tree.find(filter), nullptr) << filter;
        EXPECT_EQ(tree.empty(), remaining.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(, FilterErase,
                         ::testing::Values(EraseRow{"One", {"a/b/c"}},
                                           EraseRow{"ParentFirst", {"a", "a/b", "a/b/c"}},
                                           EraseRow{"ChildFirst", {"a/b/c", "a/b", "a"}},
                                           EraseRow{"Plus", {"+/+", "+"}},
                                           EraseRow{"PlusChildFirst", {"+", "+/a/+"}},
                                           EraseRow{"Hash", {"#", "a/#", "+/#"}},
                                           EraseRow{"Siblings", {"a/b", "a/c", "a/+", "a/#"}},
                                           EraseRow{"EmptyLevels", {"/", "//", "a//b"}}),
                         name_of<EraseRow>);

TEST(FilterTree, ErasesNothingThatIsNotThere) {
    auto tree = tree_of({"a/b"});
    for (const auto* absent : {"a", "a/b/c", "a/+", "a/#", "b", "", "/"}) tree.erase(absent);
    EXPECT_THAT(matches(tree, "a/b"), ElementsAre("a/b"));
    tree.erase("a/b");
    tree.erase("a/b");
    EXPECT_TRUE(tree.empty());
}

// The specification's own words, without a tree: 4.7.1 to 4.7.3.
namespace naive {

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> levels;
    std::size_t begin = 0;
    for (auto end = text.find('/'); end != text.npos; end = text.find('/', begin)) {
        levels.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    levels.push_back(text.substr(begin));
    return levels;
}

bool is_match(const std::string& filter, const std::string& topic) {
    const auto wanted = split(filter);
    const auto given = split(topic);
    if (topic[0] == '$' && (wanted[0] == "+" || wanted[0] == "#")) return false;
    for (std::size_t level = 0; level < wanted.size(); ++level) {
        if (wanted[level] == "#") return true;  // `given` is as long as the parent, or longer
        if (level == given.size()) return false;
        if (wanted[level] != "+" && wanted[level] != given[level]) return false;
    }
    return wanted.size() == given.size();
}

/// Whether the broker asks for the subscribers of `one` first, if both match.
bool is_before(const std::string& one, const std::string& other) {
    const auto rank = [](const std::string& level) {
        return level == "#" ? 2 : level == "+" ? 1 : 0;
    };
    const auto left = split(one);
    const auto right = split(other);
    const auto common = std::min(left.size(), right.size());
    for (std::size_t level = 0; level < common; ++level) {
        if (left[level] != right[level]) return rank(left[level]) < rank(right[level]);
    }
    return left.size() > right.size();
}

}  // namespace naive

class RandomNames {
  public:
    explicit RandomNames(std::uint64_t seed) : random_(seed) {}

    std::string topic() { return make({"", "a", "b", "$x"}); }

    std::string filter() {
        auto text = make({"", "a", "b", "$x", "+", "+"});
        if (below(3) == 0) text = text.empty() ? "#" : text + "/#";
        return text.empty() ? "#" : text;
    }

    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  private:
    std::string make(const std::vector<std::string>& alphabet) {
        const auto levels = 1 + below(4);
        std::string text = alphabet[below(alphabet.size())];
        for (std::size_t level = 1; level < levels; ++level)
            text += "/" + alphabet[below(alphabet.size())];
        return text;
    }

    std::mt19937_64 random_;
};

TEST(FilterTree, AgreesWithTheSpecificationOnRandomFilters) {
    RandomNames names(20'240'817);
    Tree tree;
    std::vector<std::string> filters;
    std::size_t matched = 0;
    for (int turn = 0; turn < 20'000; ++turn) {
        if (const auto filter = names.filter(); names.below(2) == 0) {
            add(tree, filter);
            if (std::ranges::find(filters, filter) == filters.end()) filters.push_back(filter);
        } else if (!filters.empty() && names.below(3) > 0) {
            const auto erased =
                filters.begin() + static_cast<std::ptrdiff_t>(names.below(filters.size()));
            tree.erase(*erased);
            filters.erase(erased);
        }
        const auto topic = names.topic();
        if (topic.empty()) continue;  // [MQTT-4.7.3-1]
        std::vector<std::string> expected;
        for (const auto& filter : filters) {
            const bool is_match = naive::is_match(filter, topic);
            ASSERT_EQ(shared_subscription::matches(filter, topic), is_match)
                << filter << " and " << topic;
            if (is_match) expected.push_back(filter);
        }
        std::ranges::sort(expected, naive::is_before);
        ASSERT_EQ(matches(tree, topic), expected) << topic << " in turn " << turn;
        auto reversed = expected;
        std::ranges::reverse(reversed);
        std::ranges::sort(reversed, shared_subscription::precedes);
        ASSERT_EQ(reversed, expected) << topic;
        ASSERT_EQ(tree.empty(), filters.empty());
        matched += expected.size();
    }
    EXPECT_GT(matched, 20'000U) << "the random names match too seldom to show anything";
    for (const auto& filter : filters) tree.erase(filter);
    EXPECT_TRUE(tree.empty());
}

TEST(FilterTree, TakesAsManyLevelsAsTheBroker) {
    const std::string deep(200, '/');  // lib/util_topic.c, TOPIC_HIERARCHY_LIMIT
    auto tree = tree_of({deep, "#"});
    EXPECT_THAT(matches(tree, deep), ElementsAre(deep, "#"));
    tree.erase(deep);
    EXPECT_THAT(matches(tree, deep), ElementsAre("#"));
    tree.erase("#");
    EXPECT_THAT(matches(tree, deep), IsEmpty());
}

}  // namespace
}  // namespace shared_subscription
