// Which of its messages a session still holds, as the broker shows them.
#include "core/flow/holdings.hpp"

#include <gmock/gmock.h>

#include <array>
#include <string>
#include <vector>

#include "quiet_broker.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A client's messages: those in flight, then those that wait.
class HoldingBroker final : public QuietBroker {
  public:
    bool visit_held(Context /*context*/,
                    const std::function<bool(const Message&)>& stays) override {
        if (is_mute) return false;
        std::erase_if(held, [&](const Message& message) { return !stays(message); });
        return true;
    }
    [[nodiscard]] bool can_visit_held() const noexcept override { return !is_mute; }

    std::vector<Message> held;
    bool is_mute = false;
};

class HoldingsTest : public ::testing::Test {
  protected:
    using State = Holding::State;

    HoldingsTest() : session_(registry_.session("client")) {
        member_ = &registry_.join(session_, "g", "t", Standing::present);
    }

    /// As the broker shows it, at one of a few addresses.
    [[nodiscard]] Message at(std::size_t place, const char* payload = "") const {
        return {.topic = std::string_view(topics_.at(place)).substr(0, 1),
                .payload = payload,
                .payload_size = static_cast<std::uint32_t>(std::string_view(payload).size()),
                .qos = 1};
    }
    void give(std::int64_t id, std::size_t place, State state, std::uint64_t fan_out) {
        session_.flow.holdings.push_back({.address = at(place).topic.data(),
                                          .member = member_,
                                          .id = id,
                                          .fan_out = fan_out,
                                          .qos = 1,
                                          .published_qos = 1,
                                          .state = state,
                                          .was_written = state == State::written});
    }
    [[nodiscard]] std::vector<std::int64_t> ids() const {
        std::vector<std::int64_t> all;
        for (const auto& holding : session_.flow.holdings) all.push_back(holding.id);
        return all;
    }
    /// In the order in which they are shown.
    std::vector<std::int64_t> visited() {
        std::vector<std::int64_t> all;
        holdings_.visit(session_, [&](const Holding& holding, const Message& /*message*/) {
            all.push_back(holding.id);
            return true;
        });
        return all;
    }

    std::array<std::string, 4> topics_{"t0", "t1", "t2", "t3"};
    HoldingBroker broker_;
    Holdings holdings_{broker_};
    Registry registry_{StrategyTable{}, [] { return std::uint64_t{0}; }};
    Session& session_;
    Member* member_ = nullptr;
};

TEST_F(HoldingsTest, ForgetWhatTheBrokerHoldsNoMore) {
    for (int id = 0; id < 3; ++id) give(id, static_cast<std::size_t>(id), State::written, 1);
    give(3, 3, State::expected, 2);  // it may not have come to that yet
    broker_.held = {at(1), {.topic = "another's"}};
    EXPECT_EQ(holdings_.prune(session_), 0U);
    EXPECT_THAT(ids(), ElementsAre(1, 3));
}

TEST_F(HoldingsTest, CountWhatIsNotTheGroups) {
    give(0, 0, State::written, 1);
    broker_.held = {at(0), at(1), at(2)};
    EXPECT_EQ(holdings_.prune(session_), 2U);
}

TEST_F(HoldingsTest, ForgetNothingWhereTheBrokerCannotBeAsked) {
    give(0, 0, State::written, 1);
    broker_.is_mute = true;
    EXPECT_EQ(holdings_.prune(session_), std::nullopt);
    EXPECT_THAT(visited(), IsEmpty());
    EXPECT_THAT(ids(), ElementsAre(0));
}

TEST_F(HoldingsTest, TellTheNewerWhereAnAddressIsUsedAgain) {
    give(0, 0, State::written, 1);
    give(1, 1, State::written, 2);
    give(2, 0, State::written, 3);
    broker_.held = {at(0)};
    EXPECT_THAT(visited(), ElementsAre(2));
    EXPECT_THAT(ids(), ElementsAre(2));
}

// Of two groups of one client: one that was sent, one that waits behind it.
TEST_F(HoldingsTest, TellTwinsApart) {
    give(0, 0, State::held, 1);
    give(1, 0, State::written, 1);
    broker_.held = {at(0), at(0)};
    EXPECT_THAT(visited(), ElementsAre(1, 0));
}

TEST_F(HoldingsTest, KnowWhatWasPublishedToTheClientAloneByItsProperties) {
    const int properties = 0;
    give(0, 0, State::written, 1);  // acknowledged; the copy's topic has its place now
    session_.flow.holdings.push_back({.address = &properties,
                                      .member = member_,
                                      .id = 1,
                                      .fan_out = 1,
                                      .qos = 1,
                                      .state = State::held,
                                      .is_copy = true});
    auto shown = at(0);
    shown.properties = &properties;
    broker_.held = {shown};
    EXPECT_THAT(visited(), ElementsAre(1));
}

TEST_F(HoldingsTest, MayBeGivenUp) {
    give(0, 0, State::held, 1);
    give(1, 1, State::held, 1);
    broker_.held = {at(0), at(1)};
    holdings_.visit(session_,
                    [](const Holding& holding, const Message&) { return holding.id == 1; });
    EXPECT_THAT(ids(), ElementsAre(1));
    EXPECT_EQ(broker_.held.size(), 1U);
}

TEST_F(HoldingsTest, KeepTheirMessagesWhenTheConnectionEnds) {
    give(0, 0, State::written, 1);
    give(1, 1, State::written, 1);
    broker_.held = {at(1, "payload")};
    holdings_.keep_messages(session_);
    const auto& kept = session_.flow.holdings;
    EXPECT_EQ(kept[0].message, nullptr);
    ASSERT_NE(kept[1].message, nullptr);
    EXPECT_EQ(kept[1].message->payload, "payload");
    EXPECT_EQ(kept[1].message->qos, 1);
}

}  // namespace
}  // namespace shared_subscription
