// The plugin's place among others: where it would not see every check, it stops the broker.

#include <functional>

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string other_plugin = ON_REQUEST_PLUGIN;
const std::string other_plugin_line = "plugin " + other_plugin;
std::string own_line() {
    return "plugin " + environment().plugin;
}

struct ChainRow {
    std::string name;
    std::function<Configuration(Broker&)> set_up;
    std::string behind = "";              // the line that has to move; empty: the broker starts
    std::string file = "mosquitto.conf";  // where that is
    bool only_in_21 = false;
};
void PrintTo(const ChainRow& row, std::ostream* stream) {
    *stream << row.name;
}

class Chain : public BrokerTest, public ::testing::WithParamInterface<ChainRow> {};

TEST_P(Chain, HasThePluginFirstOrDoesNotStart) {
    const auto& row = GetParam();
    if (row.only_in_21 && broker_is_20()) return;
    const auto configuration = row.set_up(broker);
    if (row.behind.empty()) {
        broker.start(configuration);
        const auto members = connect_all({"a", "b"});
        for (Client* member : members) member->subscribe("$share/g/t");
        members[0]->publish(numbered("t", 4, 1));
        settle();
        EXPECT_THAT(counts(members), ElementsAre(2, 2));
        return;
    }
    expect_alarming_log("Error");
    EXPECT_GT(broker.start_in_vain(configuration), 0);
    EXPECT_THAT(broker.log_lines("Error: shared-subscription: "),
                ElementsAre(AllOf(HasSubstr("must be the first"), HasSubstr("move that line"),
                                  HasSubstr(broker.line_number(row.behind, row.file) + " "))));
}

Configuration include(Broker& broker, const std::vector<std::string>& first = {}) {
    auto lines = first;
    lines.push_back("include_dir " + broker.path("more"));
    return {.before_plugin = lines, .with_plugin = false};
}

// A second listener, with these lines.
std::vector<std::string> listener(const std::vector<std::string>& lines) {
    static const ReservedPort port;
    std::vector<std::string> result{"listener " + std::to_string(port.number()) + " 127.0.0.1",
                                    "allow_anonymous true"};
    result.insert(result.end(), lines.begin(), lines.end());
    return result;
}

Configuration per_listener(const std::vector<std::string>& before,
                           const std::vector<std::string>& after, bool with_plugin = true) {
    return {.first = {"per_listener_settings true"},
            .before_plugin = before,
            .with_plugin = with_plugin,
            .options = {},
            .after_plugin = after};
}

std::vector<ChainRow> rows() {
    return {
        {"First",
         [](Broker&) {
             return Configuration{.options = {"plugin_opt_access_control none"},
                                  .after_plugin = {other_plugin_line}};
         }},
        {"BehindAPlugin",
         [](Broker&) { return Configuration{.before_plugin = {other_plugin_line}}; },
         other_plugin_line},
        {"BehindAnAuthPlugin",
         [](Broker& broker) {
             return Configuration{.before_plugin = {"auth_plugin " RULES_V4_PLUGIN,
                                                    "plugin_opt_rules " + broker.path("rules")}};
         },
         "auth_plugin " RULES_V4_PLUGIN},
        {"BehindAnIncludedPlugin",
         [](Broker& broker) {
             broker.write_file("more/a.conf", "# Another one.\n\n" + other_plugin_line + "\n");
             return Configuration{.before_plugin = {"include_dir " + broker.path("more")}};
         },
         other_plugin_line, "more/a.conf"},
        {"BehindInAnIncludedFile",
         [](Broker& broker) {
             broker.write_file("more/a.conf", other_plugin_line + "\n" + own_line() + "\n");
             return include(broker);
         },
         other_plugin_line, "more/a.conf"},
        {"BehindInTheOrderOfIncludedFiles",
         [](Broker& broker) {
             broker.write_file("more/B.conf", own_line() + "\n");
             broker.write_file("more/a.conf", other_plugin_line + "\n");
             return include(broker);
         },
         other_plugin_line, "more/a.conf"},
        {"FirstInTheOrderOfIncludedFiles",
         [](Broker& broker) {
             broker.write_file("more/B.conf", other_plugin_line + "\n");
             broker.write_file("more/a.conf", own_line() + "\nplugin_opt_access_control none\n");
             broker.write_file("more/0.txt", other_plugin_line + "\n");
             return include(broker);
         }},
        {"BehindOfAnotherListener",
         [](Broker&) {
             return per_listener({}, listener({other_plugin_line, own_line()}));
         },
         other_plugin_line},
        {"FirstOfItsListener",
         [](Broker&) { return per_listener({}, listener({other_plugin_line})); }},
        {"BehindAGlobalPlugin",
         [](Broker&) { return Configuration{.before_plugin = {"global_plugin " + other_plugin}}; },
         "global_plugin " + other_plugin, "mosquitto.conf", true},
        {"ListenersOwnBehindAGlobalPlugin",
         [](Broker&) { return per_listener({}, listener({"global_plugin " + other_plugin})); },
         "global_plugin " + other_plugin, "mosquitto.conf", true},
        {"GlobalBeforeAListenersPlugin",
         [](Broker&) {
             return per_listener({"global_plugin " + environment().plugin}, {other_plugin_line},
                                 false);
         },
         "", "", true},
        // What counts is the order of the plugin_load lines: src/plugin_init.c initialises so.
        {"UsedBehindAUsedPlugin",
         [](Broker&) {
             return Configuration{.before_plugin = {"plugin_load other " + other_plugin,
                                                    "plugin_load own " + environment().plugin,
                                                    "plugin_use own", "plugin_use other"},
                                  .with_plugin = false};
         },
         "plugin_load other " + other_plugin, "mosquitto.conf", true},
        {"UsedBeforeAUsedPlugin",
         [](Broker&) {
             return Configuration{.before_plugin = {"plugin_load own " + environment().plugin,
                                                    "plugin_load other " + other_plugin,
                                                    "plugin_use other", "plugin_use own"},
                                  .with_plugin = false};
         },
         "", "", true},
        {"UsedByAListenerBehindAPluginOfAll",
         [](Broker&) {
             return Configuration{.before_plugin = {"plugin_load own " + environment().plugin,
                                                    "plugin_use own", other_plugin_line},
                                  .with_plugin = false};
         },
         other_plugin_line, "mosquitto.conf", true},
    };
}

