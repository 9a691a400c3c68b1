// `include_dir`: which files, in which order, and what holds across them.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "configuration_fixture.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

TEST_F(ConfigurationTest, ReadsAnIncludedDirectoryWhereItIsNamed) {
    directory.write("conf.d/b.conf", "plugin /b.so\n");
    directory.write("conf.d/a.conf", "plugin /a.so\nplugin /a2.so\n");
    EXPECT_THAT(describe(read("plugin /before.so\ninclude_dir " +
                              (directory.path() / "conf.d").string() + "\nplugin /behind.so\n")),
                ElementsAre("0 plugin /before.so #0", "0 plugin /a.so #1", "0 plugin /a2.so #2",
                            "0 plugin /b.so #3", "0 plugin /behind.so #4"));
}

TEST_F(ConfigurationTest, SaysInWhichIncludedFileAPluginStands) {
    const auto file = directory.write("conf.d/a.conf", "\nplugin /a.so\n");
    const auto configuration = read("include_dir " + file.parent_path().string() + "\n");
    EXPECT_THAT(configuration.plugins, ElementsAre(Field(&PluginUse::where, file.string() + ":2")));
}

struct OrderRow : Row {
    std::vector<std::string> sorted;
};
class IncludeOrder : public ConfigurationTest, public ::testing::WithParamInterface<OrderRow> {};

// src/conf_includedir.c, scmp_p: character by character, first without case (as upper case), then
// with it.
TEST_P(IncludeOrder, IsThatOfTheBroker) {
    std::vector<std::string> expected;
    for (const auto& name : GetParam().sorted) {
        directory.write("conf.d/" + name, "plugin " + name + "\n");
        expected.push_back("0 plugin " + name + " #" + std::to_string(expected.size()));
    }
    EXPECT_EQ(describe(read("include_dir " + (directory.path() / "conf.d").string() + "\n")),
              expected);
}

INSTANTIATE_TEST_SUITE_P(
    , IncludeOrder,
    ::testing::Values(OrderRow{"Numbers", {"10-a.conf", "20-b.conf", "3-c.conf"}},
                      OrderRow{"WithoutCase", {"a.conf", "B.conf", "c.conf"}},
                      OrderRow{"UpperCaseFirst", {"A.conf", "a.conf"}},
                      OrderRow{"CaseOfAnEarlierLetterDecides", {"Mqtt.conf", "main.conf"}},
                      OrderRow{"UnderlineBehindLetters", {"aclb.conf", "acl_a.conf"}},
                      OrderRow{"ShorterFirst", {"acl.conf", "acl1.conf"}}),
    name_of<OrderRow>);

TEST_F(ConfigurationTest, IncludesOnlyFilesThatEndInConf) {
    for (const auto* name :
         {"x.conf", ".conf", "x.conf.bak", "README", "x.CONF", "conf", "x.conf~", ".y.conf"}) {
        directory.write(std::string("conf.d/") + name, std::string("plugin ") + name + "\n");
    }
    EXPECT_THAT(describe(read("include_dir " + (directory.path() / "conf.d").string() + "\n")),
                ElementsAre("0 plugin .y.conf #0", "0 plugin x.conf #1"));
}

TEST_F(ConfigurationTest, IncludesNothingFromAnIncludedFile) {
    directory.write("inner/x.conf", "plugin /inner.so\n");
    directory.write("outer/x.conf", "plugin /outer.so\ninclude_dir " +
                                        (directory.path() / "inner").string() +
                                        "\nplugin /behind.so\n");
    EXPECT_THAT(describe(read("include_dir " + (directory.path() / "outer").string() + "\n")),
                ElementsAre("0 plugin /outer.so #0", "0 plugin /behind.so #1"));
}

// Each file begins with the default listener; listeners are counted through all files.
TEST_F(ConfigurationTest, BeginsEachFileWithTheDefaultListener) {
    directory.write("conf.d/a.conf", "plugin /default.so\nlistener 1884\nplugin /second.so\n");
    directory.write("conf.d/b.conf", "acl_file /acl\n");
    const auto configuration = read("per_listener_settings true\nlistener 1883\ninclude_dir " +
                                    (directory.path() / "conf.d").string() +
                                    "\nplugin /first.so\nlistener 1885\nplugin /third.so\n");
    EXPECT_THAT(describe(configuration),
                ElementsAre("0 plugin /default.so #0", "2 plugin /second.so #1",
                            "1 plugin /first.so #2", "3 plugin /third.so #3"));
    EXPECT_THAT(configuration.acl_files, ElementsAre(kGlobalScope));
}

TEST_F(ConfigurationTest, TakesSwitchesFromIncludedFiles) {
    directory.write("conf.d/a.conf", "per_listener_settings true\nallow_duplicate_messages 1\n");
    const auto configuration = read("include_dir " + (directory.path() / "conf.d").string() +
                                    "\nlistener 1883\nplugin /x.so\n");
    EXPECT_EQ(configuration.allow_duplicate_messages, true);
    EXPECT_THAT(describe(configuration), ElementsAre("1 plugin /x.so #0"));
}
TEST_F(ConfigurationTest, SaysWhichDirectoryIsMissing) {
    const auto missing = (directory.path() / "missing.d").string();
    const auto file = directory.write("mosquitto.conf", "include_dir " + missing + "\n");
    EXPECT_THAT(problem_of({file}), HasSubstr(missing));
}

TEST_F(ConfigurationTest, SaysWhichIncludedFileCannotBeRead) {
    const auto dangling = directory.write("conf.d/b.conf", "").parent_path() / "a.conf";
    std::filesystem::create_symlink(directory.path() / "nowhere", dangling);
    const auto file = directory.write(
        "mosquitto.conf", "include_dir " + dangling.parent_path().string() + "\nplugin /x.so\n");
    EXPECT_THAT(problem_of({file}), HasSubstr(dangling.string()));
}

// As of `-c one -c two`.
TEST_F(ConfigurationTest, ReadsAllFilesOfTheCommandLine) {
    directory.write("conf.d/a.conf", "plugin /included.so\n");
    const auto one = directory.write(
        "one.conf", "per_listener_settings true\nlistener 1883\nplugin_load ours /ours.so\n");
    const auto two = directory.write("two.conf", "acl_file /acl\ninclude_dir " +
                                                     (directory.path() / "conf.d").string() +
                                                     "\nlistener 1884\nplugin_use ours\n");
    const auto configuration = read_files({one, two});
    EXPECT_THAT(describe(configuration),
                ElementsAre("0 plugin /included.so #1", "2 plugin_load /ours.so #0"));
    EXPECT_THAT(configuration.acl_files, ElementsAre(kGlobalScope));
}

TEST_F(ConfigurationTest, SaysWhichOfSeveralFilesIsMissing) {
    const auto missing = directory.path() / "missing.conf";
    EXPECT_THAT(problem_of({directory.write("one.conf", ""), missing}),
                HasSubstr(missing.string()));
}

}  // namespace
}  // namespace shared_subscription
