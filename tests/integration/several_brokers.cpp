#include "several_brokers.hpp"

#include <csignal>

namespace integration {
namespace {

// On every hub a leaf is known by the same client identifiers.
std::vector<std::string> bridge(const std::string& leaf, std::uint16_t port, std::size_t hub,
                                std::size_t number, const LeafOptions& options) {
    const auto connection = "hub" + std::to_string(hub + 1) + "-" + std::to_string(number);
    std::vector<std::string> lines = {
        "connection " + connection,
        "address 127.0.0.1:" + std::to_string(port),
        "local_clientid " + connection,
        "remote_clientid " + leaf + "-" + std::to_string(number),
        "bridge_protocol_version mqttv311",
        std::string("cleansession ") + (options.clean ? "true" : "false"),
        "restart_timeout 1"};
    for (const auto& topic : options.topics)
        lines.push_back("topic " + topic + " in " + std::to_string(options.qos));
    return lines;
}

}  // namespace

void SeveralBrokersTest::TearDown() {
    // Before the hubs: they would try to connect again, in vain.
    for (const auto& leaf : leaves) {
        if (!leaf.broker->running()) continue;
        EXPECT_EQ(leaf.broker->stop(), 0);
    }
    BrokerTest::TearDown();
}

Configuration SeveralBrokersTest::hub_configuration(const Broker& hub) {
    return {.first = {"persistence true", "persistence_location " + hub.path("")},
            .options = {"plugin_opt_persistence_file " + hub.path("groups.sqlite"), declared}};
}

void SeveralBrokersTest::start_hubs(const std::vector<std::string>& more) {
    hubs = {&broker, &another_broker()};
    for (Broker* hub : hubs) {
        auto configuration = hub_configuration(*hub);
        configuration.options.insert(configuration.options.end(), more.begin(), more.end());
        hub->start(configuration);
    }
}

Leaf& SeveralBrokersTest::start_leaf(const std::string& name, std::size_t workers,
                                     const LeafOptions& options) {
    Leaf& leaf = leaves.emplace_back();
    leaf.name = name;
    leaf.broker = &another_broker();
    leaf.configuration.first = options.first;
    leaf.configuration.options = options.more;
    if (options.declared) leaf.configuration.options.push_back(declared);
    auto& lines = leaf.configuration.after_plugin;
    for (std::size_t hub = 0; hub < hubs.size(); ++hub) {
        for (std::size_t number = 0; number < options.connections; ++number) {
            const auto more = bridge(name, hubs[hub]->port(), hub, number + 1, options);
            lines.insert(lines.end(), more.begin(), more.end());
            if (number == 0) lines.push_back("topic fence/# in 1");
        }
    }
    leaf.subscriptions = options.topics.size() * options.connections + 1;  // and the fence
    start(leaf);
    for (std::size_t number = 0; number < workers; ++number) add_worker(leaf);
    return leaf;
}

void SeveralBrokersTest::start(Leaf& leaf) {
    leaf.broker->start(leaf.configuration);
    ++leaf.starts;
    for (Broker* hub : hubs) wait_for_membership(leaf, *hub, leaf.starts);
    leaf.listener = &connect_elsewhere(*leaf.broker, "listener");
    leaf.listener->subscribe("fence/#", 1);
}

void SeveralBrokersTest::wait_for_membership(const Leaf& leaf, Broker& hub, std::size_t times) {
    hub.wait_for_log("Sending SUBACK to " + leaf.name, times * leaf.subscriptions);
}

void SeveralBrokersTest::start_again(Leaf& leaf) {
    start(leaf);
    add_worker(leaf);
}

void SeveralBrokersTest::freeze(const Leaf& leaf) {
    ASSERT_EQ(::kill(leaf.broker->process(), SIGSTOP), 0);
}

void SeveralBrokersTest::thaw(const Leaf& leaf) {
    ASSERT_EQ(::kill(leaf.broker->process(), SIGCONT), 0);
}

void SeveralBrokersTest::kill(Leaf& leaf) {
    leaf.broker->kill();
    for (Broker* hub : hubs) hub->wait_for_log("Client " + leaf.name);
}

Client& SeveralBrokersTest::add_worker(Leaf& leaf, const std::string& by) {
    Client& worker =
        connect_elsewhere(*leaf.broker, leaf.name + " worker " + std::to_string(++clients_));
    worker.subscribe(by, 2);
    leaf.workers.push_back(&worker);
    return worker;
}

Client& SeveralBrokersTest::connect_publisher(Broker& hub) {
    return connect_elsewhere(hub, "publisher " + std::to_string(++clients_));
}

void SeveralBrokersTest::publish(Client& publisher, int first, int last, int qos) {
    for (const auto& number : numbers(first, last)) publisher.publish("orders/a", number, qos);
}

std::vector<std::string> SeveralBrokersTest::received() const {
    std::vector<std::string> result;
    for (const auto& leaf : leaves) {
        for (const auto& payload : all_payloads(leaf.workers)) result.push_back(payload);
    }
    return result;
}

std::vector<std::string> SeveralBrokersTest::wait_for_all(std::size_t count) {
    loop.run_until("the messages of all workers", [&] { return received().size() >= count; });
    drain();
    return received();
}

// What a hub has sent before the fence goes through the leaf before it; then the workers' own
// packets go round. More than once, for the packets of QoS 2.
void SeveralBrokersTest::drain() {
    constexpr int rounds = 3;
    for (int round = 0; round < rounds; ++round) {
        for (Broker* hub : hubs) connect_publisher(*hub).publish("fence/a", "", 1);
        for (const auto& leaf : leaves) {
            if (!leaf.broker->running()) continue;
            Client& listener = *leaf.listener;
            loop.run_until("the fences at " + leaf.name,
                           [&] { return listener.messages().size() >= hubs.size(); });
            listener.take_messages();
            for (Client* worker : leaf.workers) {
                if (worker->connected()) worker->flush();
            }
        }
    }
}

}  // namespace integration
