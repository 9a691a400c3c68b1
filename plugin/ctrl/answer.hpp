// The plugin's answers: which one is ours, whether it is an error, and the pages of a long one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ctrl/command.hpp"

namespace shared_subscription::ctrl {

enum ExitCode : int { kDone = 0, kRefused = 1, kUsage = 2, kNoConnection = 3 };

struct Failure {
    ExitCode code = kDone;
    std::string text;  ///< for the person: what is wrong, and what to do
};

/// The request as it is published.
[[nodiscard]] std::string request_payload(Json command, const std::string& correlation);

/// The response to it in what the plugin published; nothing if it is something else.
[[nodiscard]] std::optional<Json> response_in(std::string_view payload,
                                              const std::string& correlation);

/// The data of a response, {} if it has none; nothing if the plugin refused.
[[nodiscard]] std::optional<Json> data_of(const Json& response, Failure& failure);

/// Sends one command; its data.
using Ask = std::function<std::optional<Json>(const Json& command, Failure& failure)>;

/// What the plugin answered, without any character that a terminal would obey.
[[nodiscard]] std::string as_ascii(const Json& data, int indent = -1);

/// The data for one command, with all pages where the answer has several.
[[nodiscard]] std::optional<Json> fetch(const Command& command, const Ask& ask, Failure& failure);

}  // namespace shared_subscription::ctrl
