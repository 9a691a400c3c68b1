#include "scenario.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

using Setter = std::function<void(Scenario&, std::string_view)>;

Setter flag(bool Scenario::*field) {
    return [field](Scenario& scenario, std::string_view text) {
        if (text != "true" && text != "false") throw std::invalid_argument(std::string(text));
        scenario.*field = text == "true";
    };
}

template <class Number>
Number read(std::string_view text) {
    Number value{};
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || rest != end) throw std::invalid_argument(std::string(text));
    return value;
}

template <class Number>
Setter number(Number Scenario::*field) {
    return [field](Scenario& scenario, std::string_view text) {
        scenario.*field = read<Number>(text);
    };
}

// <port>:<process>
void add_broker(Scenario& scenario, std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size() - 1);
    scenario.brokers.push_back({.port = read<std::uint16_t>(text.substr(0, colon)),
                                .process = read<pid_t>(text.substr(colon + 1))});
}

const std::map<std::string_view, Setter> kSetters{
    {"--broker", add_broker},
    {"--publishers", number(&Scenario::publishers)},
    {"--groups", number(&Scenario::groups)},
    {"--members", number(&Scenario::members)},
    {"--filters", number(&Scenario::filters)},
    {"--topics", number(&Scenario::topics)},
    {"--bystanders", number(&Scenario::bystanders)},
    {"--shared", flag(&Scenario::shared)},
    {"--qos", number(&Scenario::qos)},
    {"--payload", number(&Scenario::payload)},
    {"--window", number(&Scenario::window)},
    {"--in-flight", number(&Scenario::in_flight)},
    {"--messages", number(&Scenario::messages)},
    {"--seconds", number(&Scenario::seconds)},
    {"--slice", number(&Scenario::slice)},
    {"--warm-up", number(&Scenario::warm_up)},
    {"--rate", number(&Scenario::rate)},
    {"--memberships", number(&Scenario::memberships)},
    {"--clients", number(&Scenario::clients)},
};

void require(bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(what);
}

void check(const Scenario& scenario) {
    require(!scenario.brokers.empty(), "--broker is missing");
    require(scenario.groups > 0 && scenario.qos <= 1, "--groups takes 1 or more, --qos 0 or 1");
    if (scenario.memberships > 0) return;
    require(scenario.publishers > 0, "nobody publishes");
    require(scenario.filters > 0 && scenario.groups % scenario.filters == 0,
            "--groups has to be a multiple of --filters");
    require(scenario.shared || scenario.members == 1, "--shared false takes --members 1");
    require(scenario.payload >= 16, "--payload takes 16 or more");
    require(scenario.window > 0 && scenario.window < 65536, "--window takes 1 to 65535");
    require(scenario.in_flight >= scenario.groups / scenario.filters,
            "--in-flight is less than the copies of one message");
    require(scenario.topics >= scenario.filters, "--topics is less than --filters");
    require(scenario.seconds > 0 && scenario.slice > 0, "--seconds and --slice take more than 0");
    require(scenario.warm_up >= 0 && scenario.rate >= 0, "--warm-up and --rate take 0 or more");
}

}  // namespace

Scenario read_scenario(int count, const char* const* arguments) {
    Scenario scenario;
    for (int i = 1; i + 1 < count; i += 2) {
        const auto setter = kSetters.find(arguments[i]);
        if (setter == kSetters.end()) throw std::invalid_argument(arguments[i]);
        setter->second(scenario, arguments[i + 1]);
    }
    require(count % 2 == 1, "options come with a value each");
    check(scenario);
    return scenario;
}

}  // namespace bench
