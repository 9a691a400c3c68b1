#include "environment.hpp"

#include <cstdlib>
#include <sstream>
#include <stdexcept>

namespace integration {
namespace {

std::string required(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') {
        throw std::runtime_error(std::string(name) +
                                 " is not set: start these tests with tests/run");
    }
    return value;
}

BrokerVersion broker_version() {
    const std::string version = required("SHARED_SUBSCRIPTION_BROKER");
    if (version == "2.0") return BrokerVersion::v20;
    if (version == "2.0.21") return BrokerVersion::v20_later;
    if (version == "2.1") return BrokerVersion::v21;
    throw std::runtime_error("SHARED_SUBSCRIPTION_BROKER is '" + version +
                             "', not 2.0, 2.0.21 or 2.1");
}

std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> result;
    for (std::string word; stream >> word;) result.push_back(word);
    return result;
}

Environment read() {
    const char* preload = std::getenv("SHARED_SUBSCRIPTION_BROKER_PRELOAD");
    return {.plugin = required("SHARED_SUBSCRIPTION_PLUGIN"),
            .broker = broker_version(),
            .broker_command = words(required("SHARED_SUBSCRIPTION_BROKER_COMMAND")),
            .dynamic_security = required("SHARED_SUBSCRIPTION_DYNAMIC_SECURITY"),
            .broker_preload = preload == nullptr ? "" : preload};
}

}  // namespace

const Environment& environment() {
    static const Environment result = read();
    return result;
}

bool broker_is_20() {
    return environment().broker != BrokerVersion::v21;
}

bool broker_can_be_asked() {
    return environment().broker != BrokerVersion::v20_later;
}

bool broker_denies_the_away() {
    return environment().broker == BrokerVersion::v20_later;
}

bool broker_refuses_no_local() {
    return environment().broker != BrokerVersion::v20;
}

bool broker_reads_pipes() {
    return environment().broker == BrokerVersion::v20;
}

bool broker_adds_the_window_to_the_queue() {
    return environment().broker == BrokerVersion::v20_later;
}

bool long_runs() {
    return std::getenv("SHARED_SUBSCRIPTION_LONG") != nullptr;
}

std::string ctrl_client() {
    return required("SHARED_SUBSCRIPTION_CTRL");
}

std::string mqttjs_directory() {
    return required("SHARED_SUBSCRIPTION_MQTTJS");
}

}  // namespace integration
