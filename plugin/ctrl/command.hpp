// What the words behind the options ask for, and what goes to the plugin for it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "ctrl/options.hpp"

namespace shared_subscription::ctrl {

using Json = nlohmann::json;

/// How the answer is read and printed.
enum class Kind : std::uint8_t { help, list, show, change, statistics, version, watch, metrics };

// NOLINTNEXTLINE(bugprone-exception-escape): moving JSON does not throw.
struct Command {
    Kind kind = Kind::help;
    Json request;      ///< one of the commands of the protocol
    std::string done;  ///< what is printed when a change is made
};

/// Nothing, and `problem` says what is wrong, if the words are no command.
[[nodiscard]] std::optional<Command> parse_command(std::span<const std::string> words,
                                                   std::string& problem);

struct Arguments {
    Options options;
    Command command;
};

/// Options, then a command. What is in the options file counts less than the words.
[[nodiscard]] std::optional<Arguments> parse_arguments(std::span<const std::string> words,
                                                       std::string& problem);

/// What `help` prints; `program` is how the client was called.
[[nodiscard]] std::string usage(std::string_view program);

}  // namespace shared_subscription::ctrl
