// Drives a real broker with random clients, and judges. tests/fuzz/run names the broker.

#include <algorithm>
#include <charconv>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

#include "../integration/environment.hpp"
#include "comparison.hpp"
#include "configurations.hpp"
#include "plan.hpp"
#include "shrink.hpp"

namespace {

using namespace fuzz;
using std::chrono::steady_clock;

constexpr const char* usage =
    R"(Usage: fuzz [OPTION]...

Each round makes a list of random actions from a seed, carries it out on a broker with the plugin and on
one without, and judges. The first finding is made shorter, shown, and ends the program with status 1.

  --seed N           of the first round (random); each round takes the next
  --rounds N         how many (any number)
  --seconds N        begins no round after that (60)
  --actions N        in each round (300)
  --configuration C  of the broker, words joined by '+' (each round another one); --list names some
  --keep N,N,...     only these actions of the list
  --ignore KIND      a kind of finding that is known; may be repeated
  --no-empty-texts   no string of length zero in properties, at which 2.0.11 may crash
  --only-plain       the broker without the plugin against itself: there must be no finding
  --go-on            goes on after a finding, with the next round
  --shrink N         seconds for making a failure shorter (120)
  --list             names the configurations
)";

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

    // Returns how many findings there were.
    std::size_t run(Totals& totals) {
        auto actions = make_plan(seed_, options_.actions);
        if (!options_.kept.empty()) {
            std::erase_if(actions,
                          [&](const auto& each) { return !options_.kept.contains(each.number); });
        }
        if (options_.no_empty_texts) fill_empty_texts(actions);
        auto findings = judge(actions);
        // Sanitizers keep what is freed.
        const bool measures = integration::environment().broker_preload.empty() && seed_ % 8 == 0;
        if (findings.empty() && measures) findings = judge_memory(actions);
        totals.actions += actions_;
        if (findings.empty()) return 0;
        for (const auto& each : findings)
            std::cout << "FOUND: " << each.kind << ": " << each.text << '\n';
        std::cout << "Making it shorter ..." << std::endl;
        const auto kind = findings.front().kind;
        const auto shorter = shrink(
            actions,
            [&](const auto& fewer) {
                return has(kind == memory ? judge_memory(fewer) : judge(fewer), kind);
            },
            std::chrono::seconds(options_.shrink));
        show(shorter, kind);
        return findings.size();
    }

  private:
    // One with the plugin and one without. Two of each where they differ: only what is the same
    // each time is a finding.
    Findings judge(const Actions& actions) {
        const auto first = play_both(actions);
        actions_ += first.with.actions + first.without.actions;
        if (const auto findings = unknown(first.with.findings); !findings.empty()) {
            return of_the_plugin(findings, actions);
        }
        if (!first.without.findings.empty()) return without_plugin(first.without.findings);
        // One that could not go on.
        if (first.with.records.empty()) return {};
        const auto findings = unknown(compare(first.with, first.without));
        if (findings.empty()) return {};
        const auto second = play_both(actions);
        if (second.with.records.empty() || !compare(first.without, second.without).empty())
            return {};
        return compare(second.with, second.without).empty() ? Findings() : findings;
    }

    Findings unknown(Findings findings) const {
        std::erase_if(findings,
                      [&](const auto& each) { return options_.ignored.contains(each.kind); });
        return findings;
    }

    static constexpr const char* memory = "memory is not given back";

    // The same again and again on one broker, from which everybody leaves each time: what is used
    // after the second time is enough for the others. The broker without the plugin says what is
    // its own.
    Findings judge_memory(Actions actions) {
        constexpr int passes = 6;
        constexpr std::size_t small = 512;  // kilobytes: whole pages of a small allocator
        std::erase_if(actions, [](const Action& each) {
            return each.kind == ActionKind::restart || each.kind == ActionKind::crash ||
                   each.kind == ActionKind::wait;
        });
        const Outcome nothing;
        const auto growth = [&](const Outcome* plain) {
            const auto outcome = play(actions, {configuration_, plain, passes});
            actions_ += outcome.actions;
            const auto& sizes = outcome.resident_kilobytes;
            if (sizes.size() < passes) return std::pair<std::size_t, std::size_t>();
            return std::pair(sizes[1], sizes.back() - std::min(sizes[1], sizes.back()));
        };
        const auto [size, with] = growth(nullptr);
        if (with <= size / 10 + small) return {};
        const auto without = growth(&nothing).second;
        if (with <= size / 10 + small + without) return {};
        return {{memory, "after the second time " + std::to_string(size) + " KB, after the last " +
                             std::to_string(with) + " more; without the plugin " +
                             std::to_string(without) + " more"}};
    }

    // The broker has faults of its own.
    Findings of_the_plugin(const Findings& findings, const Actions& actions) const {
        if (!findings.front().kind.starts_with("the broker")) return findings;
        const Outcome nothing;
        const auto plain =
            play(actions, {.configuration = configuration_, .with_plugin = &nothing});
        const bool is_own = has(plain.findings, findings.front().kind);
        return is_own ? Findings() : findings;
    }

    struct Both {
        Outcome with, without;
    };
    Both play_both(const Actions& actions) const {
        Both result;
        const Outcome nothing;
        result.with = play(actions, {.configuration = configuration_,
                                     .with_plugin = options_.only_plain ? &nothing : nullptr});
        if (unknown(result.with.findings).empty() && !result.with.records.empty()) {
            result.without =
                play(actions, {.configuration = configuration_, .with_plugin = &result.with});
        }
        return result;
    }

    static Findings without_plugin(Findings findings) {
        for (auto& each : findings) each.kind = "without the plugin: " + each.kind;
        return findings;
    }

    static bool has(const Findings& findings, const std::string& kind) {
        return std::ranges::any_of(findings, [&](const auto& each) { return each.kind == kind; });
    }

    void show(const Actions& actions, const std::string& kind) const {
        std::cout << "\n" << kind << ", configuration " << configuration_ << ":\n";
        std::string numbers;
        std::size_t shown = 0;
        for (const auto& each : actions) {
            if (++shown < 60) std::cout << "  " << describe(each) << '\n';
            numbers += (numbers.empty() ? "" : ",") + std::to_string(each.number);
        }
        if (shown >= 60) std::cout << "  and " << shown - 59 << " more\n";
        std::cout << "Again: --seed " << seed_ << " --actions " << options_.actions
                  << (options_.no_empty_texts ? " --no-empty-texts" : "")
                  << " --rounds 1 --configuration " << configuration_ << " --keep " << numbers
                  << '\n'
                  << std::endl;
    }

    const Options& options_;
    const std::uint64_t seed_;
    const std::string configuration_;
    std::size_t actions_ = 0;
};

