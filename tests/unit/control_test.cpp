// Requests of administrators, and what they are answered.
#include <nlohmann/json.hpp>

#include "control/requests.hpp"
#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

class Control : public EngineTest {
  protected:
    Json ask(const std::string& request) {
        const auto answer = Json::parse(
            answer_request(request, *broker.engine, is_2_1(), {broker.clock, milliseconds}));
        return answer.at("responses");
    }
    /// Of one command.
    Json carry_out(const Json& command) {
        const auto responses = ask(Json{{"commands", Json::array({command})}}.dump());
        EXPECT_EQ(responses.size(), 1U);
        EXPECT_EQ(responses[0].at("command"), command.at("command"));
        return responses[0];
    }
    std::string error_of(const Json& command) { return carry_out(command).value("error", ""); }
    Json group() {
        return carry_out({{"command", "getGroup"}, {"group", "g"}}).at("data").at("group");
    }
    /// Somebody looks at the group, so many seconds after the last time.
    double rate_after(double seconds) {
        milliseconds += std::int64_t(seconds * 1000);
        return group().at("rate");
    }
    std::vector<std::string> states() {
        std::vector<std::string> all;
        const auto shown = group();
        for (const auto& member : shown.at("memberList")) all.push_back(member.at("state"));
        return all;
    }
    std::int64_t milliseconds = 1'000'000;
};

TEST_P(Control, GroupsAreListedInTheOrderOfTheirBeginning) {
    join_all({"a", "b"}, "$share/g/t");
    subscribe_all({"a"}, "$queue/u");
    EXPECT_EQ(carry_out({{"command", "listGroups"}}),
              Json::parse(R"({"command":"listGroups","data":{"totalCount":2,"groups":[
                  {"group":"g","filter":"t"},{"group":"$queue","filter":"u"}]}})"));
    publish("t", 3);
    EXPECT_EQ(carry_out({{"command", "listGroups"}, {"verbose", true}, {"count", 1}}).at("data"),
              Json::parse(R"({"totalCount":2,"groups":[{"group":"g","filter":"t",
                  "strategy":"round_robin","members":2,"connected":2,"dispatched":3,"rate":0.0,"queued":0,
                  "oldestMessageAge":0,"dropped":0}]})"));
    const auto rest = carry_out({{"command", "listGroups"}, {"offset", 1}}).at("data");
    EXPECT_EQ(rest.at("groups"), Json::parse(R"([{"group":"$queue","filter":"u"}])"));
    EXPECT_TRUE(
        carry_out({{"command", "listGroups"}, {"offset", 9}}).at("data").at("groups").empty());
}

TEST_P(Control, GroupShowsHowLongItsOldestMessageWaits) {
    join_all({"a"}, "$share/g/t", {.persistent = true});
    broker.drop("a");
    publish("t", 2);
    broker.clock += 42;
    publish("t", 1);
    const auto group = carry_out({{"command", "getGroup"}, {"group", "g"}}).at("data").at("group");
    EXPECT_EQ(group.at("queued"), 3);
    EXPECT_EQ(group.at("oldestMessageAge"), 42);
}

TEST_P(Control, GroupShowsWhatItLost) {
    join_all({"a"}, "$share/g/t", {.persistent = true});
    broker.engine->set_group_queue_limits({.messages = 1});
    broker.drop("a");
    publish("t", 3);
    const auto dropped = [&] {
        return carry_out({{"command", "getGroup"}, {"group", "g"}})
            .at("data")
            .at("group")
            .at("dropped");
    };
    EXPECT_EQ(dropped(), 2);
    EXPECT_FALSE(carry_out({{"command", "resetStatistics"}}).contains("error"));
    EXPECT_EQ(dropped(), 0);
}

TEST_P(Control, GroupShowsHowManyMessagesInASecondItGave) {
    join_all({"a"}, "$share/g/t");
    rate_after(5);
    publish("t", 7);
    EXPECT_EQ(rate_after(4.9), 0) << "too early for another";
    EXPECT_EQ(rate_after(0.1), 1.4);
    publish("t", 1);
    EXPECT_EQ(rate_after(4), 1.4);
    EXPECT_EQ(rate_after(2), 0.2) << "1 in 6 seconds";
    EXPECT_EQ(rate_after(3600), 0);
    EXPECT_EQ(group().at("rate").dump(), "0.0");
}

