// What the tests of strategies share: members by their names, and what a uniform choice looks like.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rows.hpp"
#include "shared_subscription/hash.hpp"
#include "shared_subscription/strategy.hpp"

namespace shared_subscription {

using Fitness = Candidate::Fitness;
inline constexpr auto kUnfit = Fitness::unfit;
inline constexpr auto kFull = Fitness::full;
inline constexpr auto kBehind = Fitness::window_full;
inline constexpr auto kReady = Fitness::ready;

/// The members of a group, by their names, before a chooser.
class Electorate {
  public:
    explicit Electorate(Strategy strategy, std::uint64_t seed = 1)
        : random_([engine = std::mt19937_64(seed)]() mutable { return engine(); }),
          chooser_(make_chooser(strategy, random_)) {}
    Electorate(Strategy strategy, RandomSource random)
        : random_(std::move(random)), chooser_(make_chooser(strategy, random_)) {}

    void join(const std::string& name, Fitness fitness = kReady) {
        names_.push_back(name);
        candidates_.push_back({.key = stable_hash(name), .fitness = fitness});
    }
    void join_all(const std::vector<std::string>& names) {
        for (const auto& name : names) join(name);
    }
    void leave(const std::string& name) {
        const auto place = place_of(name);
        names_.erase(names_.begin() + place);
        candidates_.erase(candidates_.begin() + place);
        chooser_->left(static_cast<std::size_t>(place), names_.size());
    }
    void set(const std::string& name, Fitness fitness) {
        candidates_[static_cast<std::size_t>(place_of(name))].fitness = fitness;
    }

    void set_load(const std::string& name, std::uint32_t messages) {
        candidates_[static_cast<std::size_t>(place_of(name))].load = messages;
    }

    /// Who should get the message; empty: nobody. Changes no turn.
    [[nodiscard]] std::string choose(const Ballot& ballot = {}) {
        const auto place = chooser_->choose(candidates_, ballot);
        return place == Chooser::kNobody ? "" : names_.at(place);
    }
    /// Who gets the message.
    std::string serve(const Ballot& ballot = {}) {
        const auto place = chooser_->choose(candidates_, ballot);
        if (place == Chooser::kNobody) return "";
        chooser_->served(place, names_.size());
        return names_.at(place);
    }
    [[nodiscard]] std::vector<std::string> serve_times(int times) {
        std::vector<std::string> served;
        for (int time = 0; time < times; ++time) served.push_back(serve());
        return served;
    }
    [[nodiscard]] std::map<std::string, int> count(int times) {
        std::map<std::string, int> counts;
        for (int time = 0; time < times; ++time) ++counts[serve()];
        return counts;
    }
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

  private:
    [[nodiscard]] std::ptrdiff_t place_of(const std::string& name) const {
        return std::ranges::find(names_, name) - names_.begin();
    }

    RandomSource random_;
    std::unique_ptr<Chooser> chooser_;
    std::vector<std::string> names_;
    std::vector<Candidate> candidates_;
};

struct NamedStrategy : Row {
    Strategy strategy;
};

/// Ballots as they come: every message has another publisher and another topic.
[[nodiscard]] inline Ballot ballot_of(int number) {
    return {.publisher = stable_hash("publisher-" + std::to_string(number)),
            .topic = stable_hash("topic/" + std::to_string(number))};
}

/// Each share is as expected, within five standard deviations of a uniform choice.
inline void expect_uniform(const std::map<std::string, int>& counts, std::size_t members,
                           int draws) {
    EXPECT_EQ(counts.size(), members);
    const double share = 1.0 / static_cast<double>(members);
    const double bound = 5 * std::sqrt(draws * share * (1 - share));
    for (const auto& [name, count] : counts) EXPECT_NEAR(count, draws * share, bound) << name;
}

}  // namespace shared_subscription