std::uint64_t number(const std::string& text) {
    std::uint64_t result = 0;
    const auto end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, result);
    if (error != std::errc() || at != end) throw std::invalid_argument("no number: " + text);
    return result;
}

std::set<std::size_t> numbers(const std::string& text) {
    std::set<std::size_t> result;
    std::istringstream stream(text);
    for (std::string each; std::getline(stream, each, ',');) result.insert(number(each));
    return result;
}

void list_configurations() {
    for (const auto& each : all_configurations()) std::cout << each << '\n';
}

Options parse(const std::vector<std::string>& arguments) {
    Options options{.seed = std::random_device()()};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& name = arguments[i];
        const auto value = [&]() -> const std::string& {
            if (i + 1 == arguments.size()) throw std::invalid_argument(name + " takes a value");
            return arguments[++i];
        };
        if (name == "--seed")
            options.seed = number(value());
        else if (name == "--rounds")
            options.rounds = number(value());
        else if (name == "--seconds")
            options.seconds = number(value());
        else if (name == "--actions")
            options.actions = number(value());
        else if (name == "--shrink")
            options.shrink = number(value());
        else if (name == "--configuration")
            options.configuration = value();
        else if (name == "--keep")
            options.kept = numbers(value());
        else if (name == "--ignore")
            options.ignored.insert(value());
        else if (name == "--no-empty-texts")
            options.no_empty_texts = true;
        else if (name == "--only-plain")
            options.only_plain = true;
        else if (name == "--go-on")
            options.goes_on = true;
        else
            throw std::invalid_argument("unknown option " + name);
    }
    return options;
}

int run(const Options& options) {
    const auto configurations = all_configurations();
    const auto end = steady_clock::now() + std::chrono::seconds(options.seconds);
    Totals totals;
    for (auto seed = options.seed; totals.rounds < options.rounds; ++seed) {
        if (totals.rounds > 0 && steady_clock::now() > end) break;
        const auto& configuration = options.configuration.empty()
                                        ? configurations[seed % configurations.size()]
                                        : options.configuration;
        std::cout << "Seed " << seed << ", configuration " << configuration << std::endl;
        ++totals.rounds;
        totals.findings += Round(options, seed, configuration).run(totals);
        if (totals.findings > 0 && !options.goes_on) break;
    }
    std::cout << totals.rounds << " rounds, " << totals.actions << " actions, " << totals.findings
              << " findings\n";
    return totals.findings == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments == std::vector<std::string>{"--help"}) return std::cout << usage, 0;
    if (arguments == std::vector<std::string>{"--list"}) return list_configurations(), 0;
    return run(parse(arguments));
} catch (const std::invalid_argument& error) {
    std::cerr << "fuzz: " << error.what() << '\n' << usage;
    return 2;
} catch (const std::exception& error) {
    std::cerr << "fuzz: " << error.what() << '\n';
    return 3;
}
