#include "mosquitto/access_control.hpp"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "mosquitto/guard.hpp"

namespace shared_subscription {
namespace {

namespace fs = std::filesystem;

/// What the loader has loaded under that name; empty: nothing.
fs::path loaded_file(const fs::path& name) {
    void* library = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD);
    if (!library) return {};
    link_map* map = nullptr;
    fs::path file;
    if (dlinfo(library, RTLD_DI_LINKMAP, static_cast<void*>(&map)) == 0) file = map->l_name;
    dlclose(library);
    return file;
}

/// A name without a directory means what the loader finds for it.
bool is_own(const PluginUse& use, const fs::path& own) {
    return is_same_file(use.path.has_parent_path() ? use.path : loaded_file(use.path), own);
}

/// In the chain of all clients. Under `per_listener_settings` the default listener has one of its
/// own.
bool is_global(const Configuration& configuration, const PluginUse& use) {
    return use.keyword == "global_plugin" ||
           (use.scope == kGlobalScope && !configuration.per_listener_settings);
}

// 2.0 initialises the plugins listener by listener, the default listener last; 2.1 in the order of
// the file.
std::vector<PluginUse> own_uses(const Configuration& configuration, const fs::path& own,
                                Generation generation) {
    std::vector<PluginUse> uses;
    for (const auto& use : configuration.plugins) {
        if (is_own(use, own)) uses.push_back(use);
    }
    if (generation == Generation::v2_0) {
        std::ranges::stable_sort(
            uses, {}, [](const PluginUse& use) { return use.scope - 1; });  // 0 wraps: last
    }
    return uses;
}

}  // namespace

std::string find_misplaced(const Configuration& configuration, const fs::path& own,
                           Generation generation) {
    for (const auto& mine : own_uses(configuration, own, generation)) {
        for (const auto& other : configuration.plugins) {
            const bool is_mine_global = is_global(configuration, mine);
            const bool is_global_too = is_global(configuration, other);
            const bool is_loaded_before = other.scope == mine.scope &&
                                          is_global_too == is_mine_global &&
                                          other.load_order < mine.load_order;
            // 2.1 asks the global chain before that of a listener.
            const bool is_asked_before =
                generation == Generation::v2_1 && is_global_too && !is_mine_global;
            if (!is_loaded_before && !is_asked_before) continue;
            if (is_own(other, own)) {
                return "this plugin is listed twice for the same clients: take away the line at " +
                       mine.where + " (the other is at " + other.where + ").";
            }
            std::string advice;
            if (!is_loaded_before) {
                advice = ", or load this one with 'global_plugin' before it";
            } else if (other.keyword == "plugin_load") {
                advice =
                    ", or load this one with 'plugin_load' before it and name it with "
                    "'plugin_use' instead";
            }
            return "this plugin must be the first, but '" + other.keyword + " " +
                   other.path.string() + "' at " + other.where +
                   " is asked before it: move that line behind the '" + mine.keyword +
                   "' line at " + mine.where + " and its options" + advice + ".";
        }
    }
    return {};
}

Others find_others(const Configuration& configuration, const fs::path& own, Generation generation,
                   std::size_t instance) {
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
        if (is_in_chain(other.scope) && !is_own(other, own)) {
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

EndOfChain::EndOfChain(mosquitto_plugin_id_t* identifier, Report report)
    : identifier_(identifier), report_(std::move(report)) {}

EndOfChain::~EndOfChain() {
    unregister();
}

void EndOfChain::look() {
    const bool was_asked = std::exchange(state_, State::idle) == State::asked;
    if (was_asked) return report_(true);  // the last check was decided
    unregister();
    const int result =
        mosquitto_callback_register(identifier_, MOSQ_EVT_ACL_CHECK, on_check, nullptr, this);
    if (result == MOSQ_ERR_SUCCESS) state_ = State::looking;
}

// The acl_file's callback stands behind this one, and the end behind that: the broker finds what is
// appended while it walks the chain.
int EndOfChain::on_check(int /*event*/, void* /*data*/, void* self) noexcept {
    auto& end = *static_cast<EndOfChain*>(self);
    return guarded("ACL_CHECK", MOSQ_ERR_PLUGIN_DEFER, [&] {
        if (end.state_ == State::asked) {
            end.state_ = State::idle;
            end.report_(true);
        } else if (end.state_ == State::looking &&
                   mosquitto_callback_register(end.identifier_, MOSQ_EVT_ACL_CHECK, on_end, nullptr,
                                               self) == MOSQ_ERR_SUCCESS) {
            end.state_ = State::asked;
        }
        return int{MOSQ_ERR_PLUGIN_DEFER};
    });
}

// After this answer the broker does not look at the chain any more, so the callbacks may go.
int EndOfChain::on_end(int /*event*/, void* /*data*/, void* self) noexcept {
    auto& end = *static_cast<EndOfChain*>(self);
    if (end.state_ != State::asked) return MOSQ_ERR_PLUGIN_DEFER;
    return guarded("ACL_CHECK", MOSQ_ERR_PLUGIN_DEFER, [&] {
        end.report_(false);
        end.state_ = State::idle;
        end.unregister();
        return int{MOSQ_ERR_SUCCESS};
    });
}

void EndOfChain::unregister() noexcept {
    for (const auto callback : {on_check, on_end}) {
        mosquitto_callback_unregister(identifier_, MOSQ_EVT_ACL_CHECK, callback, nullptr);
    }
}

}  // namespace shared_subscription
