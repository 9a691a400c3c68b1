// Requests of administrators, in JSON.
#include "control/requests.hpp"

#include <nlohmann/json.hpp>

#include "../unit/quiet_broker.hpp"
#include "input.hpp"

using namespace shared_subscription;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    QuietBroker broker;
    Engine engine(broker, {.separate_leaves = true, .announces_sessions = true, .ticks = true},
                  StrategyTable(), [] { return std::uint64_t{0}; });
    const int connection = 0;
    for (const auto* filter : {"$share/g/t", "$share/g/u", "$queue/t"})
        engine.subscribe({.context = &connection, .id = "a"}, parse_subscription(filter), {});
    const auto answer = answer_request(parsers::to_text(data, size), engine, true, {});
    parsers::require(nlohmann::json::accept(answer));
    return 0;
}
