// What a message costs in the plugin. Each benchmark reports `allocations`, per iteration: 0 once
// warm.
//
//   cmake --preset benchmark && cmake --build --preset benchmark &&
//   build/benchmark/tests/benchmarks
#include <benchmark/benchmark.h>

#include <algorithm>
#include <list>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "core/model/group.hpp"
#include "crowd.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {
namespace {

/// Runs the body once to warm up, then measures it.
template <class Body>
void measure(benchmark::State& state, const Body& body) {
    body();
    const auto before = allocation_count();
    for (auto unused : state) {
        (void)unused;
        body();
    }
    state.counters["allocations"] = benchmark::Counter(
        static_cast<double>(allocation_count() - before), benchmark::Counter::kAvgIterations);
}

/// One message to one group: WRITE, MESSAGE, and READ for each member. `members`: how many.
void fan_out(benchmark::State& state, BrokerTraits traits, Strategy strategy) {
    const auto members = static_cast<std::size_t>(state.range(0));
    Crowd crowd(traits, strategy, 1, members);
    const auto publisher = crowd.client("publisher");
    measure(state, [&] { crowd.fan_out(publisher, 0); });
    state.counters["per_member"] = benchmark::Counter(
        static_cast<double>(members),
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// The choice of one member, and its turn.
void election(benchmark::State& state, Strategy strategy) {
    const RandomSource random = [number = std::uint64_t{1}]() mutable {
        return number = number * 6364136223846793005U + 1442695040888963407U;
    };
    Filter filter{.text = "t", .groups = {}, .subscriptions = {}};
    Group group("g", filter, strategy, random);
    std::list<Member> members;
    for (std::int64_t number = 0; number < state.range(0); ++number) {
        auto& member = members.emplace_back(Member{.subscription = nullptr, .group = &group});
        group.join(member, {.key = stable_hash("worker-" + std::to_string(number)),
                            .fitness = Candidate::Fitness::ready});
    }
    std::uint64_t key = 0;
    measure(state, [&] {
        key = fmix64(key + 1);
        auto* elected = group.choose({.publisher = key, .topic = key});
        group.served(*elected);
        benchmark::DoNotOptimize(elected);
    });
}

/// One message to one of `groups` groups of three; the same group each time.
void same_topic_among_groups(benchmark::State& state, BrokerTraits traits) {
    const auto groups = static_cast<std::size_t>(state.range(0));
    Crowd crowd(traits, Strategy::round_robin, groups, 3);
    const auto publisher = crowd.client("publisher");
    measure(state, [&] { crowd.fan_out(publisher, groups / 2); });
}

/// ... each time another group, so that each time filters are matched and other memory is touched.
void changing_topics_among_groups(benchmark::State& state, BrokerTraits traits) {
    const auto groups = std::max(static_cast<std::size_t>(state.range(0)), std::size_t{1});
    Crowd crowd(traits, Strategy::round_robin, groups, 3);
    const auto publisher = crowd.client("publisher");
    for (std::size_t group = 0; group < groups; ++group) crowd.fan_out(publisher, group);
    std::size_t group = 0;
    measure(state, [&] {
        group = (group + 7919) % groups;  // a prime, so that it comes to all of them
        crowd.fan_out(publisher, group);
    });
}

/// READ for a client that has no subscription by the plugin's books, or only non-shared ones.
void client_in_no_group(benchmark::State& state, bool is_subscribed) {
    Crowd crowd(kBroker20, Strategy::round_robin, static_cast<std::size_t>(state.range(0)), 3);
    const auto client = crowd.client("subscriber");
    if (is_subscribed) {
        crowd.engine.subscribe(client, {FilterKind::non_shared, {}, "plant/#", nullptr}, {});
        crowd.engine.tick(2);
    }
    crowd.fan_out(crowd.client("publisher"), 0);
    const auto message = crowd.message(0);
    measure(state, [&] { benchmark::DoNotOptimize(crowd.engine.may_read(client, message)); });
}

#define MEMBERS Arg(1)->Arg(8)->Arg(64)->Arg(512)->ArgName("members")
#define GROUPS Arg(10)->Arg(10'000)->ArgName("groups")

BENCHMARK_CAPTURE(fan_out, round_robin_2_0, kBroker20, Strategy::round_robin)->MEMBERS;
BENCHMARK_CAPTURE(fan_out, round_robin_2_1, kBroker21, Strategy::round_robin)->MEMBERS;
BENCHMARK_CAPTURE(fan_out, hash_topic_2_1, kBroker21, Strategy::hash_topic)->MEMBERS;

BENCHMARK_CAPTURE(election, round_robin, Strategy::round_robin)->MEMBERS;
BENCHMARK_CAPTURE(election, random, Strategy::random)->MEMBERS;
BENCHMARK_CAPTURE(election, sticky, Strategy::sticky)->MEMBERS;
BENCHMARK_CAPTURE(election, hash_topic, Strategy::hash_topic)->MEMBERS;

BENCHMARK_CAPTURE(same_topic_among_groups, 2_0, kBroker20)->GROUPS;
BENCHMARK_CAPTURE(same_topic_among_groups, 2_1, kBroker21)->GROUPS;
BENCHMARK_CAPTURE(changing_topics_among_groups, 2_0, kBroker20)->GROUPS;
BENCHMARK_CAPTURE(changing_topics_among_groups, 2_1, kBroker21)->GROUPS;

BENCHMARK_CAPTURE(client_in_no_group, unknown, false)->GROUPS;
BENCHMARK_CAPTURE(client_in_no_group, ordinary_subscriber, true)->GROUPS;

}  // namespace
}  // namespace shared_subscription
