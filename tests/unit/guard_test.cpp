// No exception crosses the broker's C; the log says so without filling up.
#include "mosquitto/guard.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "fake_mosquitto.hpp"

namespace shared_subscription {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kAnswer = 7;
constexpr int kSafe = MOSQ_ERR_ACL_DENIED;

class Guard : public ::testing::Test {
  protected:
    void SetUp() override { fake_mosquitto() = {}; }

    static int fail() {
        return guarded("ACL_CHECK", kSafe, []() -> int { throw std::runtime_error("broken"); });
    }
    /// Failures are counted for the life of a process; this one's shall not grow with each
    /// repetition.
    template <class Body>
    static void in_a_child(const Body& body) {
        EXPECT_EXIT(
            {
                body();
                std::_Exit(HasFailure() ? 1 : 0);
            },
            ::testing::ExitedWithCode(0), "");
    }
    /// Fails until the log says it, and tells how many times it failed "so far".
    static unsigned long fail_until_logged() {
        auto& log = fake_mosquitto().log;
        log.clear();
        while (log.empty()) EXPECT_EQ(fail(), kSafe);
        const auto& text = log[0].text;
        return std::stoul(text.substr(text.find("), ") + 3));
    }
};

TEST_F(Guard, GivesTheBodysAnswer) {
    EXPECT_EQ(guarded("ACL_CHECK", kSafe, [] { return kAnswer; }), kAnswer);
    EXPECT_THAT(fake_mosquitto().log, IsEmpty());
}

TEST_F(Guard, GivesTheSafeAnswerForAnException) {
    EXPECT_EQ(fail(), kSafe);
}

TEST_F(Guard, GivesTheSafeAnswerForLackOfMemory) {
    EXPECT_EQ(guarded("TICK", kSafe, []() -> int { throw std::bad_alloc(); }), kSafe);
}

TEST_F(Guard, GivesTheSafeAnswerForWhatIsNoException) {
    EXPECT_EQ(guarded("TICK", kSafe, []() -> int { throw 42; }), kSafe);
}

TEST_F(Guard, NamesTheEventAndWhatWentWrong) {
    in_a_child([] {
        fail_until_logged();
        EXPECT_THAT(fake_mosquitto().lines(MOSQ_LOG_ERR),
                    ElementsAre(AllOf(HasSubstr("Error: shared-subscription: "),
                                      HasSubstr("ACL_CHECK"), HasSubstr("broken"))));
    });
}

TEST_F(Guard, LogsAgainWhenFailuresHaveDoubled) {
    in_a_child([] {
        const auto count = fail_until_logged();
        EXPECT_EQ(count & (count - 1), 0U) << count;
        auto& log = fake_mosquitto().log;
        log.clear();
        for (unsigned long number = 1; number < count; ++number) fail();
        EXPECT_THAT(log, IsEmpty());
        fail();
        ASSERT_EQ(log.size(), 1U);
        EXPECT_THAT(log[0].text, HasSubstr(" " + std::to_string(2 * count) + " times"));
    });
}

TEST_F(Guard, DoesNotTakeTheMessageForAFormat) {
    in_a_child([] {
        auto& log = fake_mosquitto().log;
        while (log.empty()) {
            guarded("TICK", kSafe, []() -> int { throw std::runtime_error("%s%n%d"); });
        }
        EXPECT_THAT(log[0].text, HasSubstr("(%s%n%d)"));
    });
}

}  // namespace
}  // namespace shared_subscription
