// The options of the plugin: what they do, and how a wrong one stops the broker.

#include <unistd.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

struct WrongRow {
    std::string name;
    std::vector<std::string> options;
    std::string named;    // the option and its value
    std::string allowed;  // one of what is allowed
};
void PrintTo(const WrongRow& row, std::ostream* stream) {
    *stream << row.name;
}

class WrongOption : public BrokerTest, public ::testing::WithParamInterface<WrongRow> {};

TEST_P(WrongOption, StopsTheBrokerWithOneLineInTheLog) {
    expect_alarming_log("Error");
    EXPECT_GT(broker.start_in_vain({.options = GetParam().options}), 0);
    EXPECT_THAT(broker.log_lines("shared-subscription: "),
                ElementsAre(AllOf(HasSubstr("Error"), HasSubstr(GetParam().named),
                                  HasSubstr("allowed"), HasSubstr(GetParam().allowed))));
}

// 2.0 does not show what it goes by.
TEST_F(BrokerTest, LeastLoadedTakesABrokerThatShowsAcknowledgements) {
    const Configuration configuration{.options = {"plugin_opt_group_strategy least_loaded g"}};
    if (!broker_is_20()) return broker.start(configuration);
    expect_alarming_log("Error");
    EXPECT_GT(broker.start_in_vain(configuration), 0);
    EXPECT_THAT(broker.log_lines("shared-subscription: "),
                ::testing::Contains(AllOf(HasSubstr("Error"), HasSubstr("least_loaded"),
                                          HasSubstr("2.1"), HasSubstr("allowed"))));
}

INSTANTIATE_TEST_SUITE_P(
    , WrongOption,
    ::testing::Values(WrongRow{"UnknownOption",
                               {"plugin_opt_colour blue"},
                               "plugin_opt_colour 'blue'",
                               "plugin_opt_group_strategy"},
                      WrongRow{"UnknownStrategy",
                               {"plugin_opt_strategy fastest"},
                               "plugin_opt_strategy 'fastest'",
                               "hash_clientid"},
                      WrongRow{"StrategyInCapitals",
                               {"plugin_opt_strategy Sticky"},
                               "plugin_opt_strategy 'Sticky'",
                               "sticky"},
                      WrongRow{"StrategyTwice",
                               {"plugin_opt_strategy sticky", "plugin_opt_strategy random"},
                               "plugin_opt_strategy 'random'",
                               "once"},
                      WrongRow{"UnknownStrategyOfAGroup",
                               {"plugin_opt_group_strategy fastest g"},
                               "plugin_opt_group_strategy 'fastest g'",
                               "round_robin"},
                      WrongRow{"StrategyOfNoGroup",
                               {"plugin_opt_group_strategy sticky"},
                               "plugin_opt_group_strategy 'sticky'",
                               "<strategy> <group>"},
                      WrongRow{"GroupBeforeStrategy",
                               {"plugin_opt_group_strategy g sticky"},
                               "plugin_opt_group_strategy 'g sticky'",
                               "<strategy> <group>"},
                      WrongRow{"GroupWithALevel",
                               {"plugin_opt_group_strategy sticky a/b"},
                               "plugin_opt_group_strategy 'sticky a/b'",
                               "group"},
                      WrongRow{"GroupTwice",
                               {"plugin_opt_group_strategy sticky g",
                                "plugin_opt_group_strategy random g"},
                               "plugin_opt_group_strategy 'random g'",
                               "one for each group"},
                      WrongRow{"QueueTwice",
                               {"plugin_opt_group_strategy sticky $queue",
                                "plugin_opt_group_strategy sticky $queue"},
                               "plugin_opt_group_strategy 'sticky $queue'",
                               "one for each group"},
                      WrongRow{"UnknownAccessControl",
                               {"plugin_opt_access_control all"},
                               "plugin_opt_access_control 'all'",
                               "defer"},
                      WrongRow{"AccessControlTwice",
                               {"plugin_opt_access_control auto", "plugin_opt_access_control auto"},
                               "plugin_opt_access_control 'auto'",
                               "once"},
                      WrongRow{"GoodOnesBefore",
                               {"plugin_opt_strategy sticky", "plugin_opt_group_strategy random g",
                                "plugin_opt_stratgy sticky"},
                               "plugin_opt_stratgy 'sticky'",
                               "plugin_opt_strategy"}),
    [](const auto& row) { return row.param.name; });

