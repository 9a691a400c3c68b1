// The clients that people use: Paho for Python, as in the example that this plugin was asked for,
// and MQTT.js.

#include <memory>
#include <sstream>

#include "broker_test.hpp"
#include "process.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

constexpr const char* python = "/usr/bin/python3";  // The distribution's, which has Paho.

class PahoClients : public BrokerTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.after_plugin = {"listener " + websockets(), "protocol websockets",
                                       "allow_anonymous true"}});
    }
    std::string websockets() const { return std::to_string(websocket_port_.number()); }
    std::string tcp() const { return std::to_string(broker.port()); }

    // Runs subscribe.simple(...) with these arguments; returns when it has subscribed to that many
    // filters.
    Process& subscribe(const std::string& arguments, std::size_t filters) {
        const auto name = "subscriber" + std::to_string(subscribers_.size());
        subscribed_ += filters;
        auto& process = *subscribers_.emplace_back(std::make_unique<Process>(
            std::vector<std::string>{python, "-c",
                                     "from paho.mqtt import client, subscribe\n"
                                     "got = subscribe.simple(" +
                                         arguments +
                                         ")\n"
                                         "for m in got if isinstance(got, list) else [got]:\n"
                                         "    print(m.topic, m.payload.decode())\n"},
            broker.path(name)));
        broker.wait_for_log("Sending SUBACK to", subscribed_);
        return process;
    }
    void publish(const std::string& payload) {
        run({python, "-c",
             "from paho.mqtt import publish\n"
             "publish.single('test', '" +
                 payload + "', hostname='localhost', port=" + tcp() + ")"},
            broker.path("publisher"));
    }

  private:
    ReservedPort websocket_port_;
    std::vector<std::unique_ptr<Process>> subscribers_;
    std::size_t subscribed_ = 0;
};

// But for the port.
TEST_F(PahoClients, RunTheExampleAsItIsWritten) {
    const std::string example =
        "['$share/g1/test', '$share/g2/test', '$queue/test'], hostname='localhost', port=" + tcp() +
        ", retained=False, msg_count=1";
    Process& first = subscribe(example, 3);
    Process& second = subscribe(example, 3);
    publish("boo");
    EXPECT_EQ(first.wait(), 0);
    publish("boo");
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(first.output(), "test boo\n");
    EXPECT_EQ(second.output(), "test boo\n");
}

struct PahoRow {
    std::string name;
    std::string protocol;
    bool websockets;
};
void PrintTo(const PahoRow& row, std::ostream* stream) {
    *stream << row.name;
}

class PahoVariations : public PahoClients, public ::testing::WithParamInterface<PahoRow> {
  protected:
    std::string end_of_arguments(int messages) const {
        const PahoRow& row = GetParam();
        return ", hostname='localhost', retained=False, qos=1, protocol=client." + row.protocol +
               (row.protocol == "MQTTv5" ? ", clean_session=None" : "") +
               ", msg_count=" + std::to_string(messages) +
               ", port=" + (row.websockets ? websockets() + ", transport='websockets'" : tcp());
    }
};

// One message brings a copy for each group.
TEST_P(PahoVariations, EachGroupGetsACopy) {
    const std::string arguments =
        "['$share/g1/test', '$share/g2/test', '$queue/test']" + end_of_arguments(3);
    Process& first = subscribe(arguments, 3);
    Process& second = subscribe(arguments, 3);
    publish("1");
    EXPECT_EQ(first.wait(), 0);
    publish("2");
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(first.output(), "test 1\ntest 1\ntest 1\n");
    EXPECT_EQ(second.output(), "test 2\ntest 2\ntest 2\n");
}

TEST_P(PahoVariations, MembersTakeTurns) {
    Process& first = subscribe("'$share/g/test'" + end_of_arguments(3), 1);
    Process& second = subscribe("'$share/g/test'" + end_of_arguments(3), 1);
    for (const auto& number : numbers(1, 6)) publish(number);
    EXPECT_EQ(first.wait(), 0);
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(first.output(), "test 1\ntest 3\ntest 5\n");
    EXPECT_EQ(second.output(), "test 2\ntest 4\ntest 6\n");
}

INSTANTIATE_TEST_SUITE_P(, PahoVariations,
                         ::testing::Values(PahoRow{"Mqtt31", "MQTTv31", false},
                                           PahoRow{"Mqtt311", "MQTTv311", false},
                                           PahoRow{"Mqtt5", "MQTTv5", false},
                                           PahoRow{"WebSockets311", "MQTTv311", true},
                                           PahoRow{"WebSockets5", "MQTTv5", true}),
                         [](const auto& row) { return row.param.name; });

// The script says what it does.
TEST_F(PahoClients, ShareABrokerWithMqttJs) {
    const std::string output =
        run({"node", MQTTJS_SCRIPT, mqttjs_directory(), tcp(), websockets()}, broker.path("node"));
    std::istringstream lines(output);
    std::vector<std::string> members;
    std::vector<std::string> received;
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find(" t ");
        members.push_back(line.substr(0, at));
        received.push_back(at == line.npos ? "" : line.substr(at + 1));
    }
    EXPECT_THAT(members, ::testing::ElementsAre("mqtt: 4", "mqtt: 5", "ws: 4", "ws: 5"));
    // 24 messages: a quarter for each of the two groups; of "u" a quarter, and all as non-shared
    // ones.
    EXPECT_THAT(received, Each("t 12 u 30")) << output;
}

}  // namespace
}  // namespace integration
