#include "joins.hpp"

#include <string>

#include "broker_process.hpp"
#include "fleet.hpp"

namespace bench {
namespace {

constexpr auto kLongest = std::chrono::seconds(300);

/// Client by client, memberships go round the groups.
std::string filter(const Scenario& scenario, std::size_t membership) {
    const auto group = std::to_string(membership % scenario.groups);
    const auto filter = "bench/" + group + "/#";
    return scenario.shared ? "$share/g" + group + "/" + filter : filter;
}

}  // namespace

Joined join(const Scenario& scenario) {
    const auto deadline = Clock::now() + kLongest;
    const auto& address = scenario.brokers.front();
    const BrokerProcess broker(address.process);
    Fleet fleet(address.port);
    fleet.connect(scenario.clients, "member-", deadline);
    const auto before = broker.resident_bytes();
    const auto cpu = broker.cpu_seconds();
    const auto start = Clock::now();
    std::size_t missing = 0;
    for (ClientIndex client = 0; client < scenario.clients; ++client) {
        for (std::size_t i = 0; i < scenario.memberships; ++i) {
            mqtt::add_subscribe(fleet.output(client), static_cast<std::uint16_t>(i + 1),
                                filter(scenario, client * scenario.memberships + i), scenario.qos);
            ++missing;
        }
    }
    fleet.turn_until([&] { return missing == 0; }, deadline,
                     [&](ClientIndex, const mqtt::Packet& packet) {
                         mqtt::check_suback(packet);
                         --missing;
                     },
                     "the broker did not answer all subscriptions in time");
    return {.seconds = std::chrono::duration<double>(Clock::now() - start).count(),
            .broker_cpu = broker.cpu_seconds() - cpu,
            .before = before,
            .after = broker.resident_bytes()};
}

}  // namespace bench
