// However the broker is started: what is denied without the plugin is denied with it, and what is
// allowed is allowed, or the plugin does not start, or says that it cannot see who else decides.

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "access_control_seen.hpp"

namespace integration {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Not;
using ::testing::SizeIs;

// The lines of one start, as they are asked for one after the other.
struct Parts {
    Lines base;
    Lines first;
    Lines second;
};

class Start;
const std::string no_leaks = ":detect_leaks=0";

struct Way {
    std::string name;
    std::function<Command(Start&, const Parts&)> command;
    bool is_seen = true;            // the plugin can see the configuration
    bool has_all = false;           // everybody who says no is tried
    bool depends_on_place = false;  // without the plugin, too
    std::string user = "root";
    std::function<std::string()> own_path = [] { return environment().plugin; };
    bool (*is_possible)() = [] { return true; };
};
void PrintTo(const Way& way, std::ostream* stream) {
    *stream << way.name;
}

class Start : public AccessControlSeen, public ::testing::WithParamInterface<Way> {
  public:
    Command run(const std::vector<std::string>& arguments) { return command(arguments); }
    std::string file(const std::string& name, const Lines& lines) { return write(name, lines); }
    std::string path(const std::string& name) { return broker.path(name); }

  protected:
    enum class Place { first, last };  // of the plugin under test

    void TearDown() override {
        fs::permissions(broker.path(""), fs::perms::owner_all);
        AccessControlSeen::TearDown();
    }

    // With sanitizers each start takes long.
    std::vector<Denier> deniers() {
        auto result = each_denier();
        if (GetParam().has_all && environment().broker_preload.empty()) return result;
        const std::set<std::string> kept{"Nobody", "AclFile", "DynamicSecurityByDefault"};
        std::erase_if(result, [&](const auto& denier) { return !kept.contains(denier.name); });
        return result;
    }

    Lines own(const Lines& options = {}) {
        return in_order({{"plugin " + GetParam().own_path()}, options});
    }
    Command prepare(const Denier& denier, Place place, const Lines& own) {
        const auto& way = GetParam();
        Parts parts{.base = base(way.user), .first = own, .second = denier.set_up()};
        if (place == Place::last) std::swap(parts.first, parts.second);
        if (way.user != "root") give_files_to(way.user, parts);
        auto command = way.command(*this, parts);
        // As another user, or without /proc, a sanitizer cannot look for leaks.
        const char* asan = std::getenv("ASAN_OPTIONS");
        if (asan && !way.is_seen) command.variables["ASAN_OPTIONS"] = asan + no_leaks;
        return command;
    }

    struct Outcome {
        Lines before;  // SIGHUP
        Lines after;
    };
    Outcome outcome() {
        Outcome result{.before = seen(), .after = {}};
        broker_.reload();
        result.after = seen();
        stop();
        return result;
    }
    Outcome without_plugin(const Denier& denier, Place place) {
        start(prepare(denier, place, {}));
        return outcome();
    }

    void expect_the_same(const Outcome& with, const Outcome& without) {
        EXPECT_EQ(with.before, without.before);
        // 2.0 reads one of several files again: an acl_file in another one is gone.
        const bool is_taken_back = GetParam().depends_on_place && broker_is_20() &&
                                   allowed(without.after).size() > allowed(without.before).size();
        if (is_taken_back) {
            EXPECT_THAT(broker_.log_lines("until it restarts"), SizeIs(1));
            EXPECT_THAT(allowed(with.after), IsSubsetOf(allowed(without.after)));
        } else {
            EXPECT_EQ(with.after, without.after);
        }
    }

    // The user has to read all but the configuration, plugins included.
    void give_files_to(const std::string& user, Parts& parts) {
        fs::permissions(broker.path(""), fs::perms::all & ~fs::perms::others_write);
        for (auto* lines : {&parts.first, &parts.second}) {
            for (auto& line : *lines) {
                const fs::path original = line.substr(line.find(' ') + 1);
                if (original.extension() != ".so") continue;
                const auto copy = broker.path(original.filename());
                fs::copy_file(original, copy, fs::copy_options::skip_existing);
                line = line.substr(0, line.find(' ') + 1) + copy;
            }
        }
        const auto* entry = getpwnam(user.c_str());
        for (const auto& file : fs::directory_iterator(broker.path(""))) {
            ASSERT_EQ(chown(file.path().c_str(), entry->pw_uid, entry->pw_gid), 0);
        }
    }

    void expect_warning(bool expected) {
        const auto warnings = broker_.log_lines("plugin_opt_access_control settles it");
        if (expected) {
            EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr("'none'"), HasSubstr("'first'"))));
        } else {
            EXPECT_THAT(warnings, IsEmpty());
        }
    }
};