TEST_P(Control, ClockThatGoesBackMakesNoRate) {
    join_all({"a"}, "$share/g/t");
    rate_after(5);
    publish("t", 10);
    EXPECT_EQ(rate_after(-3600), 0);
    EXPECT_EQ(rate_after(3605), 2);
}

TEST_P(Control, YoungGroupShowsItsAverage) {
    milliseconds = 0;
    join_all({"a"}, "$share/g/t");
    publish("t", 6);
    milliseconds = (*broker.engine->registry().groups().begin())->sample.at;
    EXPECT_EQ(rate_after(0), 6) << "in its first second";
    EXPECT_EQ(rate_after(2), 3);
    EXPECT_EQ(rate_after(2), 1.5);
    EXPECT_EQ(rate_after(2), 1);
}

TEST_P(Control, RateGoesOnWhereStatisticsBeginAnew) {
    join_all({"a"}, "$share/g/t");
    publish("t", 100);
    rate_after(5);
    publish("t", 10);
    EXPECT_EQ(error_of({{"command", "resetStatistics"}}), "");
    publish("t", 5);
    EXPECT_EQ(rate_after(5), 3);
    EXPECT_EQ(rate_after(5), 0);
}

TEST_P(Control, MemberShowsItsState) {
    join_all({"a", "b", "c"}, "$share/g/t", {.persistent = true});
    EXPECT_THAT(states(), ElementsAre("active", "active", "active"));
    EXPECT_EQ(error_of({{"command", "pauseMember"}, {"group", "g"}, {"clientid", "a"}}), "");
    EXPECT_EQ(error_of({{"command", "pauseMember"}, {"group", "g"}, {"clientid", "b"}}), "");
    broker.drop("b");
    broker.settle();
    EXPECT_THAT(states(), ElementsAre("paused", "offline", "active"));
}

// 2.0 does not show what a client holds.
TEST_P(Control, MemberIsFullWhileItTakesNoMore) {
    join_all({"a"}, "$share/g/t", {.receive_maximum = 2});
    broker.withhold_acknowledgements("a");
    publish("t", 2);
    EXPECT_THAT(states(), ElementsAre("active"));
    publish("t", 20);
    EXPECT_THAT(states(), ElementsAre(is_2_1() ? "full" : "active"));
    EXPECT_EQ(error_of({{"command", "pauseMember"}, {"group", "g"}, {"clientid", "a"}}), "");
    EXPECT_THAT(states(), ElementsAre("paused"));
}

TEST_P(Control, MemberIsDeniedUntilItMayReadAgain) {
    std::string denied = "a";
    broker.set_others([&](const auto& client, const auto& /*topic*/) { return client != denied; });
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    EXPECT_THAT(states(), ElementsAre("active", "active")) << "nothing was to be read";
    publish("t", 2);
    EXPECT_THAT(states(), ElementsAre("denied", "active"));
    denied = "";
    publish("t", 2);
    EXPECT_THAT(states(), ElementsAre("active", "active"));
    denied = "b";
    publish("t", 2);
    EXPECT_THAT(states(), ElementsAre("active", "denied"));
    broker.set_others_decide(false);
    EXPECT_THAT(states(), ElementsAre("active", "active")) << "nobody denies anything any more";
}

TEST_P(Control, GroupShowsItsMembersInTheOrderOfJoining) {
    join_all({"b", "a"}, "$share/g/t", {.persistent = true});
    publish("t", 1);
    broker.drop("a");
    EXPECT_FALSE(carry_out({{"command", "pauseMember"}, {"group", "g"}, {"clientid", "b"}})
                     .contains("error"));
    const auto group = carry_out({{"command", "getGroup"}, {"group", "g"}}).at("data").at("group");
    const Json held = is_2_1() ? Json(0) : Json(nullptr);
    EXPECT_EQ(group.at("members"), 2);
    EXPECT_EQ(group.at("memberList"), Json::array({{{"clientid", "b"},
                                                    {"connected", true},
                                                    {"paused", true},
                                                    {"state", "paused"},
                                                    {"dispatched", 1},
                                                    {"heldBack", held},
                                                    {"since", broker.clock}},
                                                   {{"clientid", "a"},
                                                    {"connected", false},
                                                    {"paused", false},
                                                    {"state", "offline"},
                                                    {"dispatched", 0},
                                                    {"heldBack", held},
                                                    {"since", broker.clock}}}));
}

