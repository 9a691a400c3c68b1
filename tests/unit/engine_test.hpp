// The whole core in front of a small broker of each generation.
#pragma once

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "rows.hpp"
#include "small_broker.hpp"

namespace shared_subscription {

class EngineFixture : public ::testing::Test {
  protected:
    explicit EngineFixture(BrokerTraits traits) : broker(traits) {}

    void connect_all(const std::vector<std::string>& ids,
                     SmallBroker::ConnectOptions options = {}) {
        for (const auto& id : ids) broker.connect(id, options);
    }
    void subscribe_all(const std::vector<std::string>& ids, const std::string& filter) {
        for (const auto& id : ids) EXPECT_TRUE(broker.subscribe(id, filter));
    }
    /// All of them connected and subscribed by that filter.
    void join_all(const std::vector<std::string>& ids, const std::string& filter,
                  SmallBroker::ConnectOptions options = {}) {
        connect_all(ids, options);
        subscribe_all(ids, filter);
    }
    /// Messages of one publisher, until all that follows from them is done.
    void publish(const std::string& topic, int count) {
        if (!has_publisher_) broker.connect("publisher");
        has_publisher_ = true;
        for (int number = 0; number < count; ++number)
            broker.publish("publisher", {.topic = topic, .payload = std::to_string(number)});
        broker.settle();
    }

    SmallBroker broker;

  private:
    bool has_publisher_ = false;
};

inline constexpr SmallBroker::ConnectOptions kPersistent{.protocol = 5, .persistent = true};

struct GenerationRow : Row {
    BrokerTraits traits;
};

inline const std::vector<GenerationRow> kGenerations{
    {{"On20"}, kBroker20},
    {{"On20WithListenerSettings"}, kBroker20WithListenerSettings},
    {{"On20Direct"}, kBroker20Direct},
    {{"On21"}, kBroker21},
    {{"On21WithRings"}, kBroker21WithRings}};

class EngineTest : public EngineFixture, public ::testing::WithParamInterface<GenerationRow> {
  protected:
    EngineTest() : EngineFixture(GetParam().traits) {}

    [[nodiscard]] bool is_2_1() const { return GetParam().traits.separate_leaves; }
    /// Whether the broker denies clients that are offline everything, and says nothing of them.
    [[nodiscard]] bool denies_the_away() const { return GetParam().traits.has_listener_settings; }
};

#define INSTANTIATE_FOR_GENERATIONS(suite) \
    INSTANTIATE_TEST_SUITE_P(, suite, ::testing::ValuesIn(kGenerations), name_of<GenerationRow>)

}  // namespace shared_subscription
