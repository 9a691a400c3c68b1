// plugin_opt_ lines.
#include "options/options.hpp"

#include "input.hpp"

using namespace shared_subscription;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto lines = parsers::lines_of(parsers::to_text(data, size));
    std::vector<Option> options;
    for (const auto& line : lines) {
        const auto space = std::string_view(line).find(' ');
        const auto value =
            space == line.npos ? std::string_view() : std::string_view(line).substr(space + 1);
        options.emplace_back(std::string_view(line).substr(0, space), value);
    }
    std::string problem;
    const auto parsed = parse_options(options, problem);
    parsers::require(parsed.has_value() == problem.empty());
    return 0;
}
