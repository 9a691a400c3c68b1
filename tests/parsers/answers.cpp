// What the command line client makes of answers. It takes what a type of JSON's does not fit for no
// answer.
#include "ctrl/answer.hpp"

#include "ctrl/exposition.hpp"
#include "ctrl/table.hpp"
#include "input.hpp"
#include "shared_subscription/text.hpp"

using namespace shared_subscription;
using namespace shared_subscription::ctrl;

namespace {

void require_harmless(const std::string& text) {
    for (const auto& line : parsers::lines_of(text)) parsers::require(printable(line) == line);
}

// Each line is a comment or a sample, whatever names there are.
void require_samples(const std::string& text) {
    for (const auto& line : parsers::lines_of(text)) {
        parsers::require(line.starts_with("# ") ||
                         line.starts_with("mosquitto_shared_subscription_"));
        for (const char character : line)
            parsers::require(static_cast<unsigned char>(character) >= 0x20U);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto response = response_in(parsers::to_text(data, size), "1");
    if (!response) return 0;
    Failure failure;
    for (const auto kind :
         {Kind::list, Kind::show, Kind::change, Kind::statistics, Kind::version}) {
        const Command command{.kind = kind, .request = Json::object(), .done = "done"};
        try {
            const auto fetched = fetch(
                command, [&](const Json&, Failure& why) { return data_of(*response, why); },
                failure);
            if (!fetched) continue;
            require_harmless(as_ascii(*fetched, 2));
            require_harmless(shown(command, *fetched));
            if (kind != Kind::list) continue;
            require_harmless(shown_live(*fetched, fetched->at("groups")));
            require_samples(exposition(*fetched, *fetched, fetched->at("groups")));
        } catch (const Json::exception&) {
            continue;
        }
    }
    return 0;
}
