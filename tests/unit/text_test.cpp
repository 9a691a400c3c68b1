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
        QuoteRow{"SixtyThousandBytes", std::string(60'000, 'x'),
                 "'" + std::string(120, 'x') + "...'"}),
    name_of<QuoteRow>);

}  // namespace
}  // namespace shared_subscription
