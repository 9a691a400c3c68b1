#include "control/requests.hpp"

#include "control/commands.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

Json make_response(const std::string& command) {
    return {{"command", command}};
}

std::string to_answer(Json responses) {
    return to_text(Json{{"responses", std::move(responses)}});
}

Json answer_command(const Json& command, Administration& administration) {
    if (!command.is_object()) {
        auto response = make_response("Unknown command");
        response["error"] = "a command is not an object.";
        return response;
    }
    Fields fields(command);
    const auto name = fields.required_text("command");
    auto response = make_response(name.empty() ? "Unknown command" : name);
    if (const auto correlation_data = fields.text("correlationData"))
        response["correlationData"] = *correlation_data;
    if (fields.problem().empty()) {
        auto data = carry_out(name, fields, administration);
        if (fields.problem().empty() && !data.is_null()) response["data"] = std::move(data);
    }
    if (!fields.problem().empty()) response["error"] = fields.problem();
    return response;
}

}  // namespace

std::string refuse_request(std::string_view error) {
    auto response = make_response("Unknown command");
    response["error"] = std::string(error);
    return to_answer(Json::array({std::move(response)}));
}

std::string answer_request(std::string_view request, Engine& engine, bool shows_held_back,
                           const Moment& now) {
    if (request.size() > kMaxRequest) {
        return refuse_request("the request is too large; allowed are " +
                              std::to_string(kMaxRequest) + " bytes.");
    }
    const auto parsed = Json::parse(request, nullptr, false);
    if (parsed.is_discarded()) return refuse_request("the request is not JSON.");
    if (!parsed.is_object() || !parsed.contains("commands") || !parsed["commands"].is_array())
        return refuse_request("the request has no array 'commands'.");
    const auto& commands = parsed["commands"];
    if (commands.size() > kMostInRequest) {
        return refuse_request("the request has too many commands; allowed are " +
                              std::to_string(kMostInRequest) + ".");
    }
    Administration administration{engine, shows_held_back, now};
    auto responses = Json::array();
    for (const auto& command : commands)
        responses.push_back(answer_command(command, administration));
    return to_answer(std::move(responses));
}

}  // namespace shared_subscription
