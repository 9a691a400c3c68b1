// The table of options says of each what is so.
#include "options/option_table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "shared_subscription/strategy.hpp"

namespace shared_subscription {

static void PrintTo(const OptionRow& row, std::ostream* stream) {
    *stream << row.name;
}

namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::optional<Options> parse(std::string_view name, std::string_view value) {
    std::string problem;
    return parse_options(std::vector<Option>{{name, value}}, problem);
}

class OptionOfTheTable : public ::testing::TestWithParam<OptionRow> {
  protected:
    const OptionRow& row = GetParam();
};

TEST_P(OptionOfTheTable, HasTheDefaultOfTheCode) {
    if (is_obsolete(row)) return;
    if (!row.default_value.empty()) {
        EXPECT_EQ(parse(row.name, row.default_value), Options()) << row.default_value;
        EXPECT_THAT(row.default_words, IsEmpty());
        EXPECT_THAT(row.examples[0], IsEmpty());
        return;
    }
    EXPECT_THAT(row.default_words, Not(IsEmpty()));
    EXPECT_THAT(row.examples[0], Not(IsEmpty()));
    for (const auto example : row.examples) {
        if (example.empty()) continue;
        const auto options = parse(row.name, example);
        ASSERT_TRUE(options) << example;
        EXPECT_NE(*options, Options()) << example << " is a default that a line could hold";
    }
}

TEST_P(OptionOfTheTable, IsRefusedOutsideOfItsRange) {
    if (!std::holds_alternative<OptionRow::Number>(row.set)) return;
    const auto least = std::to_string(row.least);
    EXPECT_TRUE(parse(row.name, least));
    EXPECT_THAT(allowed_values(row), HasSubstr("from " + least));
    EXPECT_FALSE(row.least > 0 && parse(row.name, std::to_string(row.least - 1)));
    EXPECT_TRUE(parse(row.name, std::to_string(row.most)));
    EXPECT_FALSE(parse(row.name, row.most + 1 > row.most ? std::to_string(row.most + 1)
                                                         : std::to_string(row.most) + "0"));
}

TEST_P(OptionOfTheTable, TakesEachOfItsChoicesAndNamesThemAll) {
    std::set<std::string> named;
    for (const auto& choice : row.choices) {
        EXPECT_TRUE(parse(row.name, choice.name)) << choice.name;
        EXPECT_THAT(allowed_values(row), HasSubstr(std::string(choice.name)));
        EXPECT_TRUE(named.emplace(choice.name).second) << choice.name;
    }
}

TEST_P(OptionOfTheTable, SaysAllInPlainText) {
    std::string all;
    for (const auto part : {row.name, row.value, row.form, row.default_words, row.help})
        all += part;
    for (const auto& choice : row.choices) all += choice.meaning;
    EXPECT_TRUE(std::ranges::all_of(all, [](char c) { return c >= ' ' && c <= '~'; })) << all;
    EXPECT_EQ(std::ranges::count(all, '`') % 2, 0) << all;
    EXPECT_THAT(all, Not(HasSubstr(" ."))) << "would be a request at the beginning of a line";
    EXPECT_TRUE(is_obsolete(row) || row.help.ends_with('.'));
}

TEST_P(OptionOfTheTable, MayBeRepeatedIfItSaysSo) {
    if (is_obsolete(row)) return;
    const auto value = row.default_value.empty() ? row.examples[0] : row.default_value;
    std::string problem;
    EXPECT_FALSE(parse_options(std::vector<Option>{{row.name, value}, {row.name, value}}, problem));
    EXPECT_THAT(problem, HasSubstr(row.is_repeatable ? " for each group" : "once."));
}

INSTANTIATE_TEST_SUITE_P(, OptionOfTheTable,
                         ::testing::ValuesIn(option_table().begin(), option_table().end()),
                         [](const auto& row) {
                             std::string name;
                             bool begins = true;
                             for (const char c : row.param.name) {
                                 if (c != '_') name += begins ? static_cast<char>(c - 32) : c;
                                 begins = c == '_';
                             }
                             return name;
                         });

// Two rows that set the same would do so alike.
TEST(OptionTable, SetsSomethingElseWithEachRow) {
    std::vector<Options> seen{Options()};
    for (const auto& row : option_table()) {
        std::string_view value = row.examples[0];
        if (std::holds_alternative<OptionRow::Number>(row.set)) value = "12345";
        if (!row.choices.empty()) value = row.choices[1].name;
        if (std::holds_alternative<OptionRow::Switch>(row.set) && !row.default_value.empty())
            value = row.default_value == "true" ? "false" : "true";
        const auto options = parse(row.name, value);
        ASSERT_TRUE(options) << row.name << " " << value;
        EXPECT_EQ(std::ranges::count(seen, *options), 0) << row.name;
        seen.push_back(*options);
    }
}

TEST(OptionTable, NamesEveryStrategy) {
    const auto& row = option_table().front();
    ASSERT_EQ(row.name, "strategy");
    EXPECT_TRUE(
        std::ranges::equal(row.choices, kStrategyNames, {}, &Choice::name, &StrategyName::name));
}

}  // namespace
}  // namespace shared_subscription
