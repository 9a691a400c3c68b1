#include "mosquitto/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <system_error>
#include <vector>

#include "shared_subscription/strategy.hpp"
#include "shared_subscription/subscription_filter.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription {
namespace {

constexpr std::array<std::pair<std::string_view, AccessControl>, 4> kAccessControl{{
    {"auto", AccessControl::automatic},
    {"none", AccessControl::none},
    {"defer", AccessControl::defer},
    {"first", AccessControl::first},
}};

std::string strategy_names() {
    return list_names(kStrategyNames, &StrategyName::name);
}

class Parser {
  public:
    explicit Parser(std::string& problem) : problem_(problem) {}

    std::optional<Options> parse(std::span<const Option> options) {
        // The default strategy counts for groups that are named before it, too.
        Strategy fallback = Strategy::round_robin;
        for (const auto& [key, value] : options) {
            if (key == "strategy" && !set_fallback(value, fallback)) return std::nullopt;
        }
        result_.strategies = StrategyTable(fallback);
        for (const auto& [key, value] : options) {
            if (!apply(key, value)) return std::nullopt;
        }
        return result_;
    }

  private:
    bool fail(std::string_view key, std::string_view value, std::string_view what) {
        problem_ = "plugin_opt_" + std::string(key) + " " + quote(value) + ": " + std::string(what);
        return false;
    }

    bool once(std::string_view key, std::string_view value) {
        return seen_.insert(std::string(key)).second ||
               fail(key, value, "given twice; allowed is once.");
    }

    bool set_fallback(std::string_view value, Strategy& fallback) {
        const auto strategy = parse_strategy(value);
        if (!strategy) {
            return fail("strategy", value,
                        "unknown strategy; allowed are " + strategy_names() + ".");
        }
        fallback = *strategy;
        return once("strategy", value);
    }

    bool apply(std::string_view key, std::string_view value) {
        if (key == "strategy") return true;
        if (key == "group_strategy") return set_group(value);
        if (key == "declare_group") return declare_group(value);
        if (key == "access_control") return set_access_control(value);
        if (key == "max_queued_messages") return set(key, value, result_.queue.messages.emplace());
        if (key == "max_queued_bytes") return set(key, value, result_.queue.bytes);
        if (key == "max_queued_seconds") return set(key, value, result_.queue.seconds);
        if (key == "queue_qos0_messages") return set(key, value, result_.queue.takes_qos0);
        if (key == "max_held_back") return set_max_held_back(key, value);
        if (key == "max_group_name_bytes") return set(key, value, result_.membership.group_name);
        if (key == "max_groups_per_client")
            return set(key, value, result_.membership.groups_of_a_client);
        if (key == "max_members") return set(key, value, result_.membership.members);
        if (key == "redispatch") return set(key, value, result_.redispatch.emplace());
        if (key == "persistence_file") return set_persistence_file(value);
        if (key == "sys_interval") return set(key, value, result_.sys_interval);
        if (key == "parking" || key == "redispatch_window") return note_obsolete(key);
        if (key == "control") return set(key, value, result_.control.emplace());
        return fail(key, value,
                    "unknown option; allowed are plugin_opt_strategy, plugin_opt_group_strategy, "
                    "plugin_opt_declare_group, "
                    "plugin_opt_max_queued_messages, plugin_opt_max_queued_bytes, "
                    "plugin_opt_max_queued_seconds, "
                    "plugin_opt_queue_qos0_messages, plugin_opt_max_held_back, "
                    "plugin_opt_max_group_name_bytes, "
                    "plugin_opt_max_groups_per_client, plugin_opt_max_members, "
                    "plugin_opt_persistence_file, "
                    "plugin_opt_redispatch, "
                    "plugin_opt_sys_interval, plugin_opt_control, plugin_opt_access_control.");
    }

    bool note_obsolete(std::string_view key) {
        if (seen_.insert(std::string(key)).second) result_.obsolete.emplace_back(key);
        return true;
    }

    bool set(std::string_view key, std::string_view value, bool& result) {
        if (value != "true" && value != "false")
            return fail(key, value, "allowed are true and false.");
        result = value == "true";
        return once(key, value);
    }

    bool set(std::string_view key, std::string_view value, std::size_t& result) {
        const auto* end = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), end, result);
        if (value.empty() || parsed.ec != std::errc{} || parsed.ptr != end)
            return fail(key, value, "allowed are whole numbers from 0 on.");
        return once(key, value);
    }

    bool set_max_held_back(std::string_view key, std::string_view value) {
        if (!set(key, value, result_.queue.held_back)) return false;
        return result_.queue.held_back > 0 ||
               fail(key, value, "allowed are whole numbers from 1 on.");
    }

    bool set_persistence_file(std::string_view value) {
        constexpr std::string_view kKey = "persistence_file";
        if (!value.starts_with('/'))
            return fail(kKey, value, "no file; allowed are paths that begin with '/'.");
        result_.persistence_file = value;
        return once(kKey, value);
    }

    bool set_group(std::string_view value) {
        constexpr std::string_view kKey = "group_strategy";
        const auto space = value.find(' ');
        const auto strategy = parse_strategy(value.substr(0, space));
        if (!strategy) {
            return fail(kKey, value,
                        "unknown strategy; allowed is '<strategy> <group>' with one of " +
                            strategy_names() + ".");
        }
        const auto begin = value.find_first_not_of(' ', space);
        const auto group =
            begin == std::string_view::npos ? std::string_view{} : value.substr(begin);
        if (!is_share_name(group)) {
            return fail(
                kKey, value,
                "no group name; allowed is '<strategy> <group>', the group without '/', '+', '#'.");
        }
        return result_.strategies.set(group, *strategy) ||
               fail(kKey, value,
                    "group " + quote(group) +
                        " has a strategy already; allowed is one for each group.");
    }

    bool declare_group(std::string_view value) {
        constexpr std::string_view kKey = "declare_group";
        const auto space = value.find(' ');
        const auto begin = value.find_first_not_of(' ', space);
        const auto filter =
            begin == std::string_view::npos ? std::string_view{} : value.substr(begin);
        const GroupName name{std::string(value.substr(0, space)), std::string(filter)};
        if (const auto* problem = find_problem(name)) {
            return fail(kKey, value,
                        std::string(problem) +
                            "; allowed is '<group> <filter>', the group without "
                            "spaces, '/', '+', '#'.");
        }
        if (std::ranges::find(result_.declared, name) != result_.declared.end())
            return fail(kKey, value, "given twice; allowed is once for each group.");
        result_.declared.push_back(name);
        return true;
    }

    bool set_access_control(std::string_view value) {
        for (const auto& [name, meaning] : kAccessControl) {
            if (name != value) continue;
            result_.access_control = meaning;
            return once("access_control", value);
        }
        return fail("access_control", value,
                    "unknown value; allowed are " +
                        list_names(kAccessControl, [](const auto& entry) { return entry.first; }) +
                        ".");
    }

    std::string& problem_;
    Options result_;
    std::set<std::string> seen_;
};

}  // namespace

std::optional<Options> parse_options(std::span<const Option> options, std::string& problem) {
    return Parser(problem).parse(options);
}

}  // namespace shared_subscription
