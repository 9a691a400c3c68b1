// Full queues, as far as they can be counted from outside: who is passed over, and when no longer.
#include "core/flow/deliveries.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "allocations.hpp"
#include "quiet_broker.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LoggingBroker final : public ListeningBroker {
  public:
    void log(LogLevel level, std::string_view text) override {
        EXPECT_EQ(level, LogLevel::notice);
        ListeningBroker::log(level, text);
    }
};

class DeliveriesTest : public ::testing::Test {
  protected:
    explicit DeliveriesTest(bool shows_deliveries)
        : deliveries(registry, holdings, broker, shows_deliveries) {
        deliveries.set_queue_limit(3);
    }

    Member& join(const std::string& name) {
        auto& session = registry.session(name);
        session.context = session.id.data();
        return registry.join(session, "g", "t", Standing::present);
    }
    static Session& session_of(const Member& member) { return member.subscription->session; }
    static Client client(const Member& member) {
        const auto& session = member.subscription->session;
        return {.context = session.context, .id = session.id};
    }
    static bool is_full(const Member& member) {
        return member.subscription->session.flow.queue_full;
    }
    static std::size_t held(const Member& member) { return member.subscription->session.flow.held; }

    /// The broker is told to deliver that many messages, and shows none of them.
    void hold(const Member& member, int messages) {
        for (int number = 0; number < messages; ++number) {
            deliveries.expect_non_shared(session_of(member), 1, message, 1);
            deliveries.conclude();
        }
    }

    const Message message{.topic = "t", .qos = 1};
    LoggingBroker broker;
    Registry registry{StrategyTable{}, [] { return std::uint64_t{0}; }};
    Holdings holdings{broker};
    Deliveries deliveries;
};

class DeliveriesOn21 : public DeliveriesTest {
  protected:
    DeliveriesOn21() : DeliveriesTest(true) {}
};

TEST_F(DeliveriesOn21, CountNothingThatIsWrittenAtOnce) {
    auto& member = join("client");
    for (int number = 0; number < 10; ++number) {
        deliveries.expect_non_shared(session_of(member), 1, message, 1);
        std::ignore = deliveries.sent(client(member), message);
        deliveries.conclude();
    }
    EXPECT_EQ(held(member), 0U);
    EXPECT_FALSE(is_full(member));
    EXPECT_THAT(broker.lines, IsEmpty());
}

TEST_F(DeliveriesOn21, CountWhatIsNotWrittenAtOnce) {
    auto& member = join("client");
    hold(member, 2);
    EXPECT_EQ(held(member), 2U);
    EXPECT_FALSE(is_full(member));
}

TEST_F(DeliveriesOn21, PassOverAMemberAtTheLimitAndSayItOnce) {
    auto& member = join("client");
    hold(member, 3);
    EXPECT_TRUE(is_full(member));
    EXPECT_EQ(registry.fitness(member), Candidate::Fitness::full);
    EXPECT_THAT(broker.lines, ElementsAre(::testing::AllOf(HasSubstr("'client'"),
                                                           HasSubstr("max_queued_messages"))));
    hold(member, 1);
    EXPECT_THAT(broker.lines, SizeIs(1));
}

TEST_F(DeliveriesOn21, TakeAMemberBackWhenItsQueueIsWritten) {
    auto& member = join("client");
    hold(member, 3);
    std::ignore = deliveries.sent(client(member), message);
    EXPECT_FALSE(is_full(member));
    EXPECT_EQ(held(member), 2U);
    hold(member, 1);
    EXPECT_TRUE(is_full(member));
}

TEST_F(DeliveriesOn21, NeverCountBelowNothing) {
    auto& member = join("client");
    hold(member, 1);
    for (int number = 0; number < 5; ++number)
        std::ignore = deliveries.sent(client(member), message);
    EXPECT_EQ(held(member), 0U);
    hold(member, 2);
    EXPECT_FALSE(is_full(member));
}

TEST_F(DeliveriesOn21, TellTheClientsApart) {
    auto& slow = join("slow");
    auto& other = join("other");
    hold(slow, 3);
    hold(other, 1);
    std::ignore = deliveries.sent(client(other), message);
    std::ignore = deliveries.sent({.context = &broker, .id = "stranger"}, message);
    EXPECT_TRUE(is_full(slow));
    EXPECT_EQ(held(other), 0U);
    // What is written to another client is not what was expected of this one.
    deliveries.expect_non_shared(session_of(slow), 1, message, 1);
    std::ignore = deliveries.sent(client(other), message);
    deliveries.conclude();
    EXPECT_EQ(held(slow), 3U);
}

TEST_F(DeliveriesOn21, ConcludeOnce) {
    auto& member = join("client");
    deliveries.expect_non_shared(session_of(member), 1, message, 1);
    deliveries.conclude();
    deliveries.conclude();
    deliveries.tick(1);
    EXPECT_EQ(held(member), 1U);
}

