// The fixture of all integration tests: a broker with the plugin, clients, and a way to know that
// nothing more will come.

#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "broker.hpp"
#include "client.hpp"
#include "environment.hpp"

namespace integration {

class BrokerTest : public ::testing::Test {
  protected:
    // Every test ends within this many seconds, or the whole run does.
    static constexpr unsigned test_seconds = 60;

    void SetUp() override;
    // Ends the brokers; fails the test if one did not end cleanly, or if its log has an alarming
    // line that the test does not expect.
    void TearDown() override;

    // A client that is connected; it lives until the end of the test.
    Client& connect(const std::string& id, const ClientOptions& options = {});
    Client& connect(const Endpoint& endpoint, const std::string& id,
                    const ClientOptions& options = {});
    // The same at another broker; settle() is not for it.
    Client& connect_elsewhere(const Broker& other, const std::string& id);
    std::vector<Client*> connect_all(const std::vector<std::string>& ids,
                                     const ClientOptions& options = {});

    // The connections of these just end; returns when the broker has noticed.
    void leave(const std::vector<Client*>& members);
    // They connect again, with their sessions; returns when they have what waited for them.
    void come_back(const std::vector<Client*>& members);

    // Returns when everything that the broker was given before has reached the clients.
    //
    // Each round is two exchanges. First each client publishes with QoS 1: its PUBACK says that the
    // broker, which has one thread, has read and fanned out all that this client sent before. Then
    // each client is sent a fence, of QoS 1 too: the broker writes to a client in order, so that
    // what was fanned out before the fence has arrived before it.
    //
    // Why three rounds in which nobody gets anything: a message that the plugin publishes is fanned
    // out at the top of the next turn of the broker's main loop, and may make the plugin publish
    // once more, and each exchange takes a turn at least; the PUBRECs that a client sends in one
    // round are answered with PUBREL, in which a QoS 2 message ends, in the next. Of a queue, a
    // member gets the next messages when it has acknowledged the last.
    void settle();

    // Ends all connections and the broker, and starts it with another configuration.
    void restart(const Configuration& configuration);
    // The broker ends under its clients, by stop() or by kill(). Returns when they know.
    void stop_under_clients();
    void kill_under_clients();

    // For a test that takes longer than test_seconds from now on.
    void allow_seconds(unsigned seconds);

    // One more broker, on a port of its own.
    Broker& another_broker();
    // A line of the log with this text in it is no failure.
    void expect_alarming_log(const std::string& text) { expected_alarms_.push_back(text); }

    Broker broker;
    Loop loop;

  private:
    void end(Broker& broker);
    // A round of settle().
    void pass_fences();
    // How many messages all clients have.
    std::size_t received() const;
    void wait_for_lost_connections();

    std::deque<Broker> more_brokers_;
    std::deque<Client> clients_;
    std::deque<Client> clients_elsewhere_;
    Client* fencer_ = nullptr;
    int fences_ = 0;
    std::vector<std::string> expected_alarms_;
};

// With the plugin and its defaults.
class PluginTest : public BrokerTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start();
    }
};

// What 2.0 may log as it ends, where somebody's will would go to that same client.
inline constexpr const char* noise_of_wills_at_the_end = "Error in epoll re-registering";

// For the names of rows: "Mqtt31", "Mqtt311", "Mqtt5".
std::string protocol_name(int protocol);

// The payloads of all clients together, sorted.
std::vector<std::string> all_payloads(const std::vector<Client*>& clients);
// How many messages each has.
std::vector<std::size_t> counts(const std::vector<Client*>& clients);
// Messages to one topic with the payloads "1", "2", ..., "count".
std::vector<Message> numbered(const std::string& topic, int count, int qos = 0);
// "first", ..., "last" as numbered() writes them.
std::vector<std::string> numbers(int first, int last);

}  // namespace integration
