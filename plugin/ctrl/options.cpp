#include "ctrl/options.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "ctrl/url.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription::ctrl {
namespace {

struct TextOption {
    std::string_view name;
    std::string_view alias;
    std::string Options::*field;
};

constexpr std::array kTextOptions{
    TextOption{"-A", "", &Options::bind_address},
    TextOption{"-h", "--host", &Options::host},
    TextOption{"-i", "--id", &Options::id},
    TextOption{"-o", "", &Options::options_file},
    TextOption{"-u", "--username", &Options::username},
    TextOption{"--cafile", "", &Options::cafile},
    TextOption{"--capath", "", &Options::capath},
    TextOption{"--cert", "", &Options::cert},
    TextOption{"--ciphers", "", &Options::ciphers},
    TextOption{"--key", "", &Options::key},
    TextOption{"--keyform", "", &Options::keyform},
    TextOption{"--psk", "", &Options::psk},
    TextOption{"--psk-identity", "", &Options::psk_identity},
    TextOption{"--tls-alpn", "", &Options::tls_alpn},
    TextOption{"--tls-engine", "", &Options::tls_engine},
    TextOption{"--tls-engine-kpass-sha1", "", &Options::tls_engine_kpass_sha1},
    TextOption{"--tls-version", "", &Options::tls_version},
};

struct FlagOption {
    std::string_view name;
    std::string_view alias;
    bool Options::*field;  ///< none: mosquitto_ctrl has it, and it changes nothing here
};

constexpr std::array kFlagOptions{
    FlagOption{"-d", "--debug", &Options::debug},
    FlagOption{"-v", "--verbose", nullptr},
    FlagOption{"--quiet", "", nullptr},
    FlagOption{"--help", "", &Options::help},
    FlagOption{"--version", "", &Options::version},
    FlagOption{"--insecure", "", &Options::insecure},
    FlagOption{"--json", "", &Options::json},
    FlagOption{"--tls-use-os-certs", "", &Options::use_os_certs},
};

template <class Table>
const typename Table::value_type* find(const Table& table, std::string_view word) {
    for (const auto& entry : table) {
        if (word == entry.name || word == entry.alias) return &entry;
    }
    return nullptr;
}

bool set_protocol(std::string_view value, Options& options, std::string& problem) {
    if (value == "5" || value == "mqttv5") {
        options.protocol = 5;
    } else if (value == "311" || value == "mqttv311") {
        options.protocol = 4;
    } else if (value == "31" || value == "mqttv31") {
        options.protocol = 3;
    } else {
        problem = "the protocol version " + quote(value) + " is unknown; say 5, 311 or 31";
        return false;
    }
    return true;
}

bool set_qos(std::string_view value, Options& options, std::string& problem) {
    if (value != "0" && value != "1" && value != "2") {
        problem = "the QoS is " + quote(value) + "; say 0, 1 or 2";
        return false;
    }
    options.qos = value.front() - '0';
    return true;
}

bool set_port(std::string_view value, Options& options, std::string& problem) {
    options.port = parse_port(value, problem);
    return options.port.has_value();
}

bool set_password(std::string_view value, Options& options, std::string&) {
    options.password = value;
    return true;
}

bool set_unix(std::string_view value, Options& options, std::string&) {
    options.host = value;
    options.port = std::uint16_t{0};
    return true;
}

struct ParsedOption {
    std::string_view name;
    std::string_view alias;
    bool (*apply)(std::string_view value, Options&, std::string& problem);
};

constexpr std::array kParsedOptions{
    ParsedOption{"-L", "--url", apply_url},
    ParsedOption{"-p", "--port", set_port},
    ParsedOption{"-P", "--pw", set_password},
    ParsedOption{"-q", "--qos", set_qos},
    ParsedOption{"-V", "--protocol-version", set_protocol},
    ParsedOption{"--proxy", "", apply_proxy},
    ParsedOption{"--unix", "", set_unix},
};

bool apply_with_value(const std::string& name, const std::string* value, Options& options,
                      std::string& problem) {
    const auto* text = find(kTextOptions, name);
    const auto* parsed = find(kParsedOptions, name);
    if (text == nullptr && parsed == nullptr) {
        problem = "unknown option " + quote(name);
        return false;
    }
    if (value == nullptr) {
        problem = "there is nothing behind the option " + name;
        return false;
    }
    if (parsed != nullptr) return parsed->apply(*value, options, problem);
    options.*text->field = *value;
    return true;
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

}  // namespace

std::optional<std::size_t> apply_options(std::span<const std::string> words, Options& options,
                                         std::string& problem) {
    std::size_t used = 0;
    while (used < words.size() && words[used].starts_with('-')) {
        const auto& name = words[used++];
        if (const auto* flag = find(kFlagOptions, name)) {
            if (flag->field != nullptr) options.*flag->field = true;
            continue;
        }
        const auto* value = used < words.size() ? &words[used] : nullptr;
        if (!apply_with_value(name, value, options, problem)) return std::nullopt;
        ++used;
    }
    return used;
}

bool apply_options_file(const std::string& path, Options& options, std::string& problem) {
    std::ifstream file(path);
    if (!file) {
        problem = "the options file " + quote(path) + " cannot be read";
        return false;
    }
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        const auto text = trimmed(line);
        if (text.empty() || text.front() == '#') continue;
        const auto blank = text.find_first_of(" \t");
        std::array<std::string, 2> words{text.substr(0, blank)};
        const std::size_t count = blank == std::string::npos ? 1 : 2;
        if (count == 2) words[1] = trimmed(text.substr(blank));
        const auto used = apply_options(std::span(words).first(count), options, problem);
        if (used == count) continue;
        if (used) problem = "there is no place for " + quote(words[*used]);
        problem.insert(0, path + ", line " + std::to_string(number) + ": ");
        return false;
    }
    return true;
}

std::string default_options_file() {
    std::filesystem::path path;
    if (const char* configuration = std::getenv("XDG_CONFIG_HOME")) {
        path = configuration;
    } else if (const char* home = std::getenv("HOME")) {
        path = std::filesystem::path(home) / ".config";
    } else {
        return {};
    }
    path /= "mosquitto_ctrl";
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? path.string() : std::string();
}

bool fit_together(const Options& options, std::string& problem) {
    if (options.cert.empty() != options.key.empty()) {
        problem = "--cert and --key need each other";
    } else if (!options.keyform.empty() && options.key.empty()) {
        problem = "--keyform needs --key";
    } else if (!options.tls_engine_kpass_sha1.empty() &&
               (options.keyform.empty() || options.tls_engine.empty())) {
        problem = "--tls-engine-kpass-sha1 needs --tls-engine and --keyform";
    } else if (!options.psk.empty() && (!options.cafile.empty() || !options.capath.empty())) {
        problem = "--psk and --cafile or --capath exclude each other";
    } else if (!options.psk.empty() && options.psk_identity.empty()) {
        problem = "--psk needs --psk-identity";
    } else {
        return true;
    }
    return false;
}

}  // namespace shared_subscription::ctrl
