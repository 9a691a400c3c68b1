#include "mosquitto/access_control.hpp"

#include <algorithm>
#include <vector>

namespace shared_subscription {
namespace {

// 2.0 initialises the plugins listener by listener, the default listener last; 2.1 in the order of
// the file.
std::vector<PluginUse> own_uses(const Configuration& configuration,
                                const std::filesystem::path& own, Generation generation) {
    std::vector<PluginUse> uses;
    for (const auto& use : configuration.plugins) {
        if (is_same_file(use.path, own)) uses.push_back(use);
    }
    if (generation == Generation::v2_0) {
        std::ranges::stable_sort(
            uses, {}, [](const PluginUse& use) { return use.scope - 1; });  // 0 wraps: last
    }
    return uses;
}

}  // namespace

std::string find_misplaced(const Configuration& configuration, const std::filesystem::path& own,
                           Generation generation) {
    for (const auto& mine : own_uses(configuration, own, generation)) {
        for (const auto& other : configuration.plugins) {
            const bool is_loaded_before =
                other.scope == mine.scope && other.load_order < mine.load_order;
            // 2.1 asks the global chain before that of a listener.
            const bool is_asked_before = generation == Generation::v2_1 &&
                                         other.scope == kGlobalScope && mine.scope != kGlobalScope;
            if (!is_loaded_before && !is_asked_before) continue;
            if (is_same_file(other.path, own)) {
                return "this plugin is listed twice for the same clients: take away the line at " +
                       mine.where + " (the other is at " + other.where + ").";
            }
            const std::string advice =
                is_loaded_before ? "" : ", or load this one with 'global_plugin' before it";
            return "this plugin must be the first, but '" + other.keyword + " " +
                   other.path.string() + "' at " + other.where +
                   " is asked before it: move that line behind the '" + mine.keyword +
                   "' line at " + mine.where + " and its options" + advice + ".";
        }
    }
    return {};
}

Others find_others(const Configuration& configuration, const std::filesystem::path& own,
                   Generation generation, std::size_t instance) {
    const auto uses = own_uses(configuration, own, generation);
    if (instance >= uses.size()) {
        return {.decide = true,
                .reason = uses.empty() ? "no line of the configuration names this plugin"
                                       : "fewer lines of the configuration name this plugin than "
                                         "it was loaded for",
                .is_known = false};
    }
    const auto scope = uses[instance].scope;
    // In 2.0 a chain is alone; in 2.1 that of a listener follows the global one.
    const auto is_in_chain = [&](Scope other) {
        return generation == Generation::v2_1 || other == scope;
    };

    for (const auto& other : configuration.plugins) {
        if (is_in_chain(other.scope) && !is_same_file(other.path, own)) {
            return {true, "'" + other.keyword + " " + other.path.string() + "' at " + other.where};
        }
    }
    if (std::ranges::any_of(configuration.acl_files, is_in_chain))
        return {true, "an acl_file is configured"};
    return {false, "no acl_file and no other plugin is configured"};
}

bool certainly_controls_access(const Configuration& configuration) {
    const auto is_dynamic_security = [](const PluginUse& use) {
        return use.scope == kGlobalScope && use.path.filename() == "mosquitto_dynamic_security.so";
    };
    return !configuration.per_listener_settings &&
           (!configuration.acl_files.empty() ||
            std::ranges::any_of(configuration.plugins, is_dynamic_security));
}

}  // namespace shared_subscription
