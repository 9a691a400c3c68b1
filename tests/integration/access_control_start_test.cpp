// However the broker is started and reloaded, whoever says no: what is denied without the plugin is
// denied with it, and what is allowed is allowed, or the plugin does not start, or says that it
// cannot see who else decides. Every way to start is tried with everybody who says no, before and
// behind the plugin, through every change.

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <tuple>

#include "access_control_seen.hpp"

namespace integration {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::Combine;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::Values;
using ::testing::ValuesIn;

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
    bool is_seen = true;             // the plugin can see the configuration
    bool changes_the_rules = false;  // without the plugin, too
    bool depends_on_place = false;   // without the plugin, too
    std::string user = "root";
    std::function<std::string(Start&)> own_path = [](Start&) { return environment().plugin; };
    bool (*is_possible)() = [] { return true; };
};

// What the configuration says beside the plugin, at the start and then with each SIGHUP: "denier"
// stands for the lines of whoever says no, "acl_file" for one of the broker beside that.
struct Change {
    std::string name;
    std::vector<Lines> steps;
    bool only_in_20 = false;
};

using DenierAndChange = std::tuple<Denier, Change>;
std::string name_of(const DenierAndChange& row) {
    return std::get<Denier>(row).name + std::get<Change>(row).name;
}
void PrintTo(const DenierAndChange& row, std::ostream* stream) {
    *stream << name_of(row);
}

class Start : public AccessControlSeen, public ::testing::WithParamInterface<DenierAndChange> {
  public:
    Command run(const std::vector<std::string>& arguments) { return command(arguments); }
    std::string file(const std::string& name, const Lines& lines) { return write(name, lines); }
    std::string path(const std::string& name) { return broker.path(name); }

  protected:
    enum class Place { first, last };  // of the plugin under test

    static const Denier& denier() { return std::get<Denier>(GetParam()); }
    static const Change& change() { return std::get<Change>(GetParam()); }
    // With sanitizers each start takes long.
    static bool is_tried() {
        const std::set<std::string> kept{"Nobody", "AclFile", "DynamicSecurityByDefault"};
        return denier().is_possible() && (broker_is_20() || !change().only_in_20) &&
               (is_fast() || kept.contains(denier().name));
    }
    static bool is_tried(const Way& way) {
        return way.is_possible() && (is_fast() || way.name == "Plain" || change().name.empty());
    }
    static bool is_fast() { return environment().broker_preload.empty(); }

    void TearDown() override {
        fs::permissions(broker.path(""), fs::perms::owner_all);
        AccessControlSeen::TearDown();
    }

    Lines own(const Way& way, const Lines& options = {}) {
        return in_order({{"plugin " + way.own_path(*this)}, options});
    }
    // Writes the configuration of the step.
    Command prepare(const Way& way, const Lines& step, Place place, const Lines& own) {
        Parts parts{.base = base(way.user), .first = own, .second = lines_of(step)};
        if (place == Place::last) std::swap(parts.first, parts.second);
        if (way.user != "root") give_files_to(way.user, parts);
        auto command = way.command(*this, parts);
        // As another user, or without /proc, a sanitizer cannot look for leaks.
        const char* asan = std::getenv("ASAN_OPTIONS");
        if (asan && !way.is_seen) command.variables["ASAN_OPTIONS"] = asan + no_leaks;
        return command;
    }
    Lines lines_of(const Lines& step) {
        Lines result;
        for (const auto& line : step) {
            if (line == "denier") {
                result = in_order({result, denier().set_up(*this)});
            } else if (line == "acl_file") {
                result =
                    in_order({result, configuration(AccessControlKind::acl_file).after_plugin});
            } else {
                result.push_back(line);
            }
        }
        return result;
    }

    // What is seen at each step; nothing, if the broker does not start.
    using Outcome = std::vector<Lines>;
    Outcome outcome(const Way& way, Place place, const Lines& own) {
        const auto& steps = change().steps;
        if (!broker_.start(prepare(way, steps.front(), place, own))) return {};
        Outcome result{seen()};
        for (std::size_t i = 1; i < steps.size(); ++i) {
            prepare(way, steps[i], place, own);
            broker_.reload();
            result.push_back(seen());
        }
        stop();
        return result;
    }
    // Most ways to start are one way for the broker: it is asked once.
    Outcome without_plugin(const Way& way, Place place) {
        if (!way.depends_on_place) place = Place::first;
        auto& result = without_[{way.changes_the_rules ? way.name : "", place}];
        if (result.empty()) result = outcome(way, place, {});
        EXPECT_THAT(result, AllOf(Not(IsEmpty()), Each(Not(IsEmpty()))));
        return result;
    }

    void expect_the_same(const Way& way, Place place) {
        const auto without = without_plugin(way, place);
        const auto with = outcome(way, place, own(way));
        if (with.empty()) {
            EXPECT_TRUE(way.is_seen && denier().is_plugin && place == Place::last);
            EXPECT_THAT(broker_.log_lines("Error: shared-subscription: "),
                        ElementsAre(HasSubstr("must be the first")));
            return;
        }
        expect_warning(!way.is_seen);
        expect_the_same(way, with, without);
    }
    // What the option says, where it is true.
    void expect_the_same_with_option(const Way& way) {
        const std::string value = denier().controls_access ? "first" : "none";
        const auto without = without_plugin(way, Place::first);
        const auto with =
            outcome(way, Place::first, own(way, {"plugin_opt_access_control " + value}));
        expect_warning(false);
        EXPECT_EQ(with, without);
    }

