// The broker and everybody who talks to it: the random clients, and those that judge.

#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <vector>

#include "../integration/broker.hpp"
#include "client.hpp"
#include "finding.hpp"

namespace fuzz {

class World {
  public:
    World(std::string configuration, bool with_plugin);

    void start();
    // Ends the broker, and starts it with everybody but the random clients.
    void restart(bool is_crash);
    void reload() { broker_.reload(); }
    // Returns when the broker has handled everything that was sent to it, and everybody has read
    // what came of it. Throws Failure: the broker does not answer, has ended, or sends without end.
    void settle();
    void wait(std::chrono::milliseconds time);
    // Throws Failure where it does not end as it should.
    void stop();

    Client& random_client(int number) { return clients_.at(static_cast<std::size_t>(number)); }
    // Non-shared subscriptions that overlap nowhere: each message once.
    Client& observer() { return clients_[observer_index]; }
    Client& administrator() { return clients_[observer_index + 1]; }
    static constexpr int healthy_count = 3;
    Client& healthy_member(int number) {
        return clients_[observer_index + 2 + static_cast<std::size_t>(number)];
    }
    // Joins groups for a moment.
    Client& witness() { return clients_.back(); }
    bool with_plugin() const { return with_plugin_; }
    const std::string& configuration() const { return configuration_; }
    std::uint16_t port() const { return broker_.port(); }
    std::string last_log_lines() const;
    std::string log() const { return broker_.log(); }
    std::size_t resident_kilobytes() const;

  private:
    static constexpr std::size_t observer_index = client_count;

    void connect_judges();
    bool exchange();
    void check_end() const;
    void check_life(std::chrono::steady_clock::time_point begin, double cpu_begin) const;
    double cpu_seconds() const;

    const std::string configuration_;
    const bool with_plugin_;
    integration::Broker broker_;
    std::deque<Client> clients_;
    std::size_t received_ = 0;  // packets in this settle()
};

// What a healthy group subscribes to.
constexpr const char* healthy_topics = "h/#";
constexpr const char* healthy_group = "healthy group";

}  // namespace fuzz