TEST_P(Control, OneNameMayHaveSeveralGroups) {
    join_all({"a"}, "$share/g/t");
    subscribe_all({"a"}, "$share/g/u");
    EXPECT_THAT(error_of({{"command", "getGroup"}, {"group", "g"}}), HasSubstr("'filter'"));
    EXPECT_EQ(error_of({{"command", "getGroup"}, {"group", "g"}, {"filter", "u"}}), "");
    EXPECT_THAT(error_of({{"command", "getGroup"}, {"group", "h"}}), HasSubstr("no group 'h'"));
}

TEST_P(Control, MemberIsPausedAndResumed) {
    join_all({"a", "b"}, "$share/g/t");
    Json command{{"command", "pauseMember"}, {"group", "g"}, {"filter", "t"}, {"clientid", "a"}};
    EXPECT_EQ(error_of(command), "");
    publish("t", 2);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 2));
    command["command"] = "resumeMember";
    EXPECT_EQ(error_of(command), "");
    publish("t", 2);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(1, 1));
    command["clientid"] = "c";
    EXPECT_EQ(error_of(command), "client 'c' is no member of group 'g' on 't'.");
}

TEST_P(Control, MemberIsRemoved) {
    join_all({"a", "b"}, "$share/g/t", {.persistent = true});
    EXPECT_EQ(error_of({{"command", "removeMember"}, {"group", "g"}, {"clientid", "a"}}), "");
    const auto group = carry_out({{"command", "getGroup"}, {"group", "g"}}).at("data").at("group");
    EXPECT_EQ(group.at("members"), 1);
}

TEST_P(Control, StrategyIsSet) {
    join_all({"a"}, "$share/g/t");
    EXPECT_EQ(error_of({{"command", "setStrategy"}, {"strategy", "hash_topic"}, {"group", "g"}}),
              "");
    EXPECT_EQ(error_of({{"command", "setStrategy"}, {"strategy", "sticky"}}), "");
    subscribe_all({"a"}, "$share/h/t");
    const auto listed = carry_out({{"command", "listGroups"}, {"verbose", true}}).at("data");
    EXPECT_EQ(listed.at("groups")[0].at("strategy"), "hash_topic");
    EXPECT_EQ(listed.at("groups")[1].at("strategy"), "sticky");
    EXPECT_THAT(error_of({{"command", "setStrategy"}, {"strategy", "best"}}),
                HasSubstr("round_robin, random, least_loaded, sticky"));
}

TEST_P(Control, MetricsAreShownAndReset) {
    join_all({"a"}, "$share/g/t");
    publish("t", 2);
    auto expected = Json::parse(R"({"groups":1,"members":1,"connected":1,"dispatched":2,
        "queued":0,"redispatched":0,"dropped":0,"expired":0,"abandoned":0})");
    EXPECT_EQ(carry_out({{"command", "getStatistics"}}).at("data"), expected);
    EXPECT_EQ(carry_out({{"command", "resetStatistics"}}),
              Json::parse(R"({"command":"resetStatistics"})"));
    expected["dispatched"] = 0;
    EXPECT_EQ(carry_out({{"command", "getStatistics"}}).at("data"), expected);
}

TEST_P(Control, VersionIsThatOfTheProject) {
    EXPECT_THAT(carry_out({{"command", "getVersion"}}).at("data").at("version").get<std::string>(),
                ::testing::ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+$"));
}

TEST_P(Control, CommandsAreAnsweredInTheirOrder) {
    const auto responses = ask(R"({"commands":[{"command":"getVersion","correlationData":"1"},
        {"command":"nonsense","correlationData":"2"},{"command":"getStatistics"}, 7]})");
    ASSERT_EQ(responses.size(), 4U);
    EXPECT_EQ(responses[0].at("correlationData"), "1");
    EXPECT_EQ(responses[1].at("correlationData"), "2");
    EXPECT_THAT(responses[1].at("error").get<std::string>(), HasSubstr("unknown command"));
    EXPECT_FALSE(responses[2].contains("correlationData"));
    EXPECT_EQ(responses[3].at("command"), "Unknown command");
}

