// Nothing that is denied without the plugin is allowed with it, and nothing allowed becomes denied:
// the same clients do the same against the broker alone and with the plugin.

#include <functional>
#include <set>

#include "access_control_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> matrix_names{"alice", "bob", "carol"};
const std::vector<std::string> matrix_filters{
    "#", "open/#", "secret/#", "secret/t", "+/t", "closed/#", "pinned/#", "own/bob/#", "own/+/+"};
const std::vector<std::string> matrix_topics{"open/t",   "secret/t",    "secret/u",    "closed/t",
                                             "pinned/t", "own/bob/r",   "own/alice/r", "own/bob/w",
                                             "write/t",  "denied/open", "other"};

struct MatrixRow {
    std::string name;
    std::function<Configuration(AccessControlTest&, Broker&)> set_up;
    int protocol = MQTT_PROTOCOL_V5;
};
void PrintTo(const MatrixRow& row, std::ostream* stream) {
    *stream << row.name;
}

// Every way to write a rule: of users, of the anonymous, with %c and %u, and denials.
Configuration every_rule(AccessControlTest&, Broker& broker) {
    broker.write_file("acl",
                      "topic readwrite $fence/#\n"
                      "topic readwrite open/#\n"
                      "topic write #\n"
                      "topic deny denied/#\n"
                      "user bob\n"
                      "topic read #\n"
                      "topic write write/#\n"
                      "topic deny secret/u\n"
                      "pattern readwrite own/%u/#\n"
                      "pattern read own/%c/r\n"
                      "pattern deny own/%u/w\n"
                      "pattern readwrite $fence/%c\n");
    return {.after_plugin = {"acl_file " + broker.path("acl")}};
}

std::vector<MatrixRow> matrix_rows() {
    std::vector<MatrixRow> result;
    for (const int protocol : {MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5}) {
        const auto add = [&](const std::string& name, const auto& set_up) {
            result.push_back({name + protocol_name(protocol), set_up, protocol});
        };
        add("Nothing", [](AccessControlTest&, Broker&) { return Configuration{}; });
        add("EveryRuleOfAclFile", every_rule);
        add("PluginThatControlsNothing", [](AccessControlTest&, Broker&) {
            return Configuration{.options = {"plugin_opt_access_control none"},
                                 .after_plugin = {"plugin " ON_REQUEST_PLUGIN}};
        });
        for (const auto& [kind_name, kind] : each_access_control()) {
            add(kind_name, [kind = kind](AccessControlTest& test, Broker&) {
                return test.configuration(kind);
            });
        }
    }
    return result;
}

class AccessMatrix : public AccessControlTest, public ::testing::WithParamInterface<MatrixRow> {
  protected:
    // A line for each thing that happened: what was granted, and who got what.
    using Observations = std::multiset<std::string>;

    Configuration set_up() { return GetParam().set_up(*this, broker); }

    Observations act() {
        Observations seen;
        std::vector<Client*> clients;
        for (const auto& name : matrix_names) {
            clients.push_back(&connect_client(name, {.protocol = GetParam().protocol}));
        }
        subscribe_publish(clients, matrix_filters, seen);
        for (Client* client : clients) {
            for (const auto& filter : {"#", "pinned/#", "+/t"}) client->unsubscribe(filter);
        }
        subscribe_publish(clients, {}, seen);
        return seen;
    }

    // "<client> reads <topic>", each client alone with the filter.
    std::set<std::string> read_by_everybody(const std::string& filter) {
        std::set<std::string> seen;
        Client& publisher = connect("publisher");
        for (const auto& name : matrix_names) {
            Client& client = connect_client(name, {.protocol = GetParam().protocol});
            client.subscribe(filter, 1);
            for (const auto& topic : matrix_topics) publisher.publish(topic, "x", 1);
            settle();
            for (const auto& message : client.messages()) {
                seen.insert(name + " reads " + message.topic);
            }
            client.disconnect();
        }
        return seen;
    }

    void subscribe_publish(const std::vector<Client*>& clients,
                           const std::vector<std::string>& subscribed, Observations& seen) {
        for (Client* client : clients) {
            for (const auto& filter : subscribed) {
                seen.insert(client->id() + " subscribes to " + filter + ": " +
                            std::to_string(client->subscribe(filter, 1)));
            }
        }
        for (Client* client : clients) {
            for (const auto& topic : matrix_topics) {
                const Message message{.topic = topic, .payload = client->id(), .qos = 1};
                seen.insert(client->id() + " publishes to " + topic + ": " +
                            (client->publish(message) < 128 ? "allowed" : "denied"));
            }
        }
        settle();
        for (Client* client : clients) {
            for (const auto& message : client->take_messages()) {
                seen.insert(client->id() + " gets " + message.topic + " of " + message.payload);
            }
        }
    }
};

TEST_P(AccessMatrix, IsTheSameWithThePlugin) {
    auto configuration = set_up();
    configuration.with_plugin = false;
    broker.start(configuration);
    const auto without = act();
    ASSERT_THAT(without, Not(IsEmpty()));

    configuration.with_plugin = true;
    restart(configuration);
    EXPECT_THAT(act(), ElementsAreArray(without));
}

TEST_P(AccessMatrix, IsTheSameBesideGroups) {
    auto configuration = set_up();
    configuration.with_plugin = false;
    broker.start(configuration);
    const auto without = act();

    configuration.with_plugin = true;
    restart(configuration);
    for (const auto& name : {"worker", "porter"}) {
        Client& member = connect(name, {.protocol = GetParam().protocol});
        for (const auto& filter : matrix_filters) member.subscribe("$share/g/" + filter);
        member.subscribe("$queue/#");
    }
    EXPECT_THAT(act(), ElementsAreArray(without));
}

// Who may read a topic gets it through a group; who may not, does not.
TEST_P(AccessMatrix, HoldsForMembers) {
    auto configuration = set_up();
    configuration.with_plugin = false;
    broker.start(configuration);
    const auto readable = read_by_everybody("#");

    configuration.with_plugin = true;
    restart(configuration);
    EXPECT_THAT(read_by_everybody("$queue/#"), ElementsAreArray(readable));
    restart(configuration);
    EXPECT_THAT(read_by_everybody("$share/g/#"), ElementsAreArray(readable));
}

INSTANTIATE_TEST_SUITE_P(, AccessMatrix, ::testing::ValuesIn(matrix_rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
