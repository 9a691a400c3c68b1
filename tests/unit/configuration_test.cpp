// The broker's configuration as src/conf.c reads it, from real files.
#include "mosquitto/configuration.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "configuration_fixture.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ConfigurationTest, IsEmptyForAnEmptyFile) {
    const auto configuration = read("");
    EXPECT_THAT(configuration.plugins, IsEmpty());
    EXPECT_THAT(configuration.acl_files, IsEmpty());
    EXPECT_FALSE(configuration.per_listener_settings);
    EXPECT_EQ(configuration.allow_duplicate_messages, std::nullopt);
    EXPECT_EQ(configuration.max_queued_messages, 1000U);
}

TEST_F(ConfigurationTest, ListsPluginsInTheOrderOfTheFile) {
    EXPECT_THAT(describe(read("plugin /one.so\n"
                              "auth_plugin /two.so\n"
                              "global_plugin /three.so\n")),
                ElementsAre("0 plugin /one.so #0", "0 auth_plugin /two.so #1",
                            "0 global_plugin /three.so #2"));
}

TEST_F(ConfigurationTest, SaysWhereEachPluginStands) {
    const auto file = directory.write(
        "mosquitto.conf", "# comment\n\nplugin /one.so\nplugin_opt_a b\nplugin /two.so\n");
    EXPECT_THAT(read_file(file).plugins,
                ElementsAre(Field(&PluginUse::where, file.string() + ":3"),
                            Field(&PluginUse::where, file.string() + ":5")));
}

struct LineRow : Row {
    const char* text;
    std::vector<std::string> expected;
};
class ConfigurationLine : public ConfigurationTest,
                          public ::testing::WithParamInterface<LineRow> {};

