// Metrics as retained messages below `$SYS/broker/shared-subscriptions/`: a topic for each total,
// and one JSON object for each group, `group/<16 hexadecimal digits>`. A topic has nothing in it
// that exporters cannot make the name of a metric of.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

/// Publishes what has changed, spread over the time and never much in one round of the main loop,
/// so that no message waits long for it.
class SysTopics {
  public:
    SysTopics(const Registry& registry, Broker& broker) : registry_(registry), broker_(broker) {}

    /// Seconds from the beginning of one sweep to that of the next; 0: never.
    void set_interval(std::int64_t seconds) noexcept { interval_ = seconds; }

    /// `milliseconds`: of the clock of Engine::tick. In how many of them it wants the next
    /// round at the latest; 0: whenever.
    [[nodiscard]] int tick(std::int64_t milliseconds);

  private:
    static constexpr std::size_t kTotals = 9;

    struct Published {
        std::uint64_t digits = 0;  // of its topic
        std::uint64_t value = 0;   // hash of what was said last; 0: nothing
    };

    void publish(const std::string& topic, const std::string& value);
    void publish_totals();
    /// The next groups, so many at most; false: that was the last one.
    [[nodiscard]] bool publish_groups(std::size_t most);
    void publish(Group& group);
    void clear(std::uint64_t number, const Published& ended);
    /// For this group's topic: the same after a restart, and no other group's.
    [[nodiscard]] std::uint64_t take_digits(const Group& group);

    const Registry& registry_;
    Broker& broker_;
    std::int64_t interval_ = 0;
    std::optional<std::int64_t> began_;  // the last sweep, in seconds
    std::int64_t published_ = 0;         // its last part, in milliseconds
    bool goes_on_ = false;
    std::uint64_t next_group_ = 0;  // by Group::number
    std::size_t sent_ = 0;          // in this round
    std::array<std::string, kTotals> totals_{};
    std::map<std::uint64_t, Published> groups_;                // by Group::number
    std::unordered_map<std::uint64_t, std::uint64_t> topics_;  // whose digits, by Group::number
};

}  // namespace shared_subscription
