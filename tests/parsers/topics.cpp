// Whether a filter matches a topic, as the broker's own library says.
#include <mosquitto.h>

#include "input.hpp"
#include "shared_subscription/subscription_filter.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto lines = parsers::lines_of(parsers::to_text(data, size));
    if (lines.size() < 2) return 0;
    const std::string filter = lines[0].c_str();
    const std::string topic = lines[1].c_str();
    const bool is_valid = !filter.empty() && !topic.empty() &&
                          mosquitto_sub_topic_check(filter.c_str()) == MOSQ_ERR_SUCCESS &&
                          mosquitto_pub_topic_check(topic.c_str()) == MOSQ_ERR_SUCCESS;
    const bool matches = shared_subscription::matches(filter, topic);
    bool expected = false;
    if (is_valid &&
        mosquitto_topic_matches_sub(filter.c_str(), topic.c_str(), &expected) == MOSQ_ERR_SUCCESS) {
        parsers::require(matches == expected);
    }
    return 0;
}
