// The broker's own configuration, as far as it decides how the plugin has to answer: which plugins
// are loaded in which order, whether an `acl_file` is there, and a few switches. Read from the
// files that the broker was started with, `include_dir` included; the rules are those of
// `src/conf.c`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shared_subscription {

enum class Generation : std::uint8_t { v2_0, v2_1 };

/// Under `per_listener_settings` each listener has its own chain of plugins; 0 is the global one.
using Scope = std::size_t;
inline constexpr Scope kGlobalScope = 0;

struct PluginUse {
    std::filesystem::path path;
    std::string keyword;     ///< `plugin`, `global_plugin`, `auth_plugin`, `plugin_use`
    std::string where;       ///< file:line, for a person
    std::size_t load_order;  ///< plugins of one scope are asked in this order
    Scope scope;
};

struct Configuration {
    std::vector<PluginUse> plugins;         ///< in the order of the file
    std::vector<Scope> acl_files;           ///< the scopes that have one
    std::vector<std::string> mount_points;  ///< of all listeners
    bool per_listener_settings = false;
    std::optional<bool> allow_duplicate_messages;
    bool upgrade_outgoing_qos = false;
    std::size_t max_queued_messages = 1000;  ///< 0: unlimited
    bool has_max_queued_bytes = false;       ///< the same in bytes is limited
    bool persistence = false;
    std::string persistence_location{};
    std::string persistence_file = "mosquitto.db";

    /// The file in which the broker saves its own state; empty: it does not.
    [[nodiscard]] std::filesystem::path persistent_state() const {
        if (!persistence) return {};
        return std::filesystem::path(persistence_location) / persistence_file;
    }
};

/// The files that the broker was started with (each `-c`), from /proc/self/cmdline, in the order in
/// which it reads them; at a reload it reads the last one alone. None, and `problem` says why for a
/// person, if there are none.
[[nodiscard]] std::vector<std::filesystem::path> configuration_files(std::string& problem);

/// Nothing, and `problem` says why for a person, if a file cannot be read.
[[nodiscard]] std::optional<Configuration> read_configuration(
    std::span<const std::filesystem::path> files, Generation generation, std::string& problem);

/// Whether two paths name the same file.
[[nodiscard]] bool is_same_file(const std::filesystem::path& one,
                                const std::filesystem::path& other);

}  // namespace shared_subscription
