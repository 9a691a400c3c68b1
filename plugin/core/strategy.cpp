#include "shared_subscription/strategy.hpp"

#include <algorithm>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

using Candidates = std::span<const Candidate>;
using Fitness = Candidate::Fitness;
constexpr auto kNobody = Chooser::kNobody;

Fitness best_fitness(Candidates candidates) noexcept {
    auto best = Fitness::unfit;
    for (const auto& candidate : candidates) {
        best = std::max(best, candidate.fitness);
        if (best == Fitness::connected) break;
    }
    return best;
}

class RoundRobin final : public Chooser {
  public:
    std::size_t choose(Candidates candidates, const Ballot& /*ballot*/) override {
        std::size_t chosen = kNobody;
        auto fitness = Fitness::unfit;
        for (std::size_t step = 0; step < candidates.size() && fitness < Fitness::connected;
             ++step) {
            const auto place = (turn_ + step) % candidates.size();
            if (candidates[place].fitness <= fitness) continue;
            chosen = place;
            fitness = candidates[place].fitness;
        }
        return chosen;
    }

    void served(std::size_t place, std::size_t count) override { turn_ = (place + 1) % count; }

    void left(std::size_t place, std::size_t count) override {
        if (place < turn_) --turn_;
        if (turn_ >= count) turn_ = 0;
    }

  private:
    std::size_t turn_ = 0;  // the place that is asked first
};

std::size_t choose_at_random(Candidates candidates, const RandomSource& random) {
    // Nearly always all members are connected, and the first draw is good.
    for (int draw = 0; draw < 4 && !candidates.empty(); ++draw) {
        const auto place = random() % candidates.size();
        if (candidates[place].fitness == Fitness::connected) return place;
    }
    const auto best = best_fitness(candidates);
    if (best == Fitness::unfit) return kNobody;
    const auto is_best = [best](const Candidate& candidate) { return candidate.fitness == best; };
    auto left = random() % static_cast<std::uint64_t>(std::ranges::count_if(candidates, is_best));
    for (std::size_t place = 0;; ++place) {
        if (is_best(candidates[place]) && left-- == 0) return place;
    }
}

class Random final : public Chooser {
  public:
    explicit Random(const RandomSource& random) : random_(random) {}

    std::size_t choose(Candidates candidates, const Ballot& /*ballot*/) override {
        return choose_at_random(candidates, random_);
    }

  private:
    const RandomSource& random_;
};

class Sticky final : public Chooser {
  public:
    explicit Sticky(const RandomSource& random) : random_(random) {}

    std::size_t choose(Candidates candidates, const Ballot& /*ballot*/) override {
        if (favourite_ != kNobody) {
            const auto fitness = candidates[favourite_].fitness;
            if (fitness == Fitness::connected) return favourite_;
            if (fitness != Fitness::unfit && best_fitness(candidates) == fitness) return favourite_;
        }
        return choose_at_random(candidates, random_);
    }

    void served(std::size_t place, std::size_t /*count*/) override { favourite_ = place; }

    void left(std::size_t place, std::size_t /*count*/) override {
        if (favourite_ == kNobody || place > favourite_) return;
        favourite_ = place == favourite_ ? kNobody : favourite_ - 1;
    }

  private:
    const RandomSource& random_;
    std::size_t favourite_ = kNobody;
};

/// Rendezvous hashing: each member weighs the key, the heaviest gets it. When a member joins or
/// leaves, only the keys that move to it or from it change hands.
template <std::uint64_t Ballot::*Key>
class Rendezvous final : public Chooser {
  public:
    std::size_t choose(Candidates candidates, const Ballot& ballot) override {
        // Mixed once more: a member's key may be the very same hash.
        const auto key = fmix64(ballot.*Key);
        std::size_t chosen = kNobody;
        auto fitness = Fitness::unfit;
        std::uint64_t heaviest = 0;
        for (std::size_t place = 0; place < candidates.size(); ++place) {
            const auto& candidate = candidates[place];
            if (candidate.fitness == Fitness::unfit || candidate.fitness < fitness) continue;
            const auto weight = fmix64(candidate.key ^ key);
            if (candidate.fitness > fitness || weight > heaviest || chosen == kNobody) {
                chosen = place;
                fitness = candidate.fitness;
                heaviest = weight;
            }
        }
        return chosen;
    }
};

}  // namespace

std::optional<Strategy> parse_strategy(std::string_view name) noexcept {
    for (const auto& known : kStrategyNames) {
        if (known.name == name) return known.strategy;
    }
    return std::nullopt;
}

std::unique_ptr<Chooser> make_chooser(Strategy strategy, const RandomSource& random) {
    switch (strategy) {
        case Strategy::random:
            return std::make_unique<Random>(random);
        case Strategy::sticky:
            return std::make_unique<Sticky>(random);
        case Strategy::hash_clientid:
            return std::make_unique<Rendezvous<&Ballot::publisher>>();
        case Strategy::hash_topic:
            return std::make_unique<Rendezvous<&Ballot::topic>>();
        case Strategy::round_robin:
            break;
    }
    return std::make_unique<RoundRobin>();
}

}  // namespace shared_subscription
