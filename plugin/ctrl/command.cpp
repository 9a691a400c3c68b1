#include "ctrl/command.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "shared_subscription/text.hpp"

namespace shared_subscription::ctrl {
namespace {

using Words = std::span<const std::string>;

Command list(Words) {
    return {Kind::list, {{"command", "listGroups"}, {"verbose", true}}, {}};
}

Command show(Words words) {
    Json request{{"command", "getGroup"}, {"group", words[0]}};
    if (words.size() > 1) request["filter"] = words[1];
    return {Kind::show, std::move(request), {}};
}

Command set_strategy(Words words) {
    Json request{{"command", "setStrategy"}, {"strategy", words[0]}};
    if (words.size() == 1) {
        return {Kind::change, std::move(request), "The default strategy is " + words[0] + "."};
    }
    request["group"] = words[1];
    return {Kind::change, std::move(request),
            "The strategy of " + words[1] + " is " + words[0] + "."};
}

Command steer(const char* command, Words words, std::string done) {
    Json request{{"command", command}, {"group", words[0]}, {"clientid", words[1]}};
    if (words.size() > 2) request["filter"] = words[2];
    return {Kind::change, std::move(request), std::move(done)};
}

Command change_group(const char* command, Words words, const char* done) {
    return {Kind::change,
            {{"command", command}, {"group", words[0]}, {"filter", words[1]}},
            words[0] + " on " + words[1] + done};
}

Command declare(Words words) {
    return change_group("declareGroup", words, " collects messages, with members or without.");
}

Command take_back(Words words) {
    return change_group("deleteGroup", words, " is there only while it has members.");
}

Command pause(Words words) {
    return steer("pauseMember", words,
                 words[1] + " is paused in " + words[0] + ": it gets nothing new.");
}

Command resume(Words words) {
    return steer("resumeMember", words, words[1] + " is served again in " + words[0] + ".");
}

Command remove(Words words) {
    return steer("removeMember", words, words[1] + " is no member of " + words[0] + " any more.");
}

Command statistics(Words words) {
    if (words.empty()) return {Kind::statistics, {{"command", "getStatistics"}}, {}};
    return {Kind::change, {{"command", "resetStatistics"}}, "The statistics begin anew."};
}

Command version(Words) {
    return {Kind::version, {{"command", "getVersion"}}, {}};
}

Command watch(Words) {
    return {Kind::watch, {}, {}};
}

Command metrics(Words) {
    return {Kind::metrics, {}, {}};
}

Command help(Words) {
    return {};
}

struct Entry {
    std::string_view name;
    std::string_view arguments;
    std::string_view purpose;
    std::size_t least, most;
    Command (*make)(Words);
};

constexpr std::array kCommands{
    Entry{"list", "", "all groups", 0, 0, list},
    Entry{"show", "<group> [<filter>]", "one group and its members", 1, 2, show},
    Entry{"strategy", "<strategy> [<group>]", "sets a group's strategy, or the default", 1, 2,
          set_strategy},
    Entry{"declare", "<group> <filter>", "collects messages without members, too", 2, 2, declare},
    Entry{"delete", "<group> <filter>", "takes that back", 2, 2, take_back},
    Entry{"pause", "<group> <clientid> [<filter>]", "gives a member nothing new", 2, 3, pause},
    Entry{"resume", "<group> <clientid> [<filter>]", "serves it again", 2, 3, resume},
    Entry{"remove", "<group> <clientid> [<filter>]", "ends a membership", 2, 3, remove},
    Entry{"stats", "[reset]", "what all groups did together", 0, 1, statistics},
    Entry{"version", "", "of the plugin and of this client", 0, 0, version},
    Entry{"watch", "", "all groups, every second, until Ctrl-C", 0, 0, watch},
    Entry{"metrics", "", "all that is counted, as text for Prometheus", 0, 0, metrics},
    Entry{"help", "", "this text", 0, 0, help},
};

std::string names() {
    return list_names(kCommands, &Entry::name);
}

std::string synopsis(const Entry& entry) {
    std::string text(entry.name);
    if (!entry.arguments.empty()) text += ' ' + std::string(entry.arguments);
    return text;
}

bool load_files(Words words, Options& options, std::string& problem) {
    Options named;
    if (!apply_options(words, named, problem)) return false;
    const auto path = named.options_file.empty() ? default_options_file() : named.options_file;
    return path.empty() || apply_options_file(path, options, problem);
}

}  // namespace

std::optional<Command> parse_command(Words words, std::string& problem) {
    if (words.empty()) {
        problem = "there is no command; say one of " + names();
        return std::nullopt;
    }
    const auto* entry = std::ranges::find(kCommands, words[0], &Entry::name);
    if (entry == kCommands.end()) {
        problem = "unknown command " + quote(words[0]) + "; say one of " + names();
        return std::nullopt;
    }
    const auto arguments = words.subspan(1);
    const bool wrong_word =
        entry->make == statistics && !arguments.empty() && arguments[0] != "reset";
    if (arguments.size() < entry->least || arguments.size() > entry->most || wrong_word) {
        problem = "say " + quote(synopsis(*entry)) + "; options come before it";
        return std::nullopt;
    }
    if (std::ranges::any_of(arguments, &std::string::empty)) {
        problem = "an argument of " + quote(words[0]) +
                  " is empty; the group without a name is called '$queue'";
        return std::nullopt;
    }
    return entry->make(arguments);
}

std::optional<Arguments> parse_arguments(Words words, std::string& problem) {
    Arguments result;
    if (!load_files(words, result.options, problem)) return std::nullopt;
    const auto used = apply_options(words, result.options, problem);
    if (!used) return std::nullopt;
    // mosquitto_ctrl takes no options but its own before the module's name.
    std::vector<std::string> rest;
    for (const auto& word : words.subspan(*used)) {
        if (word == "--json") {
            result.options.json = true;
        } else {
            rest.push_back(word);
        }
    }
    if (result.options.help) return result;
    if (result.options.version && rest.empty()) rest.emplace_back("version");
    auto command = parse_command(rest, problem);
    if (!command || !fit_together(result.options, problem)) return std::nullopt;
    if (command->kind == Kind::metrics && result.options.json) {
        problem = "'metrics' is text for Prometheus; 'list' and 'stats' say the same with --json";
        return std::nullopt;
    }
    result.command = std::move(*command);
    return result;
}

std::string usage(std::string_view program) {
    constexpr std::size_t kWidth = 40;
    std::string text = "Usage: " + std::string(program) + " [options] <command> [--json]\n\n";
    for (const auto& entry : kCommands) {
        auto line = "  " + synopsis(entry);
        line.resize(std::max(line.size() + 1, kWidth), ' ');
        text += line + std::string(entry.purpose) + '\n';
    }
    text +=
        "\nThe group of $queue is written '$queue', in quotes because of the shell. <filter> is\n"
        "needed where several groups have one name. --json prints what the plugin answered.\n\n"
        "Options are those of mosquitto_ctrl(1): -h host, -p port, -u user, -P password, -i id,\n"
        "-L url, -o file, -q qos, -V version, -A address, -d, --unix path, --proxy url, --cafile,\n"
        "--capath, --cert, --key, --keyform, --ciphers, --insecure, --psk, --psk-identity,\n"
        "--tls-alpn, --tls-engine, --tls-engine-kpass-sha1, --tls-use-os-certs, --tls-version.\n\n"
        "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no connection or no answer.\n";
    return text;
}

}  // namespace shared_subscription::ctrl
