// Once warm, a message costs no allocation, whoever gets it and however it is chosen.
#include <gtest/gtest.h>

#include <memory_resource>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "crowd.hpp"
#include "rows.hpp"

namespace shared_subscription {
namespace {

TEST(AllocationCount, CountsEveryForm) {
    const auto counts = [](const auto& action) {
        const auto before = allocation_count();
        action();
        return allocation_count() - before;
    };
    EXPECT_EQ(counts([] {}), 0U);
    EXPECT_EQ(counts([] { ::operator delete(::operator new(1)); }), 1U);
    EXPECT_EQ(counts([] { ::operator delete[](::operator new[](1)); }), 1U);
    EXPECT_EQ(counts([] {
                  ::operator delete (::operator new (64, std::align_val_t{64}),
                                     std::align_val_t{64});
              }),
              1U);
    EXPECT_EQ(counts([] { ::operator delete(::operator new(1, std::nothrow), std::nothrow); }), 1U);
    EXPECT_EQ(counts([] {  // inside the standard library
                  auto* resource = std::pmr::new_delete_resource();
                  resource->deallocate(resource->allocate(8), 8);
              }),
              1U);
    EXPECT_GE(counts([] { std::string(1000, 'x'); }), 1U);
}

struct WarmRow : Row {
    BrokerTraits traits;
    Strategy strategy;
    std::uint8_t qos;
    bool asks_others;
};

std::vector<WarmRow> all_rows() {
    std::vector<WarmRow> rows;
    for (const auto& [strategy_name, strategy] : std::span(kStrategyNames).first(6)) {
        for (const bool is_2_1 : {false, true}) {
            for (const int qos : {0, 2}) {
                std::string name;
                for (const char character : strategy_name) {
                    if (character != '_') name += character;
                }
                rows.push_back({name + (is_2_1 ? "On21" : "On20") + "Qos" + std::to_string(qos),
                                is_2_1 ? kBroker21 : kBroker20, strategy,
                                static_cast<std::uint8_t>(qos), qos == 2});
            }
        }
    }
    return rows;
}

class WarmPath : public ::testing::TestWithParam<WarmRow> {
  protected:
    static constexpr std::size_t kGroups = 20;
    static constexpr std::size_t kMembers = 8;

    WarmPath() { crowd.broker.set_others_decide(GetParam().asks_others); }

    void fan_out_to_all_groups() {
        for (std::size_t group = 0; group < kGroups; ++group)
            crowd.fan_out(publisher, group, GetParam().qos);
    }

    Crowd crowd{GetParam().traits, GetParam().strategy, kGroups, kMembers};
    Client publisher = crowd.client("publisher");
};

TEST_P(WarmPath, AllocatesNothingForAFanOut) {
    fan_out_to_all_groups();
    const auto before = allocation_count();
    for (int round = 0; round < 50; ++round) fan_out_to_all_groups();
    EXPECT_EQ(allocation_count() - before, 0U);
    EXPECT_EQ(crowd.broker.published, 0);
    EXPECT_EQ(crowd.broker.logged, 0);
}

TEST_P(WarmPath, AllocatesNothingForAClientInNoGroup) {
    const auto stranger = crowd.client("stranger");
    const auto subscriber = crowd.client("subscriber");
    crowd.engine.subscribe(subscriber, {FilterKind::non_shared, {}, "plant/#", nullptr}, {1});
    fan_out_to_all_groups();
    const auto message = crowd.message(0, GetParam().qos);
    const auto before = allocation_count();
    for (int round = 0; round < 1000; ++round) {
        ASSERT_EQ(crowd.engine.may_read(stranger, message), Answer::untouched);
        ASSERT_EQ(crowd.engine.may_read(subscriber, message), Answer::untouched);
    }
    EXPECT_EQ(allocation_count() - before, 0U);
}

TEST_P(WarmPath, AllocatesNothingForATurnOfTheMainLoop) {
    fan_out_to_all_groups();
    crowd.engine.tick(1);
    const auto before = allocation_count();
    for (int round = 2; round < 100; ++round) crowd.engine.tick(round);
    EXPECT_EQ(allocation_count() - before, 0U);
}

INSTANTIATE_TEST_SUITE_P(, WarmPath, ::testing::ValuesIn(all_rows()), name_of<WarmRow>);

}  // namespace
}  // namespace shared_subscription