class GroupStrategy : public BrokerTest {
  protected:
    // How many of that many messages each of two members gets.
    std::vector<std::size_t> shares(const std::string& filter, int messages = 8) {
        const auto members = connect_all({"a", "b"});
        for (Client* member : members) member->subscribe(filter);
        connect("publisher").publish(numbered("t", messages, 1));
        settle();
        for (Client* member : members) member->unsubscribe(filter);
        return counts(members);
    }
};

TEST_F(GroupStrategy, QueueNamesTheGroupWithoutAName) {
    broker.start({.options = {"plugin_opt_group_strategy sticky $queue"}});
    EXPECT_THAT(shares("$queue/t"), UnorderedElementsAre(8, 0));
    EXPECT_THAT(shares("$share/$queue/t"), UnorderedElementsAre(8, 0));
    EXPECT_THAT(shares("$share/queue/t"), ElementsAre(4, 4));
}

TEST_F(GroupStrategy, NameMayHoldSpaces) {
    broker.start({.options = {"plugin_opt_group_strategy sticky two  words"}});
    EXPECT_THAT(shares("$share/two  words/t"), UnorderedElementsAre(8, 0));
    for (const auto* other : {"$share/two/t", "$share/words/t", "$share/two words/t"}) {
        EXPECT_THAT(shares(other), ElementsAre(4, 4)) << other;
    }
}

TEST_F(GroupStrategy, OverridesTheDefaultInAnyOrder) {
    broker.start(
        {.options = {"plugin_opt_group_strategy round_robin g", "plugin_opt_strategy sticky",
                     "plugin_opt_group_strategy round_robin h"}});
    EXPECT_THAT(shares("$share/g/t"), ElementsAre(4, 4));
    EXPECT_THAT(shares("$share/h/t"), ElementsAre(4, 4));
    EXPECT_THAT(shares("$share/i/t"), UnorderedElementsAre(8, 0));
    EXPECT_THAT(shares("$queue/t"), UnorderedElementsAre(8, 0));
}

TEST_F(GroupStrategy, NamesOfEmqxAreUnderstood) {
    broker.start({.options = {"plugin_opt_strategy sticky",
                              "plugin_opt_group_strategy round_robin_per_group g",
                              "plugin_opt_group_strategy local h"}});
    EXPECT_THAT(shares("$share/g/t"), ElementsAre(4, 4));
    EXPECT_THAT(shares("$share/h/t", 64), Each(Gt(0U)));
}

TEST_F(GroupStrategy, NamesOfEmqxMayBeTheDefault) {
    broker.start({.options = {"plugin_opt_strategy round_robin_per_group"}});
    EXPECT_THAT(shares("$share/g/t"), ElementsAre(4, 4));
    restart({.options = {"plugin_opt_strategy local"}});
    EXPECT_THAT(shares("$share/g/t", 64), Each(Gt(0U)));
}

using FormerOption = BrokerTest;

TEST_F(FormerOption, OnlySaysThatItHasNoEffect) {
    broker.start({.options = {"plugin_opt_parking off", "plugin_opt_parking whatever",
                              "plugin_opt_redispatch_window 5"}});
    connect("client");
    for (const auto* option : {"plugin_opt_parking", "plugin_opt_redispatch_window"})
        EXPECT_THAT(broker.log_lines(option), ElementsAre(HasSubstr("has no effect any more")));
}

class ExampleConfiguration : public BrokerTest {
  protected:
    // As it is in the repository, but for the port, the path, and the user: mosquitto's own could
    // not read the configuration of a test.
    std::string example() const {
        std::ifstream file(EXAMPLE_CONFIGURATION);
        std::ostringstream text;
        text << file.rdbuf();
        auto result = text.str();
        result = std::regex_replace(result, std::regex("\nlistener .*"),
                                    "\nlistener " + std::to_string(broker.port()) + " 127.0.0.1");
        result = std::regex_replace(result, std::regex("\nplugin .*"),
                                    "\nplugin " + environment().plugin);
        return geteuid() == 0 ? result + "user root\n" : result;
    }
    void start(const std::string& text) { broker.start({.text = text}); }
};

TEST_F(ExampleConfiguration, StartsAsItIs) {
    start(example());
    Client& client = connect("client");
    client.subscribe("$queue/t");
    client.publish("t", "x", 1);
    client.wait_for_messages(1);
}

TEST_F(ExampleConfiguration, StartsWithEveryOptionOfThePlugin) {
    const std::string text =
        std::regex_replace(example(), std::regex("\n#plugin_opt_"), "\nplugin_opt_");
    for (const auto* option : {"strategy", "group_strategy", "access_control"}) {
        EXPECT_THAT(text, HasSubstr(std::string("\nplugin_opt_") + option + " "));
    }
    start(text);
    connect("client");
}

}  // namespace
}  // namespace integration
