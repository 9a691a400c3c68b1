#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/model/string_map.hpp"
#include "shared_subscription/strategy.hpp"

namespace shared_subscription {

/// Names the strategy of each group.
class StrategyTable {
  public:
    explicit StrategyTable(Strategy fallback = Strategy::round_robin) : fallback_(fallback) {}
    /// False if the group has one already.
    bool set(std::string_view share_name, Strategy strategy) {
        return by_name_.emplace(share_name, strategy).second;
    }
    /// The same, whatever was set before.
    void replace(std::string_view share_name, Strategy strategy) {
        by_name_.insert_or_assign(std::string(share_name), strategy);
    }
    void set_fallback(Strategy strategy) noexcept { fallback_ = strategy; }
    [[nodiscard]] Strategy of(std::string_view share_name) const {
        const auto found = by_name_.find(share_name);
        return found == by_name_.end() ? fallback_ : found->second;
    }
    /// Whether any group has it, now or later.
    [[nodiscard]] bool uses(Strategy strategy) const noexcept {
        return fallback_ == strategy || std::ranges::any_of(by_name_, [strategy](const auto& one) {
                   return one.second == strategy;
               });
    }
    bool operator==(const StrategyTable&) const = default;

  private:
    Strategy fallback_;
    StringMap<Strategy> by_name_;
};

}  // namespace shared_subscription
