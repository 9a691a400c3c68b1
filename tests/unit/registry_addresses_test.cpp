// For how long the address of a connection is known to be a client's.
#include <string>
#include <vector>

#include "registry_fixture.hpp"

namespace shared_subscription {
namespace {

class RegistryAddresses : public RegistryTest {
  protected:
    void SetUp() override {
        for (const auto* id : {"a", "b"}) join_at(id, address_of(id));
        registry.addresses.begin_period();
    }
    [[nodiscard]] Context address_of(const std::string& id) const { return &addresses_[id == "a"]; }
    void join_at(const std::string& id, Context address) {
        join(id, "g", "t");
        registry.set_context(session(id), address);
    }
    void ask_at(const std::string& id, Context address) {
        EXPECT_EQ(registry.find_next({.context = address, .id = id}), &session(id));
    }
    void ask(const std::string& id) { ask_at(id, address_of(id)); }
    void ask_all() {
        for (int round = 0; round < 2; ++round) {
            ask("a");
            ask("b");
        }
    }
    /// Known to come next, without a look at the identifier.
    [[nodiscard]] Session* next(const std::string& id) const {
        return registry.addresses.next_verified(address_of(id));
    }
    [[nodiscard]] Session* known(const std::string& id) {
        return registry.addresses.find_known(address_of(id), id.c_str());
    }

  private:
    int addresses_[2]{};
};

TEST_F(RegistryAddresses, AreUnknownUntilAskedAbout) {
    EXPECT_EQ(next("a"), nullptr);
    EXPECT_EQ(known("a"), nullptr);
}

TEST_F(RegistryAddresses, AreKnownInOrderWithinAPeriod) {
    ask_all();
    EXPECT_EQ(next("a"), &session("a"));
    EXPECT_EQ(next("b"), nullptr) << "a comes next";
    registry.addresses.has_found(session("a"));
    EXPECT_EQ(next("b"), &session("b"));
}

// The order is learnt anew, whichever way it is asked.
TEST_F(RegistryAddresses, AreKnownInOrderAgainWhenASessionHasEnded) {
    ask_all();
    join("c", "g", "t");
    registry.erase(session("c"));
    for (const auto* id : {"a", "b", "a", "b"}) {
        ASSERT_EQ(known(id), &session(id));
        registry.addresses.follow(session(id));
    }
    EXPECT_EQ(next("a"), &session("a"));
}

TEST_F(RegistryAddresses, AreKnownInAnyOrder) {
    ask_all();
    EXPECT_EQ(known("b"), &session("b"));
    EXPECT_EQ(known("a"), &session("a"));
}

TEST_F(RegistryAddresses, MayBeAnothersInTheNextPeriod) {
    ask_all();
    registry.addresses.begin_period();
    EXPECT_EQ(next("a"), nullptr);
    EXPECT_EQ(registry.addresses.find_known(address_of("a"), "c"), nullptr);
    EXPECT_EQ(known("a"), &session("a"));
    EXPECT_EQ(next("a"), &session("a"));
}

TEST_F(RegistryAddresses, MayBeAnothersOnceConnectionsHaveComeOrGone) {
    ask_all();
    registry.addresses.break_period();
    EXPECT_EQ(next("a"), nullptr);
    EXPECT_EQ(registry.addresses.find_known(address_of("a"), "c"), nullptr);
    EXPECT_EQ(known("a"), &session("a"));
}

TEST_F(RegistryAddresses, AreForgottenWithTheConnection) {
    ask_all();
    registry.set_context(session("a"), this);
    EXPECT_EQ(known("a"), nullptr);
    EXPECT_EQ(registry.addresses.find_known(this, "c"), nullptr);
    EXPECT_EQ(registry.addresses.find_known(this, "a"), &session("a"));
}

TEST_F(RegistryAddresses, AreForgottenWithTheSession) {
    ask_all();
    registry.erase(session("a"));
    EXPECT_EQ(known("a"), nullptr);
    EXPECT_EQ(known("b"), &session("b"));
}

// Some of them share a place.
TEST_F(RegistryAddresses, AreKnownOfMostHoweverManyThereAre) {
    constexpr std::size_t kCount = 20'000;
    const std::vector<char> addresses(kCount);
    for (std::size_t number = 0; number < kCount; ++number)
        join_at(std::to_string(number), &addresses[number]);
    for (std::size_t number = 0; number < kCount; ++number)
        ask_at(std::to_string(number), &addresses[number]);
    std::size_t right = 0;
    for (std::size_t number = 0; number < kCount; ++number) {
        const auto id = std::to_string(number);
        auto* found = registry.addresses.find_known(&addresses[number], id.c_str());
        if (!found) continue;
        EXPECT_EQ(found, &session(id));
        ++right;
    }
    EXPECT_GT(right, kCount * 4 / 5);
}

TEST_F(RegistryAddresses, AreStillRightWhenMostSessionsHaveEnded) {
    constexpr std::size_t kCount = 5'000;
    const std::vector<char> addresses(kCount);
    for (std::size_t number = 0; number < kCount; ++number) {
        const auto id = std::to_string(number);
        join_at(id, &addresses[number]);
        ask_at(id, &addresses[number]);
    }
    for (std::size_t number = 0; number < kCount; ++number) {
        const auto id = std::to_string(number);
        registry.erase(session(id));
        EXPECT_EQ(registry.addresses.find_known(&addresses[number], id.c_str()), nullptr);
        if (number + 1 == kCount) break;
        const auto next_id = std::to_string(number + 1);
        auto* found = registry.addresses.find_known(&addresses[number + 1], next_id.c_str());
        EXPECT_TRUE(!found || found == &session(next_id));
    }
}

}  // namespace
}  // namespace shared_subscription
