// mosquitto.conf.
#include "mosquitto/configuration.hpp"

#include <unistd.h>

#include <array>
#include <fstream>

#include "input.hpp"

using namespace shared_subscription;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto directory = [] {
        auto path = std::filesystem::temp_directory_path() / ("conf." + std::to_string(getpid()));
        std::filesystem::create_directory(path);
        return path;
    }();
    const std::array files{directory / "mosquitto.conf"};
    std::ofstream(files[0], std::ios::binary) << parsers::to_text(data, size);
    for (const auto generation : {Generation::v2_0, Generation::v2_1}) {
        std::string problem;
        const auto configuration = read_configuration(files, generation, problem);
        parsers::require(configuration.has_value() == problem.empty());
    }
    return 0;
}
