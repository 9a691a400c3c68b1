// Where the plugin may stand among others, and whether somebody else decides about access.
#include "mosquitto/access_control.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gnu/libc-version.h>

#include <string>
#include <vector>

#include "rows.hpp"
#include "temporary_directory.hpp"

namespace shared_subscription {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kOwn = "/plugins/ours.so";

/// Uses in the order of the file; the n-th (from 1) stands in line n.
class Lines {
  public:
    Lines& use(const std::filesystem::path& path, Scope scope = kGlobalScope,
               const std::string& keyword = "plugin") {
        return use_loaded(path, scope, keyword, configuration_.plugins.size());
    }
    Lines& use_loaded(const std::filesystem::path& path, Scope scope, const std::string& keyword,
                      std::size_t load_order) {
        const auto line = configuration_.plugins.size() + 1;
        configuration_.plugins.push_back({.path = path,
                                          .keyword = keyword,
                                          .where = "mosquitto.conf:" + std::to_string(line),
                                          .load_order = load_order,
                                          .scope = scope});
        return *this;
    }
    Lines& acl_file(Scope scope = kGlobalScope) {
        configuration_.acl_files.push_back(scope);
        return *this;
    }
    Lines& per_listener() {
        configuration_.per_listener_settings = true;
        return *this;
    }
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator Configuration() const { return configuration_; }

