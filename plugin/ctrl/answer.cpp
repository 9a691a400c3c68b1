#include "ctrl/answer.hpp"

#include <utility>

#include "control/protocol.hpp"

namespace shared_subscription::ctrl {
namespace {

// An answer is lists of objects in objects. What is nested more deeply could not be copied either,
// which is done one level in the other.
Json parse(std::string_view payload) {
    constexpr int kDeepest = 16;
    bool is_too_deep = false;
    const auto guard = [&](int depth, Json::parse_event_t /*event*/, const Json& /*parsed*/) {
        is_too_deep |= depth > kDeepest;
        return !is_too_deep;
    };
    auto answer = Json::parse(payload, guard, false);
    return is_too_deep ? Json() : answer;
}

// Asks again and again; `path` leads to the list that grows, `total` to its length at the end.
std::optional<Json> fetch_pages(Json request, const Json::json_pointer& path,
                                const Json::json_pointer& total, const Ask& ask, Failure& failure) {
    constexpr int kMostPages = 1000;
    request["count"] = kMostInResponse;
    auto result = ask(request, failure);
    for (int pages = 1; result; ++pages) {
        auto& all = result->at(path);
        if (all.size() >= result->at(total).get<std::size_t>()) break;
        if (pages == kMostPages) {
            failure = {kNoConnection, "the answer does not end; after " + std::to_string(pages) +
                                          " pages there are more"};
            return std::nullopt;
        }
        request["offset"] = all.size();
        const auto next = ask(request, failure);
        if (!next) return std::nullopt;
        // A list that has become shorter meanwhile.
        if (next->at(path).empty()) break;
        for (const auto& entry : next->at(path)) all.push_back(entry);
        result->at(total) = next->at(total);
    }
    return result;
}

}  // namespace

std::string request_payload(Json command, const std::string& correlation) {
    command["correlationData"] = correlation;
    Json commands = Json::array();
    commands.push_back(std::move(command));
    // What is no UTF-8 comes from the shell, and no group has such a name.
    return Json{{"commands", std::move(commands)}}.dump(-1, ' ', false,
                                                        Json::error_handler_t::replace);
}

std::optional<Json> response_in(std::string_view payload, const std::string& correlation) {
    const auto answer = parse(payload);
    const auto responses = answer.is_object() ? answer.find("responses") : answer.end();
    if (responses == answer.end() || !responses->is_array()) return std::nullopt;
    for (const auto& response : *responses) {
        if (!response.is_object()) continue;
        // Without: the request as a whole was wrong.
        const auto found = response.find("correlationData");
        if (found == response.end() || *found == correlation) return response;
    }
    return std::nullopt;
}

std::optional<Json> data_of(const Json& response, Failure& failure) {
    if (const auto error = response.find("error"); error != response.end()) {
        failure = {kRefused, error->is_string() ? error->get<std::string>() : error->dump()};
        return std::nullopt;
    }
    return response.value("data", Json::object());
}

std::string as_ascii(const Json& data, int indent) {
    constexpr bool kEscapesAllElse = true;
    return data.dump(indent, ' ', kEscapesAllElse, Json::error_handler_t::replace);
}

std::optional<Json> fetch(const Command& command, const Ask& ask, Failure& failure) {
    switch (command.kind) {
        case Kind::list:
            return fetch_pages(command.request, Json::json_pointer("/groups"),
                               Json::json_pointer("/totalCount"), ask, failure);
        case Kind::show:
            return fetch_pages(command.request, Json::json_pointer("/group/memberList"),
                               Json::json_pointer("/group/members"), ask, failure);
        default:
            return ask(command.request, failure);
    }
}

}  // namespace shared_subscription::ctrl