// QoS 0 is not queued: what is not written is dropped.
TEST_F(DeliveriesOn21, PassOverAMemberThatDoesNotTakeQosZeroUntilTheNextSecond) {
    auto& member = join("client");
    const auto drop = [&] {
        deliveries.expect(member, 1, {.topic = "t"}, {}, 1);
        deliveries.conclude();
    };
    drop();
    EXPECT_TRUE(is_full(member));
    EXPECT_EQ(held(member), 0U);
    EXPECT_THAT(broker.lines, ElementsAre(HasSubstr("does not read")));
    deliveries.tick(1);
    EXPECT_FALSE(is_full(member));
    drop();
    deliveries.tick(1);
    EXPECT_TRUE(is_full(member)) << "the same second";
    deliveries.tick(2);
    EXPECT_FALSE(is_full(member));
}

TEST_F(DeliveriesOn21, KeepAMemberAtTheLimitFullHoweverLongItTakes) {
    auto& member = join("client");
    hold(member, 3);
    for (int second = 1; second < 100; ++second) deliveries.tick(second);
    EXPECT_TRUE(is_full(member));
}

TEST_F(DeliveriesOn21, CountWithoutALimit) {
    deliveries.set_queue_limit(0);
    auto& member = join("client");
    hold(member, 5000);
    EXPECT_FALSE(is_full(member));
    EXPECT_EQ(held(member), 5000U);
}

TEST_F(DeliveriesOn21, ForgetSessionsThatHaveEnded) {
    hold(join("client"), 3);
    registry.erase(*registry.find("client"));
    std::ignore = deliveries.sent({.context = nullptr, .id = "client"}, message);
    deliveries.tick(1);
    auto& member = join("client");
    EXPECT_EQ(held(member), 0U);
    EXPECT_FALSE(is_full(member));
}

// A client with a small in-flight window goes from nothing held to one and back with every message.
TEST_F(DeliveriesOn21, KeepNoMemoryOfWhatWasHeldAndWritten) {
    auto& member = join("a client whose identifier is too long to be stored without an allocation");
    const auto fill_and_empty = [&] {
        for (int number = 0; number < 100; ++number) {
            hold(member, 1);
            std::ignore = deliveries.sent(client(member), message);
        }
        hold(member, 1);  // and something is held at every tick
    };
    const auto rounds = [&](int from, int to) {
        const auto before = allocation_count();
        for (int second = from; second < to; ++second) {
            fill_and_empty();
            deliveries.tick(second);
            std::ignore = deliveries.sent(client(member), message);
        }
        return allocation_count() - before;
    };
    rounds(1, 10);
    EXPECT_EQ(rounds(10, 100), 0U);
}

class DeliveriesOn20 : public DeliveriesTest {
  protected:
    DeliveriesOn20() : DeliveriesTest(false) {}
};

// Nothing shows whether a connected client gets what it is given.
TEST_F(DeliveriesOn20, CountNothingForAConnectedClient) {
    auto& member = join("client");
    for (std::uint8_t qos = 0; qos <= 2; ++qos) {
        for (int number = 0; number < 10; ++number) {
            deliveries.expect(member, 1, {.topic = "t", .qos = qos}, {}, 1);
            deliveries.conclude();
        }
    }
    EXPECT_EQ(held(member), 0U);
    EXPECT_FALSE(is_full(member));
    EXPECT_THAT(broker.lines, IsEmpty());
}

TEST_F(DeliveriesOn20, CountTheQueueOfADisconnectedClientUntilItReturns) {
    auto& member = join("client");
    auto& session = member.subscription->session;
    registry.set_connected(session, false);
    for (int number = 0; number < 3; ++number)
        deliveries.expect_non_shared(session_of(member), 1, message, 1);
    EXPECT_TRUE(is_full(member));
    EXPECT_THAT(broker.lines, ElementsAre(HasSubstr("max_queued_messages")));
    deliveries.tick(1);
    EXPECT_TRUE(is_full(member));
    registry.set_connected(session, true);
    deliveries.forget(session);
    EXPECT_FALSE(is_full(member));
    EXPECT_EQ(held(member), 0U);
    deliveries.tick(2);
    registry.set_connected(session, false);
    for (int number = 0; number < 2; ++number)
        deliveries.expect_non_shared(session_of(member), 1, message, 1);
    EXPECT_FALSE(is_full(member));
}

TEST_F(DeliveriesOn20, DoNotCountQosZeroForADisconnectedClient) {
    auto& member = join("client");
    registry.set_connected(member.subscription->session, false);
    for (int number = 0; number < 10; ++number) deliveries.expect(member, 1, {.topic = "t"}, {}, 1);
    EXPECT_EQ(held(member), 0U);
}

}  // namespace
}  // namespace shared_subscription
