// Publishers and members, and the messages between them.
//
// Closed loop: as many copies are on their way as `Scenario::in_flight` allows; the next is
// published when one has arrived. That is as fast as the broker goes, and its queues cannot
// overflow. Open loop (`Scenario::rate`): messages are due at even steps, and late ones count from
// when they were due, so that a stall of the broker shows in all messages that it delays.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "broker_process.hpp"
#include "fleet.hpp"
#include "scenario.hpp"
#include "tally.hpp"

namespace bench {

struct Result {
    double seconds;                  // of the measured part
    std::uint64_t received;          // copies, in that part
    double broker_cpu;               // seconds, in that part
    double generator_cpu;            // likewise
    std::uint64_t resident;          // bytes of the broker, at its end
    double p50, p99, p999, longest;  // microseconds; of the open loop
    std::uint64_t published;         // messages, in the whole run
    std::uint64_t copies;            // of them
    std::uint64_t lost, duplicates, unexpected;
};

class Load {
  public:
    explicit Load(const Scenario& scenario);
    Result run();

  private:
    struct Publisher {
        std::size_t unacknowledged = 0;
        std::uint16_t last_packet_id = 0;
        bool ready = true;  // in `ready_`
    };
    struct Mark {
        Clock::time_point time;
        std::uint64_t received;
        double broker_cpu, generator_cpu;
    };

    void subscribe(Clock::time_point deadline);
    void add_subscription(ClientIndex client, const std::string& filter);
    [[nodiscard]] std::string filter_of(std::size_t group) const;
    void run_until(Clock::time_point end);
    void publish_what_is_due();
    void publish(Clock::time_point due);
    void received(ClientIndex client, const mqtt::Packet& packet);
    void acknowledged(ClientIndex client);
    void drain();
    [[nodiscard]] bool has_published_all() const;
    [[nodiscard]] Mark mark() const;

    const Scenario scenario_;
    const Fleet::OnPacket on_packet_;
    BrokerProcess broker_;
    Fleet fleet_;
    ClientIndex first_subscriber_ = 0;
    std::vector<Publisher> publishers_;
    std::deque<ClientIndex> ready_;  // publishers that may publish, in turn
    std::vector<std::string> topics_;
    std::string payload_;  // the last one, reused
    Tally tally_;
    Clock::time_point start_;  // of the schedule
    std::uint64_t due_ = 0;    // messages of the schedule that have been published
    std::size_t pings_ = 0;    // answers that are missing
};

}  // namespace bench
