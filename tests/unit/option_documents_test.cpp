// Documents say of the options what the code says.
#include "documents/option_documents.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "options/options.hpp"
#include "rows.hpp"

namespace documents {

static void PrintTo(const Document& document, std::ostream* stream) {
    *stream << document.path;
}

namespace {

std::string read(std::string_view path) {
    std::ostringstream text;
    text << std::ifstream(std::filesystem::path(SOURCE_DIRECTORY) / path).rdbuf();
    return text.str();
}

class OptionDocument : public ::testing::TestWithParam<Document> {};

TEST_P(OptionDocument, SaysWhatTheTableSays) {
    const auto text = read(GetParam().path);
    const auto renewed = renew(GetParam(), text);
    ASSERT_TRUE(renewed) << GetParam().path << " has no marks";
    EXPECT_TRUE(*renewed == text)
        << GetParam().path
        << " differs from plugin/options/option_table.cpp; write it anew: "
           "cmake --build <build directory> --target option_documents";
}

TEST_P(OptionDocument, IsLeftAloneOutsideOfItsMarks) {
    const auto& document = GetParam();
    const std::string before = "above\n# option_documents: begin\n";
    const std::string behind = "# option_documents: end\nbelow\n";
    EXPECT_EQ(renew(document, before + "old\n" + behind), before + document.make() + behind);
    EXPECT_EQ(renew(document, before + behind), before + document.make() + behind);
    for (const auto& wrong : {before, behind, behind + before, std::string()})
        EXPECT_EQ(renew(document, wrong), std::nullopt) << wrong;
}

INSTANTIATE_TEST_SUITE_P(, OptionDocument,
                         ::testing::ValuesIn(option_documents().begin(), option_documents().end()),
                         [](const auto& row) {
                             const auto name = row.param.path;
                             return name.ends_with(".md")  ? "Markdown"
                                    : name.ends_with(".7") ? "Manual"
                                                           : "Example";
                         });

TEST(ConfigurationOfThePackage, NamesOptionsThatAreThere) {
    constexpr std::string_view kOption = "\n#plugin_opt_";
    const auto text = read("packaging/debian/shared-subscription.conf.example.in");
    std::vector<shared_subscription::Option> lines;
    for (auto at = text.find(kOption); at != text.npos; at = text.find(kOption, at)) {
        at += kOption.size();
        const auto line = std::string_view(text).substr(at, text.find('\n', at) - at);
        lines.emplace_back(line.substr(0, line.find(' ')), line.substr(line.find(' ') + 1));
    }
    EXPECT_THAT(lines, ::testing::Not(::testing::IsEmpty()));
    std::string problem;
    EXPECT_TRUE(shared_subscription::parse_options(lines, problem)) << problem;
}

struct FillRow : shared_subscription::Row {
    std::string_view text;
    std::string_view filled;
};
class Fill : public ::testing::TestWithParam<FillRow> {};

TEST_P(Fill, BreaksBetweenWords) {
    EXPECT_EQ(fill(GetParam().text, 10, "- ", "  "), GetParam().filled);
}

INSTANTIATE_TEST_SUITE_P(
    , Fill,
    ::testing::Values(FillRow{"Empty", "", "- \n"}, FillRow{"OneWord", "a", "- a\n"},
                      FillRow{"AsWideAsItMayBe", "abc efgh", "- abc efgh\n"},
                      FillRow{"OneMore", "abcd efgh", "- abcd\n  efgh\n"},
                      FillRow{"LongWord", "a bcdefghijklm n", "- a\n  bcdefghijklm\n  n\n"}),
    shared_subscription::name_of<FillRow>);

}  // namespace
}  // namespace documents
