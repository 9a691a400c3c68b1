// The broker has one thread: however much one message, one client or one packet asks for, others
// are served meanwhile.

#include "one_turn_test.hpp"

#include <algorithm>
#include <random>

namespace integration {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using OneTurn = OneTurnTest;

// Everything twice, first without the plugin: the broker's own `$share` takes its time, too.
class OneMessage : public OneTurnTest {
  protected:
    // The longest waits.
    struct Waits {
        std::chrono::milliseconds subscribing{};
        std::chrono::milliseconds delivering{};
    };

    template <typename Story>
    void tell_twice(Story story) {
        const std::string any_window = "max_inflight_messages 0";
        Waits own;
        broker.start(configuration({any_window}));
        ASSERT_NO_FATAL_FAILURE(story(own));
        members().clear();
        EXPECT_EQ(broker.stop(), 0);

        Waits with_plugin;
        broker.start(configuration({any_window, plugin()}));
        ASSERT_NO_FATAL_FAILURE(story(with_plugin));
        {
            SCOPED_TRACE("while subscribing");
            expect_short(with_plugin.subscribing, own.subscribing);
        }
        expect_short(with_plugin.delivering, own.delivering);
    }

    // To one client. There may be a limit to what it gets granted.
    void one_client(Waits& waits, const std::vector<std::string>& filters, std::size_t at_least,
                    const std::string& topic) {
        Pinger while_subscribing(broker.port());
        const auto codes = subscribe(member(), filters);
        waits.subscribing = while_subscribing.longest();
        ASSERT_EQ(codes.size(), filters.size());
        EXPECT_THAT(codes, Each(AnyOf(1, 0x80, 0x87, 0x97)));
        const auto granted = static_cast<std::size_t>(std::ranges::count(codes, 1));
        ASSERT_GE(granted, at_least);

        Pinger while_delivering(broker.port());
        ASSERT_NO_FATAL_FAILURE(expect_each_group_gets_each_once(topic, granted));
        waits.delivering = while_delivering.longest();
    }
};

TEST_F(OneMessage, ToGroupsOfOneClient) {
    const auto filters = groups(1, 20000, "t");
    tell_twice([&](Waits& waits) { one_client(waits, filters, 1000, "t"); });
}

TEST_F(OneMessage, ToGroupsOfManyClients) {
    constexpr int clients = 20;
    constexpr int each = 1000;
    tell_twice([&](Waits& waits) {
        Pinger while_subscribing(broker.port());
        for (int number = 0; number < clients; ++number) {
            ASSERT_THAT(subscribe(member(), groups(1 + number * each, each, "t")), Each(1));
        }
        waits.subscribing = while_subscribing.longest();
        Pinger while_delivering(broker.port());
        ASSERT_NO_FATAL_FAILURE(expect_each_group_gets_each_once("t", each));
        waits.delivering = while_delivering.longest();
    });
}

struct LevelsRow {
    std::string name;
    // Of the n-th filter, whether that level is `+`.
    bool (*is_plus)(unsigned number, unsigned level);
};
void PrintTo(const LevelsRow& row, std::ostream* stream) {
    *stream << row.name;
}

class OneMessageOfManyLevels : public OneMessage, public ::testing::WithParamInterface<LevelsRow> {
  protected:
    static constexpr unsigned levels = 190;

