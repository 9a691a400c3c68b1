// The fixture of the tests of strategies: a group $share/g/t/# and who of it gets what.

#pragma once

#include <string>
#include <vector>

#include "broker_test.hpp"

namespace integration {

class StrategyTest : public BrokerTest {
  protected:
    void start(const std::string& strategy) {
        // What a lost member leaves behind is not the matter of these.
        broker.start(
            {.options = {"plugin_opt_strategy " + strategy, "plugin_opt_redispatch false"}});
    }
    std::vector<Client*> join(const std::vector<std::string>& ids, int qos = 2) {
        const auto members = connect_all(ids);
        for (Client* member : members) member->subscribe("$share/g/t/#", qos);
        return members;
    }
    // The member that has got something, of those that got something since the last call.
    static std::vector<std::string> receivers(const std::vector<Client*>& members) {
        std::vector<std::string> result;
        for (Client* member : members) {
            if (!member->take_messages().empty()) result.push_back(member->id());
        }
        return result;
    }
    // Publishes one message; the id of the one member that got it.
    std::string receiver(const std::vector<Client*>& members, Client& publisher,
                         const std::string& topic = "t") {
        publisher.publish(topic, "x", 1);
        settle();
        const auto ids = receivers(members);
        EXPECT_THAT(ids, ::testing::SizeIs(1));
        return ids.empty() ? "" : ids.front();
    }
};

}  // namespace integration
