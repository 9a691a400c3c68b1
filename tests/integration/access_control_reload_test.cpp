// SIGHUP: what the broker itself then denies is denied with the plugin, too, whatever the file
// says, and what it allows is allowed. One exception: see takes_acl_file_back().

#include <algorithm>

#include "access_control_seen.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string wrong_line = "nonsense true";

// Lines behind those of the plugin, at the start and then with each SIGHUP. "acl_file" stands for
// the line with the file's name, "other" for one that loads another plugin.
struct ReloadRow {
    std::string name;
    std::vector<Lines> steps;
    bool per_listener = false;
    bool only_in_20 = false;
};
void PrintTo(const ReloadRow& row, std::ostream* stream) {
    *stream << row.name;
}

class ReloadMatrix : public AccessControlSeen, public ::testing::WithParamInterface<ReloadRow> {
  protected:
    Lines configuration_of(const Lines& step, bool with_plugin) {
        Lines lines;
        if (GetParam().per_listener) lines = {"per_listener_settings true"};
        lines = in_order({lines, base()});
        if (with_plugin) lines.push_back("plugin " + environment().plugin);
        for (const auto& line : step) {
            if (line == "acl_file") {
                lines.push_back("acl_file " + broker.path("acl"));
            } else if (line == "other") {
                lines = in_order({lines, dynamic_security_});
            } else {
                lines.push_back(line);
            }
        }
        return lines;
    }

    std::vector<Lines> seen_at_each_step(bool with_plugin) {
        configuration(AccessControlKind::acl_file);
        dynamic_security_ =
            configuration(AccessControlKind::dynamic_security_by_default).after_plugin;
        const auto& steps = GetParam().steps;
        const auto file = write("mosquitto.conf", configuration_of(steps.front(), with_plugin));
        start(command({"-c", file}));
        std::vector<Lines> result{seen()};
        for (std::size_t i = 1; i < steps.size(); ++i) {
            write("mosquitto.conf", configuration_of(steps[i], with_plugin));
            broker_.reload();
            result.push_back(seen());
        }
        stop();
        return result;
    }

    // 2.0 opens everything then. The plugin does not take its answer back before a restart.
    bool takes_acl_file_back(std::size_t step) const {
        const auto& row = GetParam();
        return broker_is_20() && !row.per_listener && step > 0 && row.steps[step] == Lines{} &&
               row.steps[step - 1] == Lines{"acl_file"};
    }

    Lines dynamic_security_;
};

TEST_P(ReloadMatrix, IsTheSameWithThePlugin) {
    if (GetParam().only_in_20 && !broker_is_20()) return;
    const auto without = seen_at_each_step(false);
    const auto with = seen_at_each_step(true);
    for (std::size_t i = 0; i < without.size(); ++i) {
        SCOPED_TRACE("step " + std::to_string(i));
        ASSERT_THAT(without[i], Not(IsEmpty()));
        if (takes_acl_file_back(i)) {
            EXPECT_THAT(broker_.log_lines("until it restarts"), Not(IsEmpty()));
            EXPECT_THAT(allowed(with[i]), Each(HasSubstr("connects")));
        } else {
            EXPECT_EQ(with[i], without[i]);
        }
    }
    const bool is_any_other =
        std::ranges::count(without, without.front()) != static_cast<std::ptrdiff_t>(without.size());
    EXPECT_TRUE(is_any_other || !GetParam().name.starts_with("AclFile"));
}

std::vector<ReloadRow> reload_rows() {
    std::vector<ReloadRow> result;
    for (const bool per_listener : {false, true}) {
        const std::string suffix = per_listener ? "OfAListener" : "";
        const auto add = [&](const std::string& name, const std::vector<Lines>& steps) {
            result.push_back({name + suffix, steps, per_listener});
        };
        // 2.1 ends where its acl_file is missing; 2.0 goes on without one.
        result.push_back({.name = "MissingAclFile" + suffix,
                          .steps = {{}, {"acl_file /missing"}, {"acl_file"}},
                          .per_listener = per_listener,
                          .only_in_20 = true});
        add("NothingButErrors", {{}, {wrong_line}, {wrong_line, "acl_file"}, {}, {"other"}, {}});
        add("AclFileComesAfterAnError", {{}, {wrong_line, "acl_file"}, {"acl_file"}});
        add("AclFileComesBeforeAnError",
            {{}, {"acl_file", wrong_line}, {"acl_file"}, {wrong_line}});
        add("AclFileComesAndGoes", {{}, {"acl_file"}, {}, {"acl_file"}});
        add("OtherPluginStays",
            {{"other"}, {}, {wrong_line}, {"other", "acl_file", wrong_line}, {"other"}});
    }
    return result;
}

INSTANTIATE_TEST_SUITE_P(, ReloadMatrix, ::testing::ValuesIn(reload_rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