    void expect_the_same(const Way& way, const Outcome& with, const Outcome& without) {
        ASSERT_EQ(with.size(), without.size());
        bool was_controlled = false;
        for (std::size_t i = 0; i < with.size(); ++i) {
            SCOPED_TRACE("step " + std::to_string(i));
            if (is_open(without[i]) && !way.is_seen) {  // nobody else allows anything
                EXPECT_THAT(allowed(with[i]), Each(HasSubstr("connects")));
                EXPECT_THAT(allowed(with[i]), IsSubsetOf(allowed(without[i])));
            } else if (is_open(without[i]) && was_controlled && broker_is_20()) {
                // 2.0 opens everything when its acl_file is taken away. The plugin does not take
                // its answer back before a restart.
                EXPECT_THAT(broker_.log_lines("until it restarts"), Not(IsEmpty()));
                EXPECT_THAT(allowed(with[i]), IsSubsetOf(allowed(without[i])));
            } else {
                EXPECT_EQ(with[i], without[i]);
            }
            was_controlled |= is_controlled(without[i]);
        }
    }

    // What those who are connected ask for: all of it is allowed, or some is denied. Neither, if
    // nobody is.
    static bool is_open(const Lines& seen) {
        return !asked(seen).empty() && allowed(asked(seen)) == asked(seen);
    }
    static bool is_controlled(const Lines& seen) { return allowed(asked(seen)) != asked(seen); }
    static Lines asked(Lines seen) {
        std::erase_if(seen, [](const auto& line) { return line.find("connects") != line.npos; });
        return seen;
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
            ASSERT_EQ(lchown(file.path().c_str(), entry->pw_uid, entry->pw_gid), 0);
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

    std::map<std::pair<std::string, Place>, Outcome> without_;
};

Command in_one_file(Start& start, const Parts& parts) {
    return start.run(
        {"-c", start.file("mosquitto.conf", in_order({parts.base, parts.first, parts.second}))});
}

bool is_root() {
    return geteuid() == 0;
}

std::vector<Way> plain_ways() {
    return {
        {.name = "Plain", .command = in_one_file},
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
         .changes_the_rules = true,
         .depends_on_place = true},
        {"IncludedFiles",
         [](Start& start, const Parts& parts) {
             start.file("more/B.conf", parts.second);
             start.file("more/a.conf", parts.first);
             return in_one_file(start, {.base = parts.base,
                                        .first = {"include_dir " + start.path("more")},
                                        .second = {}});
         }},
        {.name = "ListenerSettings",
         .command =
             [](Start& start, const Parts& parts) {
                 auto of_listener = parts;
                 of_listener.base = in_order({{"per_listener_settings true"}, parts.base});
                 return in_one_file(start, of_listener);
             },
         .changes_the_rules = true},
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
         .own_path = [](Start&) { return fs::path(environment().plugin).filename().string(); }},
        {.name = "LinkedPlugin",
         .command = in_one_file,
         .own_path =
             [](Start& start) {
                 const auto link = start.path("link.so");
                 if (!fs::is_symlink(link)) fs::create_symlink(environment().plugin, link);
                 return link;
             }},
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
         .changes_the_rules = true,
         .user = "nobody",
         .is_possible = is_root},
        {.name = "IncludedDirectoryOfRoot",
         .command =
             [](Start& start, const Parts& parts) {
                 start.file("hidden/a.conf", in_order({parts.first, parts.second}));
                 auto command =
                     in_one_file(start, {.base = parts.base,
                                         .first = {"include_dir " + start.path("hidden")},
                                         .second = {}});
                 EXPECT_EQ(chmod(command.arguments[1].c_str(), 0644), 0);
                 EXPECT_EQ(chown(start.path("hidden").c_str(), 0, 0), 0);
                 EXPECT_EQ(chmod(start.path("hidden").c_str(), 0700), 0);
                 return command;
             },
         .is_seen = false,
         .changes_the_rules = true,
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
         // Sanitizers need it.
         .is_possible = [] { return environment().broker_preload.empty() && may_hide_proc(); }},
    };
}

// 2.1 ends where its acl_file is missing; 2.0 goes on without one.
std::vector<Change> changes() {
    const std::string error = "nonsense true";
    const Lines denier{"denier"};
    return {
        {.name = "", .steps = {denier, denier}},
        {.name = "Goes", .steps = {denier, {}, denier}},
        {.name = "GoesWithAnError", .steps = {denier, {error}, {}, denier}},
        {.name = "Comes", .steps = {{}, denier, {}, denier}},
        {.name = "ComesBeforeAnError", .steps = {{}, {"denier", error}, denier, {error}}},
        {.name = "ComesBehindAnError", .steps = {{}, {error}, {error, "denier"}, denier, {}}},
        {.name = "StaysBesideAnAclFile",
         .steps = {denier, {}, {error}, {"denier", "acl_file", error}, denier}},
        {.name = "AfterAMissingAclFile",
         .steps = {{}, {"acl_file /missing"}, denier},
         .only_in_20 = true},
    };
}

TEST_P(Start, ChangesNothingThatOthersSay) {
    if (!is_tried()) return;
    allow_seconds(120);
    for (const auto& ways : {plain_ways(), hidden_ways()}) {
        for (const auto& way : ways) {
            if (!is_tried(way)) continue;
            SCOPED_TRACE(way.name);
            for (const auto place : {Place::first, Place::last}) {
                SCOPED_TRACE(place == Place::first ? "first" : "last");
                expect_the_same(way, place);
            }
            if (!way.is_seen && change().name.empty()) expect_the_same_with_option(way);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(EachDenier, Start,
                         Combine(ValuesIn(Start::each_denier()), ValuesIn(changes())),
                         [](const auto& row) { return name_of(row.param); });

}  // namespace
}  // namespace integration
