// Loads brokers on this machine and prints what it saw, as one line of JSON.
#include <sys/prctl.h>

#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

#include "joins.hpp"
#include "load.hpp"
#include "scenario.hpp"

namespace {

void print(const bench::Result& result) {
    std::printf(
        "{\"seconds\": %.6f, \"received\": %llu, \"broker_cpu\": %.6f, \"generator_cpu\": %.6f, "
        "\"resident\": %llu, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"longest\": %.1f, "
        "\"published\": %llu, \"copies\": %llu, "
        "\"lost\": %llu, \"duplicates\": %llu, \"unexpected\": %llu}",
        result.seconds, static_cast<unsigned long long>(result.received), result.broker_cpu,
        result.generator_cpu, static_cast<unsigned long long>(result.resident), result.p50,
        result.p99, result.p999, result.longest, static_cast<unsigned long long>(result.published),
        static_cast<unsigned long long>(result.copies),
        static_cast<unsigned long long>(result.lost),
        static_cast<unsigned long long>(result.duplicates),
        static_cast<unsigned long long>(result.unexpected));
}

void print(const std::vector<bench::Result>& results) {
    const char* before = "[";
    for (const auto& result : results) {
        std::fputs(std::exchange(before, ", "), stdout);
        print(result);
    }
    std::puts("]");
}

void print(const bench::Joined& joined) {
    std::printf("{\"seconds\": %.6f, \"broker_cpu\": %.6f, \"before\": %llu, \"after\": %llu}\n",
                joined.seconds, joined.broker_cpu, static_cast<unsigned long long>(joined.before),
                static_cast<unsigned long long>(joined.after));
}

}  // namespace

int main(int count, char** arguments) {
    try {
        const auto scenario = bench::read_scenario(count, arguments);
        // Otherwise a wait ends up to 50 microseconds late.
        prctl(PR_SET_TIMERSLACK, 1);
        if (scenario.memberships > 0) {
            print(bench::join(scenario));
        } else {
            print(bench::load(scenario));
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "load_generator: %s\n", error.what());
        return 1;
    }
}
