// The fixture of the tests of restarts: a broker and a plugin that remember.

#pragma once

#include <string>
#include <vector>

#include "broker_test.hpp"

namespace integration {

class RestartTest : public BrokerTest {
  protected:
    // Both files beside the configuration.
    std::string database() const { return broker.path("groups.sqlite"); }
    std::string sessions() const { return broker.path("mosquitto.db"); }

    std::vector<std::string> broker_remembers() const {
        return {"persistence true", "persistence_location " + broker.path("")};
    }
    Configuration remembering(std::vector<std::string> options = {}) const {
        options.push_back("plugin_opt_persistence_file " + database());
        return {.first = broker_remembers(), .options = std::move(options)};
    }
    std::vector<Client*> join(const std::vector<std::string>& ids,
                              const std::string& filter = "$share/g/t", int qos = 1,
                              int protocol = MQTT_PROTOCOL_V5) {
        const auto members = connect_all(ids, persistent(protocol));
        for (Client* member : members) EXPECT_EQ(member->subscribe(filter, qos), qos);
        return members;
    }
    // A new client each time: one that was cut off would publish the rest when it is back.
    void publish(const std::vector<Message>& messages) {
        connect("publisher " + std::to_string(++publishers_)).publish(messages);
        settle();
    }

  private:
    int publishers_ = 0;
};

}  // namespace integration
