// Drives a real broker with random clients, and judges. tests/fuzz/run names the broker.

#include <charconv>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

#include "configurations.hpp"
#include "round.hpp"

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
  --log              shows the broker's log of each run that has a finding, without PINGs
  --go-on            goes on after a finding, with the next round
  --shrink N         seconds for making a failure shorter (120)
  --list             names the configurations
)";

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
        else if (name == "--log")
            options.shows_log = true;
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
    auto configurations = all_configurations();
    std::erase_if(configurations, [](const auto& each) { return !is_for_this_broker(each); });
    const auto end = steady_clock::now() + std::chrono::seconds(options.seconds);
    Totals totals;
    for (auto seed = options.seed; totals.rounds < options.rounds; ++seed) {
        if (totals.rounds > 0 && steady_clock::now() > end) break;
        const auto& configuration = options.configuration.empty()
                                        ? configurations[seed % configurations.size()]
                                        : options.configuration;
        std::cout << "Seed " << seed << ", configuration " << configuration << std::endl;
        ++totals.rounds;
        Round(options, seed, configuration).run(totals);
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
