// What is told without the client's identifier and the length of the topic: when, and that it is
// the same. (That it is whatever happens, EngineProperty tests.)
#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

#include "engine_test.hpp"
#include "quiet_broker.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {
namespace {

class EngineAtOnce : public ::testing::TestWithParam<GenerationRow> {
    std::deque<std::string> ids_;
    int turn_ = 0;

  protected:
    EngineAtOnce() {
        for (const auto* id : {"a", "b"}) {
            members.push_back(client(id));
            engine.subscribe(members.back(), {FilterKind::shared, "g", "t", nullptr}, {1});
        }
        engine.tick(1);
        publish_and_ask();
        publish_and_ask();
    }

    [[nodiscard]] Client client(const std::string& id) {
        const auto& kept = ids_.emplace_back(id);
        return {.context = &kept, .id = kept};
    }

    void publish() {
        ASSERT_TRUE(engine.may_write(publisher, message));
        ASSERT_TRUE(engine.receive(publisher, message));
    }
    /// Whom a fan-out asks for.
    [[nodiscard]] std::vector<Client> asked() {
        if (!is_ring()) return members;
        return {turn_++ % 2 == 0 ? members[0] : members[1]};
    }
    void publish_and_ask() {
        publish();
        for (const auto& member : asked()) {
            const auto answer = engine.may_read(member, message);
            if (answer != Answer::deny) std::ignore = engine.sent(member, message);
        }
    }
    [[nodiscard]] std::optional<Answer> ask_at_once(const Client& member) {
        if (engine.loses_at_once(member.context, as_shown(message))) return Answer::deny;
        const auto answer =
            engine.may_read_at_once(member.context, member.id.data(), as_shown(message));
        if (answer == Answer::untouched) std::ignore = engine.sent(member, message);
        return answer;
    }
    [[nodiscard]] bool is_ring() const { return GetParam().traits.rotates_from > 0; }
    [[nodiscard]] bool is_2_1() const { return GetParam().traits.announces_sessions; }

    QuietBroker broker;
    Engine engine{broker, GetParam().traits, StrategyTable(), [] { return std::uint64_t{0}; }};
    std::vector<Client> members;
    const Client publisher = client("publisher");
    Message message{.topic = "t", .payload = "1", .payload_size = 1, .qos = 1};
};

TEST_P(EngineAtOnce, TellsAllOfAMessageOnceWarm) {
    for (int round = 0; round < 6; ++round) {
        ASSERT_TRUE(engine.may_write_at_once(publisher.context, "t"));
        ASSERT_TRUE(engine.receive_at_once(publisher.context, as_shown(message)));
        int delivered = 0;
        for (const auto& member : asked()) {
            const auto answer = ask_at_once(member);
            ASSERT_TRUE(answer) << member.id << " in round " << round;
            if (*answer != Answer::deny) ++delivered;
        }
        EXPECT_EQ(delivered, 1) << "in round " << round;
    }
    EXPECT_EQ(engine.registry().statistics.dispatched, 8U);
}

TEST_P(EngineAtOnce, KnowsNoOtherPublisher) {
    const auto other = client("other");
    EXPECT_FALSE(engine.may_write_at_once(other.context, "t"));
    EXPECT_FALSE(engine.may_write_at_once(nullptr, "t"));
    ASSERT_TRUE(engine.may_write_at_once(publisher.context, "t"));
    EXPECT_FALSE(engine.receive_at_once(other.context, as_shown(message)));
}

// A bridge's message comes without one.
TEST_P(EngineAtOnce, ReceivesNothingWithoutAWriteCheck) {
    EXPECT_FALSE(engine.receive_at_once(publisher.context, as_shown(message)));
}

TEST_P(EngineAtOnce, LeavesMisdirectedMessagesToTheFullCheck) {
    EXPECT_FALSE(engine.may_write_at_once(publisher.context, "$queue/t"));
}

TEST_P(EngineAtOnce, LeavesQos2ToTheFullCheck) {
    message.qos = 2;
    ASSERT_TRUE(engine.may_write_at_once(publisher.context, "t"));
    EXPECT_FALSE(engine.receive_at_once(publisher.context, as_shown(message)));
    EXPECT_FALSE(ask_at_once(asked().front()));
}

TEST_P(EngineAtOnce, KnowsTheTopicOfTheMessageThatWasAnnounced) {
    ASSERT_TRUE(engine.may_write_at_once(publisher.context, "u"));
    EXPECT_FALSE(ask_at_once(asked().front())) << "a message on t";
}

// Contexts are freed between turns, and an address may be another client's then.
TEST_P(EngineAtOnce, TrustsNoAddressIntoTheNextTurn) {
    engine.tick(2);
    EXPECT_FALSE(engine.may_write_at_once(publisher.context, "t"));
    publish();
    const auto next = asked().front();
    EXPECT_FALSE(engine.loses_at_once(next.context, as_shown(message)));
    EXPECT_FALSE(ask_at_once({.context = next.context, .id = "other"}));
    EXPECT_TRUE(ask_at_once(next));
}

// A message may be another one by now, at the same address.
TEST_P(EngineAtOnce, ComparesTheTopicOfAMessageThatIsShownAgain) {
    std::string topic = "t";
    message.topic = topic;
    publish();
    const auto members_asked = asked();
    EXPECT_TRUE(ask_at_once(members_asked.front()));
    topic = "u";
    EXPECT_FALSE(engine.may_read_at_once(members_asked.back().context,
                                         members_asked.back().id.data(), as_shown(message)));
}

TEST_P(EngineAtOnce, GivesNothingToAClientThatIsAway) {
    const auto next = asked().front();
    if (is_2_1()) {
        engine.offline(next);
    } else {
        engine.disconnected(next, false);
    }
    publish();
    EXPECT_EQ(ask_at_once(next).value_or(Answer::deny), Answer::deny);
}

TEST_P(EngineAtOnce, LeavesTheReplayOfRetainedMessagesToTheFullCheck) {
    message.retain = true;
    const auto member = asked().front();
    engine.subscribe(member, {FilterKind::shared, "g", "t", nullptr}, {1});
    EXPECT_FALSE(ask_at_once(member));
    if (is_2_1()) return;  // replays nothing to a member
    EXPECT_EQ(engine.may_read(member, message), Answer::deny);
}

INSTANTIATE_TEST_SUITE_P(, EngineAtOnce,
                         ::testing::Values(GenerationRow{{"On20"}, kBroker20},
                                           GenerationRow{{"On21"}, kBroker21},
                                           GenerationRow{{"On21WithRings"}, kBroker21WithRings}),
                         name_of<GenerationRow>);

}  // namespace
}  // namespace shared_subscription
