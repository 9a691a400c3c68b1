// Starting and stopping in a broker: what is registered, how checks are answered, what stops it.
#include "mosquitto/runtime.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fake_mosquitto.hpp"

namespace shared_subscription {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// The tests' process has no configuration file on its command line.
class RuntimeTest : public ::testing::Test {
  protected:
    void SetUp() override { fake_mosquitto() = {}; }
    void TearDown() override {
        for (auto* instance : started) Runtime::stop(*instance);
        EXPECT_THAT(fake_mosquitto().callbacks, IsEmpty()) << "left behind";
    }

    Instance* start(const std::vector<Option>& options = {}) {
        auto* instance = Runtime::start(nullptr, options);
        if (instance) started.push_back(instance);
        return instance;
    }
    static std::vector<std::string> errors() { return fake_mosquitto().lines(MOSQ_LOG_ERR); }

    std::vector<Instance*> started;
};

TEST_F(RuntimeTest, RegistersWhatBroker20Has) {
    const auto* instance = start();
    ASSERT_NE(instance, nullptr);
    EXPECT_EQ(instance->runtime.generation(), Generation::v2_0);
    EXPECT_THAT(
        fake_mosquitto().callbacks,
        UnorderedElementsAre(Key(MOSQ_EVT_ACL_CHECK), Key(MOSQ_EVT_MESSAGE), Key(MOSQ_EVT_RELOAD),
                             Key(MOSQ_EVT_DISCONNECT), Key(MOSQ_EVT_CONTROL)));
    EXPECT_THAT(errors(), IsEmpty());
}

TEST_F(RuntimeTest, RegistersWhatBroker21Has) {
    fake_mosquitto().has_session_events = true;
    const auto* instance = start();
    ASSERT_NE(instance, nullptr);
    EXPECT_EQ(instance->runtime.generation(), Generation::v2_1);
    for (const int event : {int{MOSQ_EVT_ACL_CHECK}, v2_1::kSubscribe, v2_1::kUnsubscribe,
                            v2_1::kConnect, v2_1::kClientOffline, v2_1::kMessageOut}) {
        EXPECT_THAT(fake_mosquitto().callbacks, Contains(Key(event)));
    }
}

// DEFER alone is a denial; SUCCESS, and IGNORE behind somebody who defers, may open what others
// closed: DEFER is the safe one.
TEST_F(RuntimeTest, DefersWhereTheConfigurationCannotBeSeen) {
    for (const bool is_2_1 : {false, true}) {
        SCOPED_TRACE(is_2_1);
        fake_mosquitto() = {};
        fake_mosquitto().has_session_events = is_2_1;
        auto* instance = start();
        ASSERT_NE(instance, nullptr);
        EXPECT_TRUE(instance->others_decide);
        EXPECT_EQ(instance->neutral, MOSQ_ERR_PLUGIN_DEFER);
        EXPECT_THAT(fake_mosquitto().lines(MOSQ_LOG_WARNING),
                    ElementsAre(AllOf(HasSubstr("without a configuration file"),
                                      HasSubstr("plugin_opt_access_control"), HasSubstr("'none'"),
                                      HasSubstr("'first'"), HasSubstr("'defer'"))));
        EXPECT_THAT(fake_mosquitto().lines(MOSQ_LOG_INFO), Contains(HasSubstr("DEFER")));
        Runtime::stop(*instance);
        started.clear();
    }
}

TEST_F(RuntimeTest, WarnsOnceForAllListeners) {
    ASSERT_NE(start(), nullptr);
    ASSERT_NE(start(), nullptr);
    EXPECT_THAT(fake_mosquitto().lines(MOSQ_LOG_WARNING), SizeIs(1));
}

TEST_F(RuntimeTest, DoesNotWarnOfWhatAnOptionSays) {
    for (const auto* value : {"none", "defer", "first"}) {
        fake_mosquitto() = {};
        auto* instance = start({{"access_control", value}});
        ASSERT_NE(instance, nullptr);
        EXPECT_THAT(fake_mosquitto().lines(MOSQ_LOG_WARNING), IsEmpty()) << value;
        Runtime::stop(*instance);
        started.clear();
    }
}

TEST_F(RuntimeTest, SaysThatAMessageMayBeLostWhereOthersCannotBeAsked) {
    start();
    EXPECT_THAT(fake_mosquitto().lines(MOSQ_LOG_NOTICE), Contains(HasSubstr("is lost")));
}

struct WrongStart {
    std::vector<Option> options;
    std::string option;
    std::string value;
};

TEST_F(RuntimeTest, StopsTheBrokerWithOneLineForAWrongOption) {
    for (const auto& [options, option, value] :
         {WrongStart{{{"strategy", "fastest"}}, "plugin_opt_strategy", "'fastest'"},
          WrongStart{{{"colour", "blue"}}, "plugin_opt_colour", "'blue'"},
          WrongStart{{{"group_strategy", "random g"}, {"group_strategy", "sticky g"}},
                     "plugin_opt_group_strategy",
                     "'sticky g'"}}) {
        fake_mosquitto() = {};
        EXPECT_EQ(start(options), nullptr) << option;
        EXPECT_THAT(errors(),
                    ElementsAre(AllOf(HasSubstr("Error: shared-subscription: "), HasSubstr(option),
                                      HasSubstr(value), HasSubstr("allowed"))));
        EXPECT_EQ(fake_mosquitto().log.size(), 1U);
        EXPECT_THAT(fake_mosquitto().callbacks, IsEmpty());
    }
}

// `per_listener_settings` initialises the plugin for each listener; all share the groups.
TEST_F(RuntimeTest, SharesOneEngineAmongListeners) {
    const auto* first = start({{"strategy", "random"}});
    const auto* second = start({{"strategy", "local"}});
    ASSERT_NE(first, nullptr);
    ASSERT_NE(second, nullptr);
    EXPECT_EQ(&first->runtime, &second->runtime);
    EXPECT_EQ(first->number, 0U);
    EXPECT_EQ(second->number, 1U);
}

TEST_F(RuntimeTest, RefusesOtherOptionsForAnotherListener) {
    ASSERT_NE(start({{"strategy", "random"}}), nullptr);
    EXPECT_EQ(start({{"strategy", "sticky"}}), nullptr);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("differ between listeners")));
}

