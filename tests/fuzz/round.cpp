#include "round.hpp"

#include <algorithm>
#include <iostream>
#include <sstream>

#include "../integration/environment.hpp"
#include "comparison.hpp"
#include "configurations.hpp"
#include "plan.hpp"
#include "shrink.hpp"

namespace fuzz {
namespace {

constexpr const char* memory = "memory is not given back";

Findings without_plugin(Findings findings) {
    for (auto& each : findings) each.kind = "without the plugin: " + each.kind;
    return findings;
}

bool is_end(const Finding& finding) {
    return finding.kind.starts_with("the broker");
}

bool has(const Findings& findings, const std::string& kind) {
    return std::ranges::any_of(findings, [&](const auto& each) { return each.kind == kind; });
}

}  // namespace

void Round::run(Totals& totals) {
    const auto all = actions();
    const auto findings = judge_all(all);
    totals.actions += actions_;
    totals.findings += findings.size();
    if (findings.empty()) return;
    for (const auto& each : findings)
        std::cout << "FOUND: " << each.kind << ": " << each.text << '\n';
    std::cout << "Making it shorter ..." << std::endl;
    const auto kind = findings.front().kind;
    const auto fails = [&](const Actions& fewer) {
        return has(kind == memory ? judge_memory(fewer) : judge(fewer), kind);
    };
    show(shrink(all, fails, std::chrono::seconds(options_.shrink)), kind);
}

Actions Round::actions() const {
    auto result = make_plan(seed_, options_.actions);
    if (options_.no_empty_texts) fill_empty_texts(result);
    if (options_.kept.empty()) return result;
    std::erase_if(result, [&](const auto& each) { return !options_.kept.contains(each.number); });
    return result;
}

// Sanitizers keep what is freed, so memory is measured without them; and not each time, as it takes
// long.
Findings Round::judge_all(const Actions& actions) {
    const auto findings = judge(actions);
    const bool measures = integration::environment().broker_preload.empty() && seed_ % 8 == 0 &&
                          !options_.only_plain && !keeps_what_it_drops(configuration_);
    return findings.empty() && measures ? judge_memory(actions) : findings;
}

// One with the plugin and one without. Two of each where they differ: only what is the same
// each time is a finding.
Findings Round::judge(const Actions& actions) {
    const auto first = play_both(actions);
    actions_ += first.with.actions + first.without.actions;
    if (const auto findings = unknown(first.with.findings); !findings.empty()) {
        if (options_.shows_log) show_log(first.with.log);
        return of_the_plugin(findings, actions);
    }
    if (std::ranges::any_of(first.without.findings, is_end)) return {};
    if (!first.without.findings.empty()) return without_plugin(first.without.findings);
    // One that could not go on.
    if (first.with.records.empty()) return {};
    const auto findings = unknown(compare(first.with, first.without));
    if (findings.empty()) return {};
    const auto second = play_both(actions);
    if (second.with.records.empty() || second.without.records.empty()) return {};
    if (!compare(first.without, second.without).empty()) return {};
    return compare(second.with, second.without).empty() ? Findings() : findings;
}

Findings Round::unknown(Findings findings) const {
    std::erase_if(findings, [&](const auto& each) { return options_.ignored.contains(each.kind); });
    return findings;
}

// The same again and again on one broker, from which everybody leaves each time: what is used after
// the second time is enough for the others. The broker without the plugin says what is its own.
Findings Round::judge_memory(Actions actions) {
    constexpr std::size_t small = 512;  // kilobytes: pages that a small allocator fills at last
    std::erase_if(actions, [](const Action& each) {
        return each.kind == ActionKind::restart || each.kind == ActionKind::crash ||
               each.kind == ActionKind::wait;
    });
    std::size_t size = 0;
    const auto with = growth(actions, nullptr, size);
    const auto tolerance = size / 10 + small;
    if (with <= tolerance) return {};
    const Outcome nothing;
    const auto without = growth(actions, &nothing, size);
    if (with <= tolerance + without) return {};
    return {{memory, "after the second time " + std::to_string(size) + " KB, after the last " +
                         std::to_string(with) + " more; without the plugin " +
                         std::to_string(without) + " more"}};
}

// In kilobytes; `size` is what it has grown from.
std::size_t Round::growth(const Actions& actions, const Outcome* plain, std::size_t& size) {
    constexpr int passes = 6;
    const auto outcome = play(actions, {configuration_, plain, passes});
    actions_ += outcome.actions;
    const auto& sizes = outcome.resident_kilobytes;
    if (sizes.size() < passes) return 0;
    size = sizes[1];
    return sizes.back() > size ? sizes.back() - size : 0;
}

// The broker has faults of its own, which do not show each time. Memory that it has spoilt may end
// it early, or when it stops.
Findings Round::of_the_plugin(const Findings& findings, const Actions& actions) const {
    constexpr int tries = 10;
    if (!is_end(findings.front())) return findings;
    const Outcome nothing;
    const Course without{.configuration = configuration_, .with_plugin = &nothing};
    for (int i = 0; i < tries; ++i) {
        if (std::ranges::any_of(play(actions, without).findings, is_end)) return {};
    }
    return findings;
}

Round::Both Round::play_both(const Actions& actions) const {
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

void Round::show_log(const std::string& log) const {
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        if (line.find(" PING") == line.npos) std::cout << "  " << line << '\n';
    }
}

void Round::show(const Actions& actions, const std::string& kind) const {
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
              << " --rounds 1 --configuration " << configuration_ << " --keep " << numbers << '\n'
              << std::endl;
}

}  // namespace fuzz
