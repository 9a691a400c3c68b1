#include "shared_subscription/strategy.hpp"

#include <algorithm>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

using Candidates = std::span<const Candidate>;
using Fitness = Candidate::Fitness;
constexpr auto kNobody = Chooser::kNobody;

/// What strategies that keep to a member go by.
Fitness steady_fitness(const Candidate& candidate) noexcept {
    return candidate.fitness == Fitness::window_full ? Fitness::ready : candidate.fitness;
}

bool is_fitter(const Candidate& one, const Candidate& other) noexcept {
    if (one.fitness != other.fitness) return one.fitness > other.fitness;
    return one.fitness == Fitness::window_full && one.held_back < other.held_back;
}

class RoundRobin : public Chooser {
  public:
    std::size_t choose(Candidates candidates, const Ballot& /*ballot*/) override {
        std::size_t chosen = kNobody;
        Candidate best;
        auto place = turn_;
        for (auto left = candidates.size(); left > 0;
             --left, place = after(place, candidates.size())) {
            if (!is_fitter(candidates[place], best)) continue;
            chosen = place;
            best = candidates[place];
            if (best.fitness == Fitness::ready) break;
        }
        return chosen;
    }

    void served(std::size_t place, std::size_t count) override { turn_ = after(place, count); }

    void left(std::size_t place, std::size_t count) override {
        if (place < turn_) --turn_;
        if (turn_ >= count) turn_ = 0;
    }

    [[nodiscard]] std::size_t turn() const noexcept override { return turn_; }
    void set_turn(std::size_t place) override { turn_ = place; }

  protected:
    static std::size_t after(std::size_t place, std::size_t count) noexcept {
        return place + 1 == count ? 0 : place + 1;
    }

  private:
    std::size_t turn_ = 0;  // the place that is asked first
};

class LeastLoaded final : public RoundRobin {
  public:
    std::size_t choose(Candidates candidates, const Ballot& /*ballot*/) override {
        std::size_t chosen = kNobody;
        Candidate best;
        auto place = turn();
        for (auto left = candidates.size(); left > 0;
             --left, place = after(place, candidates.size())) {
            const auto& candidate = candidates[place];
            const bool is_better = candidate.fitness == best.fitness
                                       ? candidate.load < best.load
                                       : candidate.fitness > best.fitness;
            if (!is_better) continue;
            chosen = place;
            best = candidate;
        }
        return chosen;
    }
};

std::size_t choose_at_random(Candidates candidates, const RandomSource& random) {
    // Nearly always all members are ready, and the first draw is good.
    for (int draw = 0; draw < 4 && !candidates.empty(); ++draw) {
        const auto place = random() % candidates.size();
        if (candidates[place].fitness == Fitness::ready) return place;
    }
    Candidate best;
    for (const auto& candidate : candidates) {
        if (is_fitter(candidate, best)) best = candidate;
    }
    if (best.fitness == Fitness::unfit) return kNobody;
    const auto is_best = [&best](const Candidate& candidate) {
        return candidate.fitness == best.fitness && !is_fitter(best, candidate);
    };
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
            const auto fitness = steady_fitness(candidates[favourite_]);
            const auto is_fitter_now = [fitness](const Candidate& candidate) {
                return candidate.fitness > fitness;
            };
            if (fitness == Fitness::ready) return favourite_;
            if (fitness != Fitness::unfit && std::ranges::none_of(candidates, is_fitter_now))
                return favourite_;
        }
        return choose_at_random(candidates, random_);
    }

    void served(std::size_t place, std::size_t /*count*/) override { favourite_ = place; }

    void left(std::size_t place, std::size_t /*count*/) override {
        if (favourite_ == kNobody || place > favourite_) return;
        favourite_ = place == favourite_ ? kNobody : favourite_ - 1;
    }

    [[nodiscard]] std::size_t turn() const noexcept override { return favourite_; }
    void set_turn(std::size_t place) override { favourite_ = place; }

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
            const auto its_fitness = steady_fitness(candidates[place]);
            if (its_fitness == Fitness::unfit || its_fitness < fitness) continue;
            const auto weight = fmix64(candidates[place].key ^ key);
            if (its_fitness > fitness || weight > heaviest || chosen == kNobody) {
                chosen = place;
                fitness = its_fitness;
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

std::string_view name_of(Strategy strategy) noexcept {
    return std::ranges::find(kStrategyNames, strategy, &StrategyName::strategy)->name;
}

std::unique_ptr<Chooser> make_chooser(Strategy strategy, const RandomSource& random) {
    switch (strategy) {
        case Strategy::random:
            return std::make_unique<Random>(random);
        case Strategy::least_loaded:
            return std::make_unique<LeastLoaded>();
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