TEST_F(RuntimeTest, TakesOtherOptionsAfterAStop) {
    auto* first = start({{"strategy", "random"}});
    ASSERT_NE(first, nullptr);
    Runtime::stop(*first);
    started.clear();
    EXPECT_NE(start({{"strategy", "sticky"}}), nullptr);
}

TEST_F(RuntimeTest, StopsTheBrokerWhereACallbackIsNotTaken) {
    fake_mosquitto().refused_event = MOSQ_EVT_DISCONNECT;
    EXPECT_EQ(start(), nullptr);
    EXPECT_THAT(errors(), ElementsAre(HasSubstr("DISCONNECT")));
    EXPECT_THAT(fake_mosquitto().callbacks, IsEmpty());
}

TEST_F(RuntimeTest, StartsAgainAfterAStartThatFailed) {
    fake_mosquitto().refused_event = MOSQ_EVT_DISCONNECT;
    EXPECT_EQ(start({{"strategy", "random"}}), nullptr);
    fake_mosquitto() = {};
    EXPECT_NE(start({{"strategy", "sticky"}}), nullptr);
    EXPECT_THAT(errors(), IsEmpty());
}

struct NeutralRow {
    std::string value;
    bool is_2_1;
    int expected;
    bool others_decide;
};

TEST_F(RuntimeTest, AnswersAsTheOptionSaysWhereItIsGiven) {
    for (const auto& row : {NeutralRow{"defer", false, MOSQ_ERR_PLUGIN_DEFER, true},
                            NeutralRow{"defer", true, MOSQ_ERR_PLUGIN_DEFER, true},
                            NeutralRow{"auto", false, MOSQ_ERR_PLUGIN_DEFER, true},
                            NeutralRow{"auto", true, MOSQ_ERR_PLUGIN_DEFER, true},
                            NeutralRow{"first", false, MOSQ_ERR_PLUGIN_DEFER, true},
                            NeutralRow{"first", true, v2_1::kPluginIgnore, true},
                            NeutralRow{"none", false, MOSQ_ERR_SUCCESS, false},
                            NeutralRow{"none", true, v2_1::kPluginIgnore, false}}) {
        SCOPED_TRACE(row.is_2_1);
        fake_mosquitto() = {};
        fake_mosquitto().has_session_events = row.is_2_1;
        auto* instance = start({{"access_control", row.value}});
        ASSERT_NE(instance, nullptr);
        EXPECT_EQ(instance->neutral, row.expected) << row.value;
        EXPECT_EQ(instance->others_decide, row.others_decide) << row.value;
        Runtime::stop(*instance);
        started.clear();
    }
}

}  // namespace
}  // namespace shared_subscription