INSTANTIATE_TEST_SUITE_P(, Chain, ::testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

using ChainAlone = BrokerTest;

TEST_F(ChainAlone, HasThePluginOnce) {
    expect_alarming_log("Error");
    EXPECT_GT(broker.start_in_vain({.after_plugin = {own_line()}}), 0);
    EXPECT_THAT(broker.log_lines("Error: shared-subscription: "),
                ElementsAre(AllOf(HasSubstr("twice"), HasSubstr(broker.line_number(own_line())))));
}

class Answer : public BrokerTest {
  protected:
    std::vector<std::string> answers() const { return broker.log_lines("access checks"); }
    // Whether anything is allowed.
    bool is_open() {
        Client& client = connect("client");
        if (client.subscribe("t", 1) >= 128) return false;
        client.publish("t", "x", 1);
        settle();
        return client.take_messages().size() == 1;
    }
    const std::string success = broker_is_20() ? "SUCCESS" : "IGNORE";
    const std::string defer = broker_is_20() ? "DEFER" : "IGNORE";
};

TEST_F(Answer, WithNobodyElse) {
    broker.start();
    EXPECT_THAT(answers(), ElementsAre(AllOf(HasSubstr(success), HasSubstr("no other plugin"))));
    EXPECT_TRUE(is_open());
}

TEST_F(Answer, WithAnAclFile) {
    broker.start({.after_plugin = {"acl_file " + broker.write_file("acl", "topic readwrite #\n")}});
    EXPECT_THAT(answers(), ElementsAre(AllOf(HasSubstr(defer), HasSubstr("acl_file"))));
}

TEST_F(Answer, WithAnotherPlugin) {
    broker.start({.after_plugin = {other_plugin_line}});
    EXPECT_THAT(answers(), ElementsAre(AllOf(HasSubstr(defer), HasSubstr(other_plugin_line),
                                             HasSubstr(broker.line_number(other_plugin_line)))));
}

TEST_F(Answer, NoneSaysThatTheOtherPluginDoesNotDecide) {
    broker.start(
        {.options = {"plugin_opt_access_control none"}, .after_plugin = {other_plugin_line}});
    if (broker_is_20()) {
        EXPECT_THAT(answers(), ElementsAre(AllOf(HasSubstr("SUCCESS"), HasSubstr("'none'"))));
    }
    EXPECT_TRUE(is_open());
}

// What everybody defers is denied.
TEST_F(Answer, DeferLeavesItToTheOthers) {
    broker.start({.options = {"plugin_opt_access_control defer"}});
    EXPECT_THAT(answers(), ElementsAre(AllOf(HasSubstr("DEFER"), HasSubstr("'defer'"))));
    EXPECT_THAT(connect("client").subscribe("t"), Ge(128));
}

TEST_F(Answer, FirstLeavesItToThoseBehind) {
    broker.start({.options = {"plugin_opt_access_control first"}});
    EXPECT_THAT(answers(), ElementsAre(AllOf(HasSubstr(defer), HasSubstr("'first'"))));
    EXPECT_EQ(is_open(), !broker_is_20());
}

TEST_F(Answer, NoneIsRefusedWithAnAclFile) {
    expect_alarming_log("Error");
    const auto acl = broker.write_file("acl", "topic readwrite #\n");
    EXPECT_GT(broker.start_in_vain({.options = {"plugin_opt_access_control none"},
                                    .after_plugin = {"acl_file " + acl}}),
              0);
    EXPECT_THAT(broker.log_lines("Error: shared-subscription: "),
                ElementsAre(AllOf(HasSubstr("plugin_opt_access_control"), HasSubstr("'none'"),
                                  HasSubstr("acl_file"), HasSubstr("'defer'"))));
}

}  // namespace
}  // namespace integration