  private:
    Configuration configuration_;
};

struct PlacedRow : Row {
    Configuration configuration;
    bool on_2_0;  ///< whether it is well placed there
    bool on_2_1;
};
class Placed : public ::testing::TestWithParam<PlacedRow> {};

TEST_P(Placed, IsSeenByTheRulesOfEachGeneration) {
    const auto& row = GetParam();
    EXPECT_EQ(find_misplaced(row.configuration, kOwn, Generation::v2_0).empty(), row.on_2_0);
    EXPECT_EQ(find_misplaced(row.configuration, kOwn, Generation::v2_1).empty(), row.on_2_1);
}

INSTANTIATE_TEST_SUITE_P(
    , Placed,
    ::testing::Values(
        PlacedRow{"Alone", Lines().use(kOwn), true, true},
        PlacedRow{"NotConfigured", Lines().use("/other.so"), true, true},
        PlacedRow{"First", Lines().use(kOwn).use("/other.so").use("/third.so", 0, "auth_plugin"),
                  true, true},
        PlacedRow{"BehindAPlugin", Lines().use("/other.so").use(kOwn), false, false},
        PlacedRow{"BehindAnAuthPlugin", Lines().use("/other.so", 0, "auth_plugin").use(kOwn), false,
                  false},
        PlacedRow{"BehindAGlobalPlugin", Lines().use("/other.so", 0, "global_plugin").use(kOwn),
                  false, false},
        PlacedRow{"BetweenOthers", Lines().use("/other.so").use(kOwn).use("/third.so"), false,
                  false},
        PlacedRow{"WithAnAclFile", Lines().acl_file().use(kOwn), true, true},
        PlacedRow{"BehindAnotherOfTheSameListener",
                  Lines().per_listener().use("/other.so", 1).use(kOwn, 1), false, false},
        PlacedRow{"BehindAnotherListenersPlugin",
                  Lines().per_listener().use("/other.so", 1).use(kOwn, 2), true, true},
        PlacedRow{"FirstOfEachListener",
                  Lines()
                      .per_listener()
                      .use(kOwn, 1)
                      .use("/other.so", 1)
                      .use(kOwn, 2)
                      .use("/other.so", 2),
                  true, true},
        PlacedRow{"FirstOfOneListenerOnly",
                  Lines().per_listener().use(kOwn, 1).use("/other.so", 2).use(kOwn, 2), false,
                  false},
        // 2.1 asks the global chain before a listener's, wherever its line stands. 2.0 has no
        // global chain then.
        PlacedRow{"OfAListenerBehindAGlobalOne",
                  Lines().per_listener().use("/other.so", 0, "global_plugin").use(kOwn, 1), true,
                  false},
        PlacedRow{"OfAListenerBeforeAGlobalOne",
                  Lines().per_listener().use(kOwn, 1).use("/other.so", 0, "global_plugin"), true,
                  false},
        PlacedRow{"GlobalBeforeThatOfAListener",
                  Lines().per_listener().use("/other.so", 1).use(kOwn, 0, "global_plugin"), true,
                  true},
        PlacedRow{"OfTheDefaultListenerBeforeAGlobalOne",
                  Lines().per_listener().use(kOwn, 0).use("/other.so", 0, "global_plugin"), true,
                  false},
        PlacedRow{"GlobalBehindThatOfTheDefaultListener",
                  Lines().per_listener().use("/other.so", 0).use(kOwn, 0, "global_plugin"), true,
                  true},
        PlacedRow{"OfAnotherListener", Lines().per_listener().use("/other.so", 0).use(kOwn, 1),
                  true, true},
        PlacedRow{"Twice", Lines().use(kOwn).use(kOwn), false, false},
        PlacedRow{"TwiceInOneListener", Lines().per_listener().use(kOwn, 1).use(kOwn, 1), false,
                  false},
        PlacedRow{"GlobalAndOfAListener",
                  Lines().per_listener().use(kOwn, 0, "global_plugin").use(kOwn, 1), true, false},
        // 2.1, plugin_load and plugin_use: who was loaded first is asked first.
        PlacedRow{"LoadedFirstUsedLast",
                  Lines()
                      .use_loaded("/other.so", 1, "plugin_load", 1)
                      .use_loaded(kOwn, 1, "plugin_load", 0),
                  true, true},
        PlacedRow{"LoadedLastUsedFirst",
                  Lines()
                      .use_loaded(kOwn, 1, "plugin_load", 1)
                      .use_loaded("/other.so", 1, "plugin_load", 0),
                  false, false},
        PlacedRow{
            "LoadedOnceUsedByTwoListeners",
            Lines().use_loaded(kOwn, 1, "plugin_load", 0).use_loaded(kOwn, 2, "plugin_load", 0),
            true, true}),
    name_of<PlacedRow>);

class MisplacedText : public ::testing::TestWithParam<Generation> {};

TEST_P(MisplacedText, SaysWhichLineToMoveAndWhere) {
    const Configuration configuration =
        Lines().use("/first.so").use("/other.so", 0, "auth_plugin").use(kOwn, 0, "global_plugin");
    const auto text = find_misplaced(configuration, kOwn, GetParam());
    EXPECT_THAT(text, HasSubstr("'plugin /first.so' at mosquitto.conf:1 is asked before it"));
    EXPECT_THAT(text, HasSubstr("behind the 'global_plugin' line at mosquitto.conf:3"));
    EXPECT_THAT(text, Not(HasSubstr("'global_plugin' before it")));
}

TEST_P(MisplacedText, SaysWhereItIsListedTwice) {
    const auto text =
        find_misplaced(Lines().use(kOwn).use("/other.so").use(kOwn), kOwn, GetParam());
    EXPECT_THAT(text, AllOf(HasSubstr("listed twice"), HasSubstr("mosquitto.conf:1"),
                            HasSubstr("mosquitto.conf:3")));
}

TEST_P(MisplacedText, NamesTheListenersLine) {
    const Configuration configuration =
        Lines().per_listener().use(kOwn, 1).use("/other.so", 1).use("/other.so", 2).use(kOwn, 2);
    const auto text = find_misplaced(configuration, kOwn, GetParam());
    EXPECT_THAT(text, HasSubstr("'plugin /other.so' at mosquitto.conf:3 is asked before it"));
    EXPECT_THAT(text, HasSubstr("at mosquitto.conf:4"));
}

INSTANTIATE_TEST_SUITE_P(, MisplacedText, ::testing::Values(Generation::v2_0, Generation::v2_1),
                         [](const auto& row) {
                             return row.param == Generation::v2_0 ? "On20" : "On21";
                         });

TEST(Misplaced, AdvisesAGlobalLineBehindAGlobalPlugin) {
    const Configuration configuration =
        Lines().per_listener().use("/other.so", 0, "global_plugin").use(kOwn, 1);
    const auto text = find_misplaced(configuration, kOwn, Generation::v2_1);
    EXPECT_THAT(text, AllOf(HasSubstr("'global_plugin /other.so' at mosquitto.conf:1"),
                            HasSubstr("load this one with 'global_plugin' before it")));
}

TEST(Misplaced, AdvisesToLoadItBeforeWhatIsLoadedForSeveralListeners) {
    const Configuration configuration =
        Lines().per_listener().use("/other.so", 1, "plugin_load").use(kOwn, 1);
    const auto text = find_misplaced(configuration, kOwn, Generation::v2_1);
    EXPECT_THAT(text, AllOf(HasSubstr("'plugin_load /other.so' at mosquitto.conf:1"),
                            HasSubstr("load this one with 'plugin_load' before it")));
}

TEST(Misplaced, KnowsItsOwnFileByALink) {
    const TemporaryDirectory directory;
    const auto file = directory.write("ours-1.0.so", "");
    const auto other = directory.write("other.so", "");
    const auto link = directory.path() / "ours.so";
    std::filesystem::create_symlink(file, link);
    EXPECT_THAT(find_misplaced(Lines().use(link).use(other), file, Generation::v2_0), IsEmpty());
    EXPECT_THAT(find_misplaced(Lines().use(other).use(link), file, Generation::v2_0),
                HasSubstr(other.string()));
    EXPECT_THAT(find_misplaced(Lines().use(file).use(link), file, Generation::v2_0),
                HasSubstr("listed twice"));
    EXPECT_FALSE(find_others(Lines().use(link), file, Generation::v2_0, 0).decide);
}

TEST(Misplaced, KnowsItsOwnFileByANameWithoutADirectory) {
    Dl_info loaded{};
    // One of the library that sanitizers do not replace.
    ASSERT_NE(dladdr(reinterpret_cast<const void*>(&gnu_get_libc_version), &loaded), 0);
    const std::filesystem::path file = loaded.dli_fname;
    const Configuration behind = Lines().use("libother.so").use("libc.so.6");
    EXPECT_FALSE(find_misplaced(behind, file, Generation::v2_1).empty());
    EXPECT_FALSE(find_others(Lines().use("libc.so.6"), file, Generation::v2_1, 0).decide);
}

struct OthersRow : Row {
    Configuration configuration;
    std::size_t instance;
    bool on_2_0;  ///< whether others decide there
    bool on_2_1;
};
class OthersDecide : public ::testing::TestWithParam<OthersRow> {};

TEST_P(OthersDecide, IsSeenByTheRulesOfEachGeneration) {
    const auto& row = GetParam();
    EXPECT_EQ(find_others(row.configuration, kOwn, Generation::v2_0, row.instance).decide,
              row.on_2_0);
    EXPECT_EQ(find_others(row.configuration, kOwn, Generation::v2_1, row.instance).decide,
              row.on_2_1);
}

INSTANTIATE_TEST_SUITE_P(
    , OthersDecide,
    ::testing::Values(
        OthersRow{"Alone", Lines().use(kOwn), 0, false, false},
        OthersRow{"WithAnAclFile", Lines().use(kOwn).acl_file(), 0, true, true},
        OthersRow{"WithAPlugin", Lines().use(kOwn).use("/other.so"), 0, true, true},
        OthersRow{"WithAnAuthPlugin", Lines().use(kOwn).use("/other.so", 0, "auth_plugin"), 0, true,
                  true},
        // Loaded by a line that is not in the file: the safe answer.
        OthersRow{"NotConfigured", Lines(), 0, true, true},
        OthersRow{"OnlyOthersConfigured", Lines().use("/other.so"), 0, true, true},
        // 2.0: each listener's chain is alone. 2.1: one instance is asked for all its listeners.
        OthersRow{"AclFileOfItsListener", Lines().per_listener().use(kOwn, 1).acl_file(1), 0, true,
                  true},
        OthersRow{"AclFileOfAnotherListener", Lines().per_listener().use(kOwn, 1).acl_file(2), 0,
                  false, true},
        OthersRow{"AclFileOfTheDefaultListener", Lines().per_listener().use(kOwn, 1).acl_file(0), 0,
                  false, true},
        OthersRow{"PluginOfItsListener", Lines().per_listener().use(kOwn, 1).use("/other.so", 1), 0,
                  true, true},
        OthersRow{"PluginOfAnotherListener",
                  Lines().per_listener().use(kOwn, 1).use("/other.so", 2), 0, false, true},
        OthersRow{"GlobalPlugin", Lines().use("/other.so", 0, "global_plugin").use(kOwn, 1), 0,
                  false, true},
        OthersRow{"FirstOfTwoListeners",
                  Lines().per_listener().use(kOwn, 1).use(kOwn, 2).acl_file(2), 0, false, true},
        OthersRow{"SecondOfTwoListeners",
                  Lines().per_listener().use(kOwn, 1).use(kOwn, 2).acl_file(2), 1, true, true},
        OthersRow{"NoOtherPluginButItselfTwice", Lines().per_listener().use(kOwn, 1).use(kOwn, 2),
                  1, false, false},
        // 2.0 initialises the default listener last, though its line stands first.
        OthersRow{"ListenerBeforeTheDefaultOne",
                  Lines().per_listener().use(kOwn, 0).acl_file(0).use(kOwn, 1), 0, false, true},
        OthersRow{"DefaultListenerIsTheLast",
                  Lines().per_listener().use(kOwn, 0).acl_file(0).use(kOwn, 1), 1, true, true},
        OthersRow{"MoreInstancesThanLines",
                  Lines().per_listener().use(kOwn, 1).use(kOwn, 2).acl_file(2), 7, true, true}),
    name_of<OthersRow>);

struct CertainRow : Row {
    Configuration configuration;
    bool is_certain;
};
class CertainlyControlled : public ::testing::TestWithParam<CertainRow> {};

TEST_P(CertainlyControlled, OnlyByWhatIsKnown) {
    EXPECT_EQ(certainly_controls_access(GetParam().configuration), GetParam().is_certain);
}

constexpr const char* kDynamicSecurity = "/plugins/mosquitto_dynamic_security.so";

INSTANTIATE_TEST_SUITE_P(
    , CertainlyControlled,
    ::testing::Values(
        CertainRow{{"Nobody"}, Lines().use(kOwn), false},
        CertainRow{{"File"}, Lines().use(kOwn).acl_file(), true},
        CertainRow{{"DynamicSecurity"}, Lines().use(kOwn).use(kDynamicSecurity), true},
        CertainRow{{"PluginThatMayNot"}, Lines().use(kOwn).use("/plugins/persist.so"), false},
        CertainRow{{"FileOfOneListener"}, Lines().use(kOwn).acl_file(1).per_listener(), false},
        CertainRow{{"PluginOfOneListener"}, Lines().use(kOwn).use(kDynamicSecurity, 1), false}),
    name_of<CertainRow>);

TEST(Others, GiveTheReason) {
    const auto reason = [](const Configuration& configuration) {
        return find_others(configuration, kOwn, Generation::v2_0, 0).reason;
    };
    EXPECT_THAT(reason(Lines().use(kOwn).use("/other.so", 0, "auth_plugin")),
                HasSubstr("'auth_plugin /other.so' at mosquitto.conf:2"));
    EXPECT_THAT(reason(Lines().use(kOwn).acl_file()), HasSubstr("acl_file"));
    EXPECT_THAT(reason(Lines().use(kOwn)), HasSubstr("no acl_file and no other plugin"));
    EXPECT_THAT(reason(Lines()), HasSubstr("names this plugin"));
}

TEST(Others, AreNotKnownWhereTheConfigurationIsNotTheBrokers) {
    const auto is_known = [](const Configuration& configuration, std::size_t instance) {
        return find_others(configuration, kOwn, Generation::v2_1, instance).is_known;
    };
    EXPECT_TRUE(is_known(Lines().use(kOwn), 0));
    EXPECT_FALSE(is_known(Lines().use("/other.so"), 0));
    EXPECT_FALSE(is_known(Lines().use(kOwn), 1)) << "loaded more often than named";
}

}  // namespace
}  // namespace shared_subscription