    static std::string filter(unsigned number) {
        std::string result = "$share/g";
        for (unsigned level = 0; level < levels; ++level) {
            result += GetParam().is_plus(number, level) ? "/+" : "/a";
        }
        return result;
    }
};

TEST_P(OneMessageOfManyLevels, ToGroupsOfOneClient) {
    constexpr unsigned count = 900;
    std::vector<std::string> filters;
    for (unsigned number = 0; number < count; ++number) filters.push_back(filter(number));
    std::string topic = "a";
    for (unsigned level = 1; level < levels; ++level) topic += "/a";
    tell_twice([&](Waits& waits) { one_client(waits, filters, 100, topic); });
}

INSTANTIATE_TEST_SUITE_P(
    , OneMessageOfManyLevels,
    ::testing::Values(LevelsRow{"DifferentAllAlong",
                                [](unsigned number, unsigned level) {
                                    return (number >> level % 10 & 1) != 0;
                                }},
                      LevelsRow{"DifferentInFront",
                                [](unsigned number, unsigned level) {
                                    return level < 10 && (number >> level & 1) != 0;
                                }},
                      LevelsRow{"DifferentAtTheEnd",
                                [](unsigned number, unsigned level) {
                                    return level >= 180 && (number >> (level - 180) & 1) != 0;
                                }},
                      LevelsRow{"AtRandom",
                                [](unsigned number, unsigned level) {
                                    return (std::mt19937(number * 190 + level)() >> 16 & 1) != 0;
                                }}),
    [](const auto& row) { return row.param.name; });

TEST_F(OneTurn, OfClientsThatLeaveTogether) {
    constexpr int clients = 50;
    constexpr int each = 1000;
    broker.start(configuration({"max_inflight_messages 0", plugin()}));
    for (int number = 0; number < clients; ++number) {
        const std::string topic = "t" + std::to_string(number);
        RawClient& client = member();
        ASSERT_THAT(subscribe(client, groups(1 + number * each, each, topic)), Each(1));
        publish_once(topic, "x");
        ASSERT_NO_FATAL_FAILURE(expect_exactly(client, each, "x"));
        EXPECT_THAT(client.received(), IsEmpty());
    }
    Pinger pinger(broker.port());
    for (auto& client : members()) client->send_bytes(disconnect);
    for (auto& client : members()) EXPECT_TRUE(client->ended_by_broker());
    RawClient newcomer(broker.port(), "newcomer");
    EXPECT_THAT(newcomer.subscribe({"$share/g1/t0", "$share/g49001/t49"}, 1), ElementsAre(1, 1));
    publish_once("t0", "y");
    publish_once("t49", "z");
    EXPECT_EQ(newcomer.next_publish().payload, "y");
    EXPECT_EQ(newcomer.next_publish().payload, "z");
    EXPECT_THAT(newcomer.received(), IsEmpty());
    expect_short(pinger.longest());
}

// Each of many groups has one member with a leaf, and one that is direct and goes on alone. While
// one is away, the plugin calls it in each second.
class OneTurnOfDirectMembers : public OneTurnTest {
  protected:
    static constexpr int clients = 20;
    static constexpr int each = 1000;
    using Clients = std::vector<std::unique_ptr<RawClient>>;

    Clients connect(const std::string& name) const {
        Clients result;
        for (int number = 0; number < clients; ++number) {
            result.push_back(std::make_unique<RawClient>(broker.port(),
                                                         name + std::to_string(number), outliving));
        }
        return result;
    }
    static std::vector<std::string> filters(int client) {
        return groups(1 + client * each, each, "t");
    }
    static void join(Clients& joining) {
        int number = 0;
        for (auto& client : joining) ASSERT_THAT(subscribe(*client, filters(number++)), Each(1));
    }
    static void expect_one_for_each_group(Clients& all, const std::string& payload) {
        for (auto& client : all) {
            for (int number = 0; number < each; ++number) {
                const Publish publish = client->next_publish();
                ASSERT_EQ(publish.payload, payload);
                client->send(PacketType::puback, publish.identifier);
            }
        }
        for (auto& client : all) EXPECT_THAT(client->received(), IsEmpty());
    }
    template <typename Story>
    void tell(const std::string& name, Story story) {
        SCOPED_TRACE(name);
        Pinger pinger(broker.port());
        ASSERT_NO_FATAL_FAILURE(story());
        expect_short(pinger.longest());
    }
};

TEST_F(OneTurnOfDirectMembers, OfManyGroups) {
    if (!broker_is_20()) GTEST_SKIP() << "2.0 alone";
    broker.start(configuration({"max_inflight_messages 0", plugin(), "plugin_opt_direct_from 1"}));
    Clients first = connect("first");
    Clients direct = connect("direct");
    tell("they subscribe", [&] {
        join(first);
        join(direct);
    });
    tell("it is the turn of the first", [&] {
        publish_once("t", "1");
        expect_one_for_each_group(first, "1");
    });
    tell("it is the turn of the direct ones", [&] {
        publish_once("t", "2");
        expect_one_for_each_group(direct, "2");
    });
    tell("the first unsubscribe", [&] {
        int number = 0;
        for (auto& client : first) client->unsubscribe(filters(number++));
    });
    tell("the direct ones are alone", [&] {
        publish_once("t", "3");
        expect_one_for_each_group(direct, "3");
    });
    tell("they are away and come back", [&] {
        for (auto& client : direct) client->disconnect();
        publish_once("t", "4");
        direct = connect("direct");
        expect_one_for_each_group(direct, "4");
    });
    tell("they leave together", [&] {
        for (auto& client : direct) client->send_bytes(disconnect);
        for (auto& client : direct) EXPECT_TRUE(client->ended_by_broker());
        const Clients newcomers = connect("direct");
    });
}

class OneTurnOfMany : public OneTurnTest {
  protected:
    static constexpr int count = 100000;