TEST_P(Control, FieldsAreOfTheirTypes) {
    join_all({"a"}, "$share/g/t");
    for (const auto* command :
         {R"({"command":"getGroup"})", R"({"command":"getGroup","group":7})",
          R"({"command":"getGroup","group":"g","filter":[]})",
          R"({"command":"getGroup","group":"g","count":0})",
          R"({"command":"listGroups","count":1001})", R"({"command":"listGroups","count":-1})",
          R"({"command":"listGroups","offset":1.5})", R"({"command":"listGroups","verbose":"yes"})",
          R"({"command":"setStrategy"})", R"({"command":"setStrategy","strategy":null})",
          R"({"command":"setStrategy","strategy":"sticky","group":{}})",
          R"({"command":"setStrategy","strategy":"sticky","group":""})",
          R"({"command":"setStrategy","strategy":"sticky","group":"g/t"})",
          R"({"command":"pauseMember","group":"g"})",
          R"({"command":"removeMember","clientid":"a"})",
          R"({"command":"getVersion","correlationData":1})", R"({"command":""})"}) {
        const auto responses = ask(std::string(R"({"commands":[)") + command + "]}");
        EXPECT_NE(responses[0].value("error", ""), "") << command;
        EXPECT_FALSE(responses[0].contains("data")) << command;
    }
    EXPECT_EQ((*broker.engine->registry().groups().begin())->strategy(), Strategy::round_robin);
}

TEST_P(Control, WhatIsNoRequestIsRefusedAsAWhole) {
    for (const std::string request : {"", "nonsense", "{", "[]", "7", "{}", R"({"commands":{}})",
                                      "{\"commands\":[\"\xff\"]}"}) {
        const auto responses = ask(request);
        ASSERT_EQ(responses.size(), 1U) << request;
        EXPECT_EQ(responses[0].at("command"), "Unknown command") << request;
        EXPECT_NE(responses[0].value("error", ""), "") << request;
    }
}

TEST_P(Control, RequestsAreBounded) {
    EXPECT_THAT(ask(std::string(1'000'000, ' '))[0].value("error", ""), HasSubstr("too large"));
    EXPECT_THAT(ask(std::string(kMaxRequest, '['))[0].value("error", ""), HasSubstr("not JSON"));
    const std::size_t depth = kMaxRequest / 2 - 20;
    const auto nested = std::string(depth, '[') + std::string(depth, ']');
    EXPECT_THAT(ask(R"({"commands":[)" + nested + "]}")[0].value("error", ""),
                HasSubstr("not an object"));

    const auto many = Json::array_t(10'001);
    EXPECT_THAT(ask(Json{{"commands", many}}.dump())[0].value("error", ""),
                HasSubstr("too many commands"));
}

// So that no request stalls the broker, however many groups there are.
TEST_P(Control, CommandsAreCarriedOutAsFarAsTheyAskForLittle) {
    constexpr int kGroups = 1000;
    join_all({"a"}, "$share/g0/t");
    for (int number = 1; number < kGroups; ++number)
        subscribe_all({"a"}, "$share/g" + std::to_string(number) + "/t");
    const auto carried_out = [&](const Json& command, std::size_t times) {
        const auto responses = ask(Json{{"commands", Json::array_t(times, command)}}.dump());
        std::size_t count = 0;
        while (count < times && !responses[count].contains("error")) ++count;
        for (auto rest = count; rest < times; ++rest)
            EXPECT_THAT(responses[rest].at("error"), HasSubstr("several requests"));
        return count;
    };
    EXPECT_EQ(carried_out({{"command", "listGroups"}, {"count", kGroups}}, 11), 10U);
    const Json group{{"command", "getGroup"}, {"group", "g7"}, {"filter", "t"}};
    EXPECT_EQ(carried_out(group, 1000), 1000U);
    // They have to look through all groups.
    EXPECT_LE(carried_out({{"command", "getGroup"}, {"group", "g7"}}, 300), 100U);
    EXPECT_EQ(carried_out({{"command", "getStatistics"}}, 300), 100U);
    EXPECT_EQ(carried_out({{"command", "resetStatistics"}}, 300), 50U);
    EXPECT_EQ(carried_out({{"command", "setStrategy"}, {"strategy", "sticky"}}, 300), 100U);
}

INSTANTIATE_FOR_GENERATIONS(Control);

}  // namespace
}  // namespace shared_subscription
