#include "mosquitto/configuration.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>

namespace shared_subscription {
namespace {

namespace fs = std::filesystem;

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Cuts the first word off.
std::string_view take_word(std::string_view& text) noexcept {
    text = trim(text);
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text = trim(text.substr(end));
    return word;
}

/// The broker's order of included files: letter by letter, without case first
/// (src/conf_includedir.c, scmp_p).
bool is_read_before(const fs::path& one, const fs::path& other) {
    const auto comes_before = [](unsigned char left, unsigned char right) {
        const int order = std::toupper(left) - std::toupper(right);
        return order != 0 ? order < 0 : left < right;
    };
    return std::ranges::lexicographical_compare(one.native(), other.native(), comes_before);
}

struct LoadedPlugin {  // 2.1: `plugin_load <name> <path>`
    std::string name;
    fs::path path;
    std::string where;
    std::size_t load_order;
};

class Reader {
  public:
    Reader(Generation generation, std::string& problem)
        : is_2_1_(generation == Generation::v2_1), problem_(problem) {}

    bool read(const fs::path& file, int level) {
        std::error_code error;
        std::ifstream stream;
        // A pipe would be read for ever.
        if (fs::is_regular_file(file, error)) stream.open(file);
        if (!stream.is_open()) {
            problem_ = "cannot read " + file.string();
            return false;
        }
        Scope listener = kGlobalScope;  // each file begins with the default listener
        std::string line;
        for (int number = 1; std::getline(stream, line); ++number) {
            if (line.starts_with('#')) continue;
            where_ = file.string() + ":" + std::to_string(number);
            std::string_view rest = line;
            const auto keyword = take_word(rest);
            if (keyword == "include_dir" && level == 0) {
                if (!read_directory(rest)) return false;
            } else if (keyword == "listener") {
                listener = ++last_listener_;
            } else if (is_2_1_ && (keyword == "port" || keyword == "bind_address")) {
                listener = kGlobalScope;  // the default listener again
            } else {
                apply(keyword, rest, listener);
            }
        }
        return true;
    }

    Configuration configuration{};

  private:
    void apply(std::string_view keyword, std::string_view rest, Scope listener) {
        const auto scope = configuration.per_listener_settings ? listener : kGlobalScope;
        if (keyword == "plugin" || keyword == "auth_plugin") {
            add(rest, keyword, scope, load_order_++);
        } else if (keyword == "global_plugin") {
            add(rest, keyword, kGlobalScope, load_order_++);
        } else if (keyword == "plugin_load") {
            const auto name = take_word(rest);
            loaded_.push_back({std::string(name), rest, where_, load_order_++});
        } else if (keyword == "plugin_use") {
            const auto named = [rest](const LoadedPlugin& loaded) { return loaded.name == rest; };
            if (const auto found = std::ranges::find_if(loaded_, named); found != loaded_.end()) {
                where_ = found->where;  // the order of those lines counts
                add(found->path, "plugin_load", listener, found->load_order);
            }
        } else if (keyword == "acl_file") {
            configuration.acl_files.push_back(scope);
        } else if (keyword == "mount_point") {
            configuration.mount_points.emplace_back(rest);
        } else if (keyword == "per_listener_settings") {
            // 2.1 does not let it be taken back.
            configuration.per_listener_settings =
                is_true(rest) || (is_2_1_ && configuration.per_listener_settings);
        } else if (keyword == "allow_duplicate_messages") {
            configuration.allow_duplicate_messages = is_true(rest);
        } else if (keyword == "upgrade_outgoing_qos") {
            configuration.upgrade_outgoing_qos = is_true(rest);
        } else if (keyword == "persistence") {
            configuration.persistence = is_true(rest);
        } else if (keyword == "persistence_location") {
            configuration.persistence_location = rest;
        } else if (keyword == "persistence_file") {
            configuration.persistence_file = rest;
        } else if (keyword == "max_queued_messages") {
            long limit = 1000;
            std::from_chars(rest.data(), rest.data() + rest.size(), limit);
            configuration.max_queued_messages = static_cast<std::size_t>(std::max(limit, 0L));
        } else if (keyword == "max_queued_bytes") {
            configuration.has_max_queued_bytes = take_word(rest) != "0";
        }
    }

    void add(const fs::path& path, std::string_view keyword, Scope scope, std::size_t load_order) {
        configuration.plugins.push_back({path, std::string(keyword), where_, load_order, scope});
    }

    static bool is_true(std::string_view value) {
        const auto word = take_word(value);
        return word == "true" || word == "1";
    }

    bool read_directory(std::string_view directory) {
        std::error_code error;
        std::vector<fs::path> files;
        for (const auto& entry : fs::directory_iterator(directory, error)) {
            if (entry.path().filename().string().size() > 5 &&
                entry.path().extension() == ".conf") {
                files.push_back(entry.path());
            }
        }
        if (error) {
            problem_ = "cannot read the include_dir " + std::string(directory);
            return false;
        }
        std::ranges::sort(files, is_read_before);
        return std::ranges::all_of(files, [this](const fs::path& file) { return read(file, 1); });
    }

    bool is_2_1_;
    std::string& problem_;
    std::string where_;
    std::vector<LoadedPlugin> loaded_;
    std::size_t load_order_ = 0;
    Scope last_listener_ = kGlobalScope;
};

/// Whether the word behind it belongs to it.
bool takes_value(std::string_view option) {
    constexpr std::array<std::string_view, 5> kOptions{"-c", "--config-file", "-p", "--port",
                                                       "--tls-keylog"};
    return std::ranges::find(kOptions, option) != kOptions.end();
}

}  // namespace

// As src/conf.c, config__parse_args; words that it does not know are those of a loader.
std::vector<fs::path> configuration_files(std::string& problem) {
    std::ifstream stream("/proc/self/cmdline", std::ios::binary);
    const std::string words{std::istreambuf_iterator<char>(stream), {}};
    std::vector<fs::path> files;
    std::string option;
    for (std::size_t begin = 0; begin < words.size();) {
        const std::string word(words.c_str() + begin);
        begin += word.size() + 1;
        if (option == "-c" || option == "--config-file") files.emplace_back(word);
        option = takes_value(option) ? "" : word;
    }
    if (files.empty()) {
        problem = words.empty() ? "cannot read /proc/self/cmdline"
                                : "the broker was started without a configuration file";
    }
    return files;
}

std::optional<Configuration> read_configuration(std::span<const fs::path> files,
                                                Generation generation, std::string& problem) {
    Reader reader(generation, problem);
    for (const auto& file : files) {
        if (!reader.read(file, 0)) return std::nullopt;
    }
    return std::move(reader.configuration);
}

bool is_same_file(const fs::path& one, const fs::path& other) {
    std::error_code error;
    return one == other || fs::equivalent(one, other, error);
}

}  // namespace shared_subscription
