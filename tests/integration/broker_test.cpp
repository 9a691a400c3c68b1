#include "broker_test.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>

namespace integration {
namespace {

void on_alarm(int) {
    constexpr char text[] = "\nA test did not end in time.\n";
    const auto written = write(STDERR_FILENO, text, sizeof text - 1);
    _exit(written > 0 ? 2 : 3);
}

}  // namespace

void BrokerTest::SetUp() {
    std::signal(SIGALRM, on_alarm);
    alarm(test_seconds);
}

void BrokerTest::TearDown() {
    for (auto& other : more_brokers_) end(other);
    end(broker);
    alarm(0);
}

void BrokerTest::end(Broker& ended) {
    if (ended.running()) {
        EXPECT_EQ(ended.stop(), 0) << "the exit status of the broker";
    }
    auto alarms = ended.alarming_log_lines();
    std::erase_if(alarms, [&](const std::string& line) {
        return std::ranges::any_of(expected_alarms_, [&](const std::string& text) {
            return line.find(text) != line.npos;
        });
    });
    EXPECT_THAT(alarms, ::testing::IsEmpty());
    if (HasFailure()) std::cout << "The log of the broker:\n" << ended.log() << std::endl;
}

Client& BrokerTest::connect(const std::string& id, const ClientOptions& options) {
    return connect(loopback(broker.port()), id, options);
}

Client& BrokerTest::connect(const Endpoint& endpoint, const std::string& id,
                            const ClientOptions& options) {
    Client& client = clients_.emplace_back(loop, endpoint, id, options);
    client.connect();
    return client;
}

Client& BrokerTest::connect_elsewhere(const Broker& other, const std::string& id) {
    Client& client = clients_elsewhere_.emplace_back(loop, loopback(other.port()), id);
    client.connect();
    return client;
}

std::vector<Client*> BrokerTest::connect_all(const std::vector<std::string>& ids,
                                             const ClientOptions& options) {
    std::vector<Client*> result;
    for (const auto& id : ids) result.push_back(&connect(id, options));
    return result;
}

void BrokerTest::leave(const std::vector<Client*>& members) {
    for (Client* member : members) member->drop();
    settle();
}

void BrokerTest::come_back(const std::vector<Client*>& members) {
    for (Client* member : members) EXPECT_TRUE(member->connect()) << member->id();
    settle();
}

void BrokerTest::settle() {
    constexpr int rounds = 3;
    if (fencer_ == nullptr) fencer_ = &connect("fencer");
    if (!fencer_->connected()) fencer_->connect();
    for (int quiet = 0; quiet < rounds;) {
        const auto before = received();
        pass_fences();
        quiet = received() == before ? quiet + 1 : 0;
    }
}

void BrokerTest::pass_fences() {
    const std::string number = std::to_string(++fences_);
    std::vector<Client*> fenced;
    for (auto& client : clients_) {
        if (client.connected()) fenced.push_back(&client);
    }
    std::vector<int> packets;
    for (Client* client : fenced) packets.push_back(client->start_flush());
    for (std::size_t i = 0; i < fenced.size(); ++i) fenced[i]->finish_publish(packets[i]);
    for (const Client* client : fenced) {
        fencer_->start_publish(
            {.topic = client->mount_point() + client->fence_topic(), .payload = number, .qos = 1});
    }
    for (Client* client : fenced) client->wait_for_fence(number);
}

std::size_t BrokerTest::received() const {
    std::size_t sum = 0;
    for (const auto& client : clients_) sum += client.messages().size();
    return sum;
}

void BrokerTest::restart(const Configuration& configuration) {
    for (auto& client : clients_) {
        if (client.connected()) client.disconnect();
    }
    EXPECT_EQ(broker.stop(), 0) << "the exit status of the broker";
    broker.start(configuration);
}

void BrokerTest::stop_under_clients() {
    EXPECT_EQ(broker.stop(), 0) << "the exit status of the broker";
    wait_for_lost_connections();
}

void BrokerTest::kill_under_clients() {
    broker.kill();
    wait_for_lost_connections();
}

void BrokerTest::wait_for_lost_connections() {
    loop.run_until("all clients to lose their connections",
                   [&] { return std::ranges::none_of(clients_, &Client::connected); });
}

void BrokerTest::allow_seconds(unsigned seconds) {
    alarm(seconds);
}

Broker& BrokerTest::another_broker() {
    return more_brokers_.emplace_back();
}

std::string protocol_name(int protocol) {
    if (protocol == MQTT_PROTOCOL_V31) return "Mqtt31";
    return protocol == MQTT_PROTOCOL_V311 ? "Mqtt311" : "Mqtt5";
}

std::vector<std::string> all_payloads(const std::vector<Client*>& clients) {
    std::vector<std::string> result;
    for (const auto* client : clients) {
        const auto payloads = client->payloads();
        result.insert(result.end(), payloads.begin(), payloads.end());
    }
    std::ranges::sort(result);
    return result;
}

std::vector<std::size_t> counts(const std::vector<Client*>& clients) {
    std::vector<std::size_t> result;
    for (const auto* client : clients) result.push_back(client->messages().size());
    return result;
}

std::vector<Message> numbered(const std::string& topic, int count, int qos) {
    std::vector<Message> result;
    for (const auto& number : numbers(1, count)) {
        result.push_back({.topic = topic, .payload = number, .qos = qos});
    }
    return result;
}

std::vector<std::string> numbers(int first, int last) {
    std::vector<std::string> result;
    for (int number = first; number <= last; ++number) result.push_back(std::to_string(number));
    return result;
}

}  // namespace integration
