// One list of actions from a seed: carried out with the plugin and without it, judged, made
// shorter.

#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "player.hpp"

namespace fuzz {

struct Options {
    std::uint64_t seed = 0;
    std::size_t rounds = static_cast<std::size_t>(-1);
    std::size_t seconds = 60;
    std::size_t actions = 300;
    std::size_t shrink = 120;
    std::string configuration = {};
    std::set<std::size_t> kept = {};
    std::set<std::string> ignored = {};
    bool no_empty_texts = false;
    bool shows_log = false;
    bool only_plain = false;
    bool goes_on = false;
};

struct Totals {
    std::size_t rounds = 0, actions = 0, findings = 0;
};

class Round {
  public:
    Round(const Options& options, std::uint64_t seed, std::string configuration)
        : options_(options), seed_(seed), configuration_(std::move(configuration)) {}

    // Shows what it finds; adds to the totals.
    void run(Totals& totals);

  private:
    struct Both {
        Outcome with, without;
    };

    Actions actions() const;
    Findings judge_all(const Actions& actions);
    Findings judge(const Actions& actions);
    Findings judge_memory(Actions actions);
    std::size_t growth(const Actions& actions, const Outcome* plain, std::size_t& size);
    Both play_both(const Actions& actions) const;
    Findings of_the_plugin(const Findings& findings, const Actions& actions) const;
    Findings unknown(Findings findings) const;
    void show_log(const std::string& log) const;
    void show(const Actions& actions, const std::string& kind) const;

    const Options& options_;
    const std::uint64_t seed_;
    const std::string configuration_;
    std::size_t actions_ = 0;
};

}  // namespace fuzz
