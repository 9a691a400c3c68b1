// Figures for monitoring, as retained messages below `$SYS/broker/shared-subscriptions/`.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

/// The text as one level of a topic: `/`, `+`, `#`, `%` and control characters become `%` and
/// two hexadecimal digits, as in URLs.
[[nodiscard]] std::string to_topic_level(std::string_view text);

/// Publishes what has changed, spread over the time and never much in one turn of the main loop, so
/// that no message waits long for it.
class SysTopics {
  public:
    SysTopics(const Registry& registry, Broker& broker) : registry_(registry), broker_(broker) {}

    /// Seconds from the beginning of one round to that of the next; 0: never.
    void set_interval(std::int64_t seconds) noexcept { interval_ = seconds; }

    /// `milliseconds`: of any clock that only goes forward. In how many of them it wants the next
    /// turn at the latest; 0: whenever.
    [[nodiscard]] int tick(std::int64_t milliseconds);

  private:
    static constexpr std::size_t kTotals = 8;
    static constexpr std::size_t kFigures = 5;  // of a group

    struct Published {
        GroupName name;
        std::array<std::string, kFigures> values{};
    };

    void publish(const std::string& topic, const std::string& value);
    void publish_totals();
    /// The next groups, so many at most; false: that was the last one.
    [[nodiscard]] bool publish_groups(std::size_t most);
    void publish(const Group& group);
    void clear(const Published& ended);

    const Registry& registry_;
    Broker& broker_;
    std::int64_t interval_ = 0;
    std::optional<std::int64_t> began_;  // the last round, in seconds
    std::int64_t published_ = 0;         // its last part, in milliseconds
    bool goes_on_ = false;
    std::uint64_t next_group_ = 0;  // by Group::number
    std::size_t sent_ = 0;          // in this turn
    std::array<std::string, kTotals> totals_{};
    std::map<std::uint64_t, Published> groups_;  // by Group::number
};

}  // namespace shared_subscription
