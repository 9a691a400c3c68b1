// Publishers and members, and the messages between them.
//
// Several brokers are loaded in turn, a slice of the time each, while the others are stopped. What
// else the machine has to do then slows all of them alike.
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
    double seconds = 0;                              // of the measured part
    std::uint64_t received = 0;                      // copies, in that part
    double broker_cpu = 0;                           // seconds, in that part
    double generator_cpu = 0;                        // likewise
    std::uint64_t resident = 0;                      // bytes of the broker, at its end
    double p50 = 0, p99 = 0, p999 = 0, longest = 0;  // microseconds; of the open loop
    std::uint64_t published = 0;                     // messages, in the whole run
    std::uint64_t copies = 0;                        // of them
    std::uint64_t lost = 0, duplicates = 0, unexpected = 0;
};

/// A result for each broker.
std::vector<Result> load(const Scenario& scenario);

/// One broker's part. It runs while a function of this class does, and is stopped otherwise.
class Load {
  public:
    Load(const Scenario& scenario, const BrokerAddress& broker);
    void warm_up();
    /// Until all that was published in that time has come.
    void measure(double seconds);
    Result finish();

  private:
    struct Publisher {
        std::size_t unacknowledged = 0;
        std::uint16_t last_packet_id = 0;
        bool ready = true;  // in `ready_`
    };

    void subscribe(Clock::time_point deadline);
    void add_subscription(ClientIndex client, const std::string& filter);
    [[nodiscard]] std::string filter_of(std::size_t group) const;
    void publish_until(Clock::time_point end);
    void wait_for_messages();
    void publish_what_is_due();
    void publish(Clock::time_point due);
    void received(ClientIndex client, const mqtt::Packet& packet);
    void acknowledged(ClientIndex client);
    void wait_for_duplicates();
    [[nodiscard]] bool has_published_all() const;

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
    Clock::time_point start_;  // of the slice
    std::uint64_t due_ = 0;    // messages that have been published since
    std::size_t pings_ = 0;    // answers that are missing
    Result result_;            // until now
};

}  // namespace bench
