// Configuration files of one test, and what was read from them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "mosquitto/configuration.hpp"
#include "temporary_directory.hpp"

namespace shared_subscription {

/// One use as "scope keyword path #load_order".
[[nodiscard]] inline std::string describe(const PluginUse& use) {
    return std::to_string(use.scope) + " " + use.keyword + " " + use.path.string() + " #" +
           std::to_string(use.load_order);
}

[[nodiscard]] inline std::vector<std::string> describe(const Configuration& configuration) {
    std::vector<std::string> uses;
    for (const auto& use : configuration.plugins) uses.push_back(describe(use));
    return uses;
}

class ConfigurationTest : public ::testing::Test {
  protected:
    Configuration read(std::string_view text, Generation generation = Generation::v2_0) {
        return read_files({directory.write("mosquitto.conf", text)}, generation);
    }
    static Configuration read_file(const std::filesystem::path& file) { return read_files({file}); }

    static Configuration read_files(const std::vector<std::filesystem::path>& files,
                                    Generation generation = Generation::v2_0) {
        std::string problem;
        auto configuration = read_configuration(files, generation, problem);
        EXPECT_TRUE(configuration) << problem;
        EXPECT_EQ(problem, "");
        return configuration.value_or(Configuration{});
    }

    /// Why these cannot be read; empty: they can.
    static std::string problem_of(const std::vector<std::filesystem::path>& files) {
        std::string problem;
        EXPECT_FALSE(read_configuration(files, Generation::v2_0, problem));
        return problem;
    }

    TemporaryDirectory directory;
};

}  // namespace shared_subscription
