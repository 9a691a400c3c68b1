// A request to `$CONTROL/shared-subscription/v1`.

#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "client.hpp"

namespace integration {

inline const std::string control_topic = "$CONTROL/shared-subscription/v1";

// The one response to a request with one command. The client has got nothing else.
inline nlohmann::json ask_with(Client& client, const std::string& request) {
    client.publish(control_topic, request, 1);
    client.wait_for_messages(1);
    const auto messages = client.take_messages();
    EXPECT_THAT(messages, ::testing::SizeIs(1));
    EXPECT_EQ(messages.at(0).topic, control_topic + "/response");
    return nlohmann::json::parse(messages.at(0).payload).at("responses").at(0);
}
inline nlohmann::json ask(Client& client, const nlohmann::json& command) {
    return ask_with(client, nlohmann::json{{"commands", nlohmann::json::array({command})}}.dump());
}

}  // namespace integration