TEST_P(Start, ChangesNothingThatOthersSay) {
    const auto& way = GetParam();
    if (!way.is_possible()) return;
    allow_seconds(120);
    for (const auto& denier : deniers()) {
        SCOPED_TRACE(denier.name);
        auto without = without_plugin(denier, Place::first);
        ASSERT_THAT(allowed(without.before), Not(IsEmpty()));
        for (const auto place : {Place::first, Place::last}) {
            SCOPED_TRACE(place == Place::first ? "first" : "last");
            if (way.depends_on_place) without = without_plugin(denier, place);
            if (!broker_.start(prepare(denier, place, own()))) {
                EXPECT_TRUE(way.is_seen && denier.is_plugin && place == Place::last);
                EXPECT_THAT(broker_.log_lines("Error: shared-subscription: "),
                            ElementsAre(HasSubstr("must be the first")));
                continue;
            }
            const auto with = outcome();
            expect_warning(!way.is_seen);
            if (way.is_seen || denier.controls_access) {
                expect_the_same(with, without);
            } else {  // nobody else allows anything
                EXPECT_THAT(allowed(with.before), Each(HasSubstr("connects")));
                EXPECT_THAT(allowed(with.after), Each(HasSubstr("connects")));
            }
        }
    }
}

using StartWithOption = Start;

// What the option says, where it is true.
TEST_P(StartWithOption, ChangesNothingThatOthersSay) {
    const auto& way = GetParam();
    if (!way.is_possible()) return;
    for (const auto& denier : deniers()) {
        SCOPED_TRACE(denier.name);
        const auto without = without_plugin(denier, Place::first);
        const std::string value = denier.controls_access ? "first" : "none";
        start(prepare(denier, Place::first, own({"plugin_opt_access_control " + value})));
        const auto with = outcome();
        expect_warning(false);
        expect_the_same(with, without);
    }
}

Command in_one_file(Start& start, const Parts& parts) {
    return start.run(
        {"-c", start.file("mosquitto.conf", in_order({parts.base, parts.first, parts.second}))});
}

bool is_root() {
    return geteuid() == 0;
}

std::vector<Way> plain_ways() {
    return {
        {.name = "Plain", .command = in_one_file, .has_all = true},
        {"LongOptionAndRelative",
         [](Start& start, const Parts& parts) {
             in_one_file(start, parts);
             return start.run({"-v", "--config-file", "mosquitto.conf"});
         }},
        {.name = "SeveralFiles",
         .command =
             [](Start& start, const Parts& parts) {
                 const auto first = start.file("one.conf", in_order({parts.base, parts.first}));
                 return start.run({"-c", first, "-c", start.file("two.conf", parts.second)});
             },
         .depends_on_place = true},
        {"IncludedFiles",
         [](Start& start, const Parts& parts) {
             start.file("more/B.conf", parts.second);
             start.file("more/a.conf", parts.first);
             return in_one_file(start, {.base = parts.base,
                                        .first = {"include_dir " + start.path("more")},
                                        .second = {}});
         }},
        {"ListenerSettings",
         [](Start& start, const Parts& parts) {
             auto of_listener = parts;
             of_listener.base = in_order({{"per_listener_settings true"}, parts.base});
             return in_one_file(start, of_listener);
         }},
        {"LinkedFile",
         [](Start& start, const Parts& parts) {
             in_one_file(start, parts);
             const auto link = start.path("link.conf");
             if (!fs::is_symlink(link)) fs::create_symlink("mosquitto.conf", link);
             return start.run({"-c", link});
         }},
        {.name = "PluginWithoutADirectory",
         .command =
             [](Start& start, const Parts& parts) {
                 auto command = in_one_file(start, parts);
                 command.library_path = fs::path(environment().plugin).parent_path();
                 return command;
             },
         .own_path = [] { return fs::path(environment().plugin).filename().string(); }},
    };
}

// There the plugin cannot see who else decides.
std::vector<Way> hidden_ways() {
    return {
        {.name = "FileOfRoot",
         .command =
             [](Start& start, const Parts& parts) {
                 auto command = in_one_file(start, parts);
                 EXPECT_EQ(chown(command.arguments[1].c_str(), 0, 0), 0);
                 return command;
             },
         .is_seen = false,
         .has_all = true,
         .user = "nobody",
         .is_possible = is_root},
        {.name = "IncludedDirectoryOfRoot",
         .command =
             [](Start& start, const Parts& parts) {
                 start.file("more/a.conf", in_order({parts.first, parts.second}));
                 auto command = in_one_file(start, {.base = parts.base,
                                                    .first = {"include_dir " + start.path("more")},
                                                    .second = {}});
                 EXPECT_EQ(chmod(command.arguments[1].c_str(), 0644), 0);
                 EXPECT_EQ(chown(start.path("more").c_str(), 0, 0), 0);
                 EXPECT_EQ(chmod(start.path("more").c_str(), 0700), 0);
                 return command;
             },
         .is_seen = false,
         .has_all = true,
         .user = "nobody",
         .is_possible = is_root},
        {.name = "WithoutProc",
         .command =
             [](Start& start, const Parts& parts) {
                 auto command = in_one_file(start, parts);
                 command.without_proc = true;
                 return command;
             },
         .is_seen = false,
         .has_all = true,
         // Sanitizers need it.
         .is_possible = [] { return environment().broker_preload.empty() && may_hide_proc(); }},
    };
}

const auto name_of_way = [](const auto& row) { return row.param.name; };
INSTANTIATE_TEST_SUITE_P(Seen, Start, ::testing::ValuesIn(plain_ways()), name_of_way);
INSTANTIATE_TEST_SUITE_P(Hidden, Start, ::testing::ValuesIn(hidden_ways()), name_of_way);
INSTANTIATE_TEST_SUITE_P(Hidden, StartWithOption, ::testing::ValuesIn(hidden_ways()), name_of_way);

}  // namespace
}  // namespace integration