    void publish_all() {
        constexpr int at_once = 1000;
        RawClient publisher(broker.port(), "publisher");
        for (int number = 1; number <= count; ++number) {
            publisher.publish({.topic = "t",
                               .payload = std::to_string(number),
                               .qos = 1,
                               .identifier = static_cast<std::uint16_t>(number % at_once + 1)});
            if (number % at_once != 0) continue;
            for (int i = 0; i < at_once; ++i) publisher.expect(PacketType::puback);
        }
    }
};

class OneTurnOfAReturn : public OneTurnOfMany, public ::testing::WithParamInterface<bool> {};

TEST_P(OneTurnOfAReturn, ToAGroupThatHasAHundredThousandMessages) {
    std::vector<std::string> lines{plugin(), "plugin_opt_max_queued_messages 0"};
    if (GetParam()) lines.push_back("plugin_opt_persistence_file " + broker.path("groups"));
    broker.start(configuration(lines));
    {
        RawClient member(broker.port(), "member", outliving);
        ASSERT_THAT(member.subscribe({"$share/g/t"}, 1), ElementsAre(1));
        member.disconnect();
    }
    Pinger while_they_come(broker.port());
    publish_all();
    {
        SCOPED_TRACE("while they come");
        expect_short(while_they_come.longest());
    }
    Pinger while_they_go(broker.port());
    RawClient member(broker.port(), "member", outliving);
    ASSERT_TRUE(member.session_present());
    for (const auto& number : numbers(1, count)) {
        const Publish publish = member.next_publish();
        ASSERT_EQ(publish.payload, number);
        member.send(PacketType::puback, publish.identifier);
    }
    EXPECT_THAT(member.received(), IsEmpty());
    expect_short(while_they_go.longest());
}

using OneTurnOfALeave = OneTurnOfMany;

// 2.0 holds them for it, and they end with its session. 2.1 has them go to the one that is left:
// what waits for the group at once, what the member was given when it leaves.
TEST_F(OneTurnOfALeave, OfAMemberForWhomAHundredThousandMessagesWait) {
    broker.start(configuration({plugin(), "plugin_opt_max_queued_messages 0"}));
    RawClient left(broker.port(), "left", outliving);
    {
        RawClient member(broker.port(), "member", {.receive_maximum = 1});
        ASSERT_THAT(member.subscribe({"$share/g/t"}, 1), ElementsAre(1));
        publish_all();
        ASSERT_THAT(left.subscribe({"$share/g/t"}, 1), ElementsAre(1));
        Pinger pinger(broker.port());
        member.disconnect();
        auto expected = broker_is_20() ? std::vector<std::string>() : numbers(1, count);
        std::vector<std::string> received;
        while (received.size() < expected.size()) {
            const Publish publish = left.next_publish();
            received.push_back(publish.payload);
            left.send(PacketType::puback, publish.identifier);
        }
        EXPECT_THAT(left.received(), IsEmpty());
        std::ranges::sort(expected);
        std::ranges::sort(received);
        EXPECT_EQ(received, expected);
        expect_short(pinger.longest());
    }
}

INSTANTIATE_TEST_SUITE_P(, OneTurnOfAReturn, ::testing::Bool(), [](const auto& row) {
    return row.param ? "WithAPersistenceFile" : "WithoutAPersistenceFile";
});

}  // namespace
}  // namespace integration