TEST_P(ConfigurationLine, IsReadLikeTheBroker) {
    EXPECT_EQ(describe(read(GetParam().text)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , ConfigurationLine,
    ::testing::Values(
        LineRow{"Comment", "#plugin /x.so\n# plugin /y.so\n", {}},
        LineRow{"WithoutLineEnd", "plugin /x.so", {"0 plugin /x.so #0"}},
        LineRow{"CarriageReturns", "listener 1883\r\nplugin /x.so\r\n\r\n", {"0 plugin /x.so #0"}},
        LineRow{"SpacesBefore", "   plugin /x.so\n", {"0 plugin /x.so #0"}},
        LineRow{"SpacesBetween", "plugin    /x.so\n", {"0 plugin /x.so #0"}},
        LineRow{"SpacesBehind", "plugin /x.so   \n", {"0 plugin /x.so #0"}},
        LineRow{"TabBehind", "plugin /x.so\t\n", {"0 plugin /x.so #0"}},
        LineRow{"PathWithSpaces", "plugin /my plugins/x.so\n", {"0 plugin /my plugins/x.so #0"}},
        // conf__parse_string takes the rest of the line.
        LineRow{"HashBehindAPath", "plugin /x.so # first\n", {"0 plugin /x.so # first #0"}},
        LineRow{"LongerKeyword", "plugins /x.so\nplugin_opt_plugin /y.so\n", {}},
        LineRow{"KeywordInAValue", "plugin_opt_x plugin /y.so\nlog_dest file plugin\n", {}},
        LineRow{"OtherCase", "Plugin /x.so\n", {}}),
    name_of<LineRow>);

TEST_F(ConfigurationTest, PutsAllListenersIntoOneChainByDefault) {
    const auto configuration =
        read("plugin /one.so\nlistener 1883\nplugin /two.so\nacl_file /acl\nlistener 1884\n");
    EXPECT_THAT(describe(configuration), ElementsAre("0 plugin /one.so #0", "0 plugin /two.so #1"));
    EXPECT_THAT(configuration.acl_files, ElementsAre(kGlobalScope));
}

TEST_F(ConfigurationTest, GivesEachListenerItsOwnChainUnderPerListenerSettings) {
    const auto configuration = read(
        "per_listener_settings true\n"
        "plugin /default.so\n"
        "listener 1883\nplugin /one.so\n"
        "listener 1884 127.0.0.1\nacl_file /acl\nplugin /two.so\n"
        "global_plugin /all.so\n");
    EXPECT_TRUE(configuration.per_listener_settings);
    EXPECT_THAT(describe(configuration),
                ElementsAre("0 plugin /default.so #0", "1 plugin /one.so #1", "2 plugin /two.so #2",
                            "0 global_plugin /all.so #3"));
    EXPECT_THAT(configuration.acl_files, ElementsAre(2U));
}

// 2.1: a plugin is initialised where it is loaded, and asked for the listeners that use it.
TEST_F(ConfigurationTest, PutsALoadedPluginWhereItIsUsed) {
    EXPECT_THAT(
        describe(read("plugin_load ours /path of/ours.so\n"
                      "plugin_load other /other.so\n"
                      "plugin_load unused /unused.so\n"
                      "plugin /third.so\n"
                      "listener 1883\nplugin_use other\nplugin_use ours\n"
                      "listener 1884\nplugin_use ours\n")),
        ElementsAre("0 plugin /third.so #3", "1 plugin_load /other.so #1",
                    "1 plugin_load /path of/ours.so #0", "2 plugin_load /path of/ours.so #0"));
}

// That is the line to move: the order of those that use it does not count.
TEST_F(ConfigurationTest, SaysWhereAPluginIsLoaded) {
    const auto file = directory.write("mosquitto.conf",
                                      "plugin_load ours /ours.so\nlistener 1883\nplugin_use ours\n"
                                      "plugin /x.so\n");
    EXPECT_THAT(read_file(file).plugins,
                ElementsAre(Field(&PluginUse::where, file.string() + ":1"),
                            Field(&PluginUse::where, file.string() + ":4")));
}

TEST_F(ConfigurationTest, UsesNoPluginThatIsNotLoaded) {
    EXPECT_THAT(describe(read("listener 1883\nplugin_use ours\nplugin_load ours /ours.so\n")),
                IsEmpty());
}

struct SwitchRow : Row {
    const char* value;
    bool expected;
};
class ConfigurationSwitch : public ConfigurationTest,
                            public ::testing::WithParamInterface<SwitchRow> {};

TEST_P(ConfigurationSwitch, IsReadLikeTheBroker) {
    const std::string value(GetParam().value);
    const auto configuration =
        read("per_listener_settings " + value + "\nallow_duplicate_messages " + value + "\n");
    EXPECT_EQ(configuration.per_listener_settings, GetParam().expected);
    EXPECT_EQ(configuration.allow_duplicate_messages, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(, ConfigurationSwitch,
                         ::testing::Values(SwitchRow{"True", "true", true},
                                           SwitchRow{"False", "false", false},
                                           SwitchRow{"One", "1", true},
                                           SwitchRow{"Zero", "0", false},
                                           SwitchRow{"TrueAndSpaces", "true  ", true},
                                           SwitchRow{"TrueAndCarriageReturn", "true\r", true},
                                           // conf__parse_bool looks at the next word only.
                                           SwitchRow{"TrueAndAComment", "true # for all", true},
                                           SwitchRow{"FalseAndAComment", "false # true", false}),
                         name_of<SwitchRow>);

struct LimitRow : Row {
    const char* value;
    std::size_t expected;
};
class QueueLimit : public ConfigurationTest, public ::testing::WithParamInterface<LimitRow> {};

TEST_P(QueueLimit, IsReadLikeTheBroker) {
    EXPECT_EQ(
        read("max_queued_messages " + std::string(GetParam().value) + "\n").max_queued_messages,
        GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(, QueueLimit,
                         ::testing::Values(LimitRow{"Some", "250", 250},
                                           LimitRow{"Unlimited", "0", 0},
                                           LimitRow{"SpacesAround", "  17  ", 17},
                                           LimitRow{"CarriageReturn", "17\r", 17},
                                           LimitRow{"Comment", "17 # messages", 17},
                                           // conf.c: below 0 is taken for 0.
                                           LimitRow{"BelowZero", "-1", 0}),
                         name_of<LimitRow>);

// 2.1 goes back to the default listener at these lines.
TEST_F(ConfigurationTest, KnowsWhichLinesBelongToTheDefaultListener) {
    const std::string text =
        "per_listener_settings true\nlistener 1883\nport 1884\nacl_file /acl\n"
        "listener 1885\nbind_address localhost\nplugin /x.so\n";
    const auto on_2_0 = read(text, Generation::v2_0);
    EXPECT_THAT(on_2_0.acl_files, ElementsAre(1U));
    EXPECT_THAT(describe(on_2_0), ElementsAre("2 plugin /x.so #0"));
    const auto on_2_1 = read(text, Generation::v2_1);
    EXPECT_THAT(on_2_1.acl_files, ElementsAre(kGlobalScope));
    EXPECT_THAT(describe(on_2_1), ElementsAre("0 plugin /x.so #0"));
}

TEST_F(ConfigurationTest, KnowsWhichBrokerTakesListenerSettingsBack) {
    const std::string text = "per_listener_settings true\nper_listener_settings false\n";
    EXPECT_FALSE(read(text, Generation::v2_0).per_listener_settings);
    EXPECT_TRUE(read(text, Generation::v2_1).per_listener_settings);
}

TEST_F(ConfigurationTest, TakesTheLastOfSeveralSwitches) {
    EXPECT_EQ(read("allow_duplicate_messages true\nallow_duplicate_messages false\n")
                  .allow_duplicate_messages,
              false);
}

TEST_F(ConfigurationTest, SaysWhichFileIsMissing) {
    const auto missing = directory.path() / "missing.conf";
    EXPECT_THAT(problem_of({missing}), HasSubstr(missing.string()));
}

TEST_F(ConfigurationTest, ReadsNothingButFiles) {
    const auto pipe = directory.path() / "pipe.conf";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);  // opening it would wait for a writer
    for (const auto& path : {pipe, directory.path()}) {
        EXPECT_THAT(problem_of({path}), HasSubstr(path.string()));
    }
}

TEST_F(ConfigurationTest, KnowsOneFileByTwoPaths) {
    const auto file = directory.write("lib/ours.so", "");
    const auto other = directory.write("lib/other.so", "");
    const auto link = directory.path() / "link.so";
    fs::create_symlink(file, link);
    EXPECT_TRUE(is_same_file(file, file));
    EXPECT_TRUE(is_same_file(file, directory.path() / "lib/../lib/ours.so"));
    EXPECT_TRUE(is_same_file(link, file));
    EXPECT_FALSE(is_same_file(file, other));
    EXPECT_FALSE(is_same_file(file, directory.path() / "missing.so"));
    EXPECT_FALSE(is_same_file(directory.path() / "missing.so", directory.path() / "absent.so"));
    EXPECT_TRUE(is_same_file(directory.path() / "missing.so", directory.path() / "missing.so"));
}

// The command line is that of the process, so these tests start this program again with another
// one.
constexpr const char* kExpectedFiles = "EXPECTED_CONFIGURATION_FILES";

TEST(ConfigurationFiles, AreThoseOfTheCommandLine) {
    const char* expected = std::getenv(kExpectedFiles);
    std::string problem;
    std::string files;
    for (const auto& file : configuration_files(problem)) files += file.string() + ";";
    EXPECT_EQ(files, expected ? expected : "");
    EXPECT_EQ(problem, files.empty() ? "the broker was started without a configuration file" : "");
}

struct CommandRow : Row {
    std::vector<std::string> arguments;
    const char* expected;
};
class CommandLine : public ::testing::TestWithParam<CommandRow> {};

TEST_P(CommandLine, NamesTheConfigurationFiles) {
    std::vector<std::string> words{"unit_tests",
                                   "--gtest_filter=ConfigurationFiles.AreThoseOfTheCommandLine"};
    words.insert(words.end(), GetParam().arguments.begin(), GetParam().arguments.end());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t quietly;
    posix_spawn_file_actions_init(&quietly);
    posix_spawn_file_actions_addopen(&quietly, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(setenv(kExpectedFiles, GetParam().expected, 1), 0);
    pid_t child = 0;
    const int started =
        posix_spawn(&child, "/proc/self/exe", &quietly, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&quietly);
    unsetenv(kExpectedFiles);
    ASSERT_EQ(started, 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

INSTANTIATE_TEST_SUITE_P(
    , CommandLine,
    ::testing::Values(
        CommandRow{"Nowhere", {"-v"}, ""},
        CommandRow{"Short", {"-c", "/etc/mosquitto.conf"}, "/etc/mosquitto.conf;"},
        CommandRow{"Long", {"--config-file", "relative.conf"}, "relative.conf;"},
        CommandRow{"BehindOthers", {"-p", "1884", "-v", "-c", "/x.conf"}, "/x.conf;"},
        CommandRow{"BeforeOthers", {"-c", "/x.conf", "-v"}, "/x.conf;"},
        CommandRow{"WithSpaces", {"-c", "/my files/x.conf"}, "/my files/x.conf;"},
        CommandRow{"WithoutFile", {"-c"}, ""},
        CommandRow{"Twice", {"-c", "/x.conf", "--config-file", "/y.conf"}, "/x.conf;/y.conf;"},
        CommandRow{"ThatIsCalledLikeAnOption", {"-c", "-c", "-c", "/y.conf"}, "-c;/y.conf;"},
        CommandRow{"AsTheValueOfAnother", {"--tls-keylog", "-c", "-v", "-p", "-c"}, ""}),
    name_of<CommandRow>);

}  // namespace
}  // namespace shared_subscription
