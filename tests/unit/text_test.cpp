// Names from clients in log lines.
#include "shared_subscription/text.hpp"

#include <gtest/gtest.h>

#include <string>

#include "rows.hpp"

namespace shared_subscription {
namespace {

struct QuoteRow : Row {
    std::string text;
    std::string expected;
};
class Quote : public ::testing::TestWithParam<QuoteRow> {};

TEST_P(Quote, IsFitForALogLine) {
    EXPECT_EQ(quote(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , Quote,
    ::testing::Values(
        QuoteRow{"Nothing", "", "''"}, QuoteRow{"Plain", "sensor/1", "'sensor/1'"},
        QuoteRow{"Spaces", "my group", "'my group'"}, QuoteRow{"Utf8", "größe", "'größe'"},
        QuoteRow{"LineEnds", "a\r\nError: forged", "'a??Error: forged'"},
        QuoteRow{"Tab", "a\tb", "'a?b'"}, QuoteRow{"Escape", "\x1b[31m", "'?[31m'"},
        QuoteRow{"Delete", "a\x7f", "'a?'"}, QuoteRow{"ZeroByte", std::string("a\0b", 3), "'a?b'"},
        QuoteRow{"LastControlCharacter", "\x1f", "'?'"}, QuoteRow{"Space", " ", "' '"},
        QuoteRow{"FormatDirective", "%s%n", "'%s%n'"},
        QuoteRow{"AsLongAsItMayBe", std::string(120, 'x'), "'" + std::string(120, 'x') + "'"},
        QuoteRow{"OneLonger", std::string(121, 'x'), "'" + std::string(120, 'x') + "...'"},
        QuoteRow{"CutBetweenCharacters", std::string(119, 'x') + "ä",
                 "'" + std::string(119, 'x') + "...'"},
        QuoteRow{"C1Controls", "a\u0080b\u009fc\u00a0", "'a?b?c\u00a0'"},
        QuoteRow{"OverridesOfDirection", "\u202e\u2066\u200f\u061cx\u2069", "'????x?'"},
        QuoteRow{"Separators", "a\u2028b\u2029c", "'a?b?c'"},
        QuoteRow{"OtherPunctuation", "\u2010\u2030\u2065", "'\u2010\u2030\u2065'"},
        QuoteRow{"NoUtf8", "a\x9b\xc3 z", "'a?? z'"},
        QuoteRow{"TooLongAForm", "\xc0\x8a\xe0\x82\x9b z", "'????? z'"},
        QuoteRow{"Surrogate", "\xed\xa0\x80 z", "'??? z'"},
        QuoteRow{"BeyondUnicode", "\xf4\x90\x80\x80\xf8 z", "'????? z'"},
        QuoteRow{"FourBytes", "\U0001F41D", "'\U0001F41D'"},
        QuoteRow{"SixtyThousandBytes", std::string(60'000, 'x'),
                 "'" + std::string(120, 'x') + "...'"}),
    name_of<QuoteRow>);

}  // namespace
}  // namespace shared_subscription
