// What the end of a chain shows after a reload. The chain itself is the broker's: see the
// integration tests.
#include <gmock/gmock.h>

#include <optional>

#include "fake_mosquitto.hpp"
#include "mosquitto/access_control.hpp"

namespace shared_subscription {
namespace {

using ::testing::IsEmpty;

class EndOfChainTest : public ::testing::Test {
  protected:
    void SetUp() override { fake_mosquitto() = {}; }

    /// Asks the callback that was registered last.
    int ask_last() {
        const auto callback = fake_mosquitto().callbacks.at(MOSQ_EVT_ACL_CHECK);
        return callback(MOSQ_EVT_ACL_CHECK, nullptr, &end);
    }

    std::optional<bool> found;
    EndOfChain end{nullptr, [this](bool has_acl_file) { found = has_acl_file; }};
};

TEST_F(EndOfChainTest, IsReachedWhereNobodyDecides) {
    end.look();
    EXPECT_TRUE(end.is_looking());
    EXPECT_EQ(ask_last(), MOSQ_ERR_PLUGIN_DEFER);
    EXPECT_EQ(found, std::nullopt);
    EXPECT_EQ(ask_last(), MOSQ_ERR_SUCCESS);
    EXPECT_EQ(found, false);
    EXPECT_FALSE(end.is_looking());
    EXPECT_THAT(fake_mosquitto().callbacks, IsEmpty());
}

TEST_F(EndOfChainTest, IsNotReachedWhereAnAclFileDecides) {
    end.look();
    const auto on_check = fake_mosquitto().callbacks.at(MOSQ_EVT_ACL_CHECK);
    for (int check = 0; check < 3; ++check) {
        EXPECT_EQ(on_check(MOSQ_EVT_ACL_CHECK, nullptr, &end), MOSQ_ERR_PLUGIN_DEFER);
    }
    EXPECT_EQ(found, true);
    EXPECT_FALSE(end.is_looking());
    EXPECT_EQ(ask_last(), MOSQ_ERR_PLUGIN_DEFER) << "allowed behind the acl_file";
}

TEST_F(EndOfChainTest, LooksAgainAtEachReload) {
    for (int reload = 0; reload < 2; ++reload) {
        found.reset();
        end.look();
        ask_last();
        ask_last();
        EXPECT_EQ(found, false);
    }
}

TEST_F(EndOfChainTest, KnowsAtTheNextReloadThatTheLastCheckWasDecided) {
    end.look();
    ask_last();
    end.look();
    EXPECT_EQ(found, true);
    EXPECT_FALSE(end.is_looking());
}

// Then DEFER stays the answer.
TEST_F(EndOfChainTest, FindsNothingWhereTheBrokerRefusesTheCallback) {
    fake_mosquitto().refused_event = MOSQ_EVT_ACL_CHECK;
    end.look();
    EXPECT_FALSE(end.is_looking());
    EXPECT_EQ(found, std::nullopt);
}

TEST_F(EndOfChainTest, LeavesNothingBehind) {
    {
        EndOfChain other(nullptr, [](bool) {});
        other.look();
    }
    EXPECT_THAT(fake_mosquitto().callbacks, IsEmpty());
}

}  // namespace
}  // namespace shared_subscription
