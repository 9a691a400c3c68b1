// Wills are messages like others: each reaches one member of each group.

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class Wills : public PluginTest {
  protected:
    static Message will(const std::string& payload, int qos = 1) {
        return {.topic = "t", .payload = payload, .qos = qos};
    }
    // Connects such a client and lets it die.
    void die(const std::string& id, const Message& message) {
        connect(id, {.will = message}).drop();
    }
};

class WillsOfEachQos : public Wills, public ::testing::WithParamInterface<int> {};

TEST_P(WillsOfEachQos, ReachOneMemberOfEachGroup) {
    const auto members = connect_all({"a", "b"});
    const auto queue = connect_all({"c", "d"});
    Client& non_shared = connect("ordinary");
    for (Client* member : members) member->subscribe("$share/g/t");
    for (Client* member : queue) member->subscribe("$queue/#");
    non_shared.subscribe("t");

    for (const auto& number : numbers(1, 4)) die("publisher" + number, will(number, GetParam()));
    settle();

    EXPECT_THAT(counts(members), ElementsAre(2, 2));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 4)));
    EXPECT_THAT(counts(queue), ElementsAre(2, 2));
    EXPECT_THAT(all_payloads(queue), ElementsAreArray(numbers(1, 4)));
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 4)));
}

INSTANTIATE_TEST_SUITE_P(, WillsOfEachQos, ::testing::Values(0, 1, 2),
                         [](const auto& row) { return "Qos" + std::to_string(row.param); });

TEST_F(Wills, ArriveWithTheirProperties) {
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1);
    Message message = will("x");
    message.properties = {.user = {{"a", "1"}}, .content_type = "text/plain"};
    die("publisher", message);
    settle();
    EXPECT_THAT(member.messages(), ElementsAre(message));
}

TEST_F(Wills, WithRetainReachOneMemberAndAreStored) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t");
    Message message = will("x");
    message.retain = true;
    die("publisher", message);
    settle();
    EXPECT_THAT(all_payloads(members), ElementsAre("x"));

    Client& late = connect("late");
    late.subscribe("t", 1);
    settle();
    EXPECT_THAT(late.messages(), ElementsAre(message));
}

// The broker sends a delayed will when it looks at its clock, without any client doing anything.
TEST_F(Wills, DelayedOnesReachOneMember) {
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe("$share/g/t");
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t");
    for (const auto& number : numbers(1, 4)) {
        connect("publisher" + number,
                {.session_expiry = 3600, .will = will(number), .will_delay = 1})
            .drop();
    }
    non_shared.wait_for_messages(4);
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(1, 4)));
    EXPECT_EQ(non_shared.messages().size(), 4U);
}

// Whose session ends with the delay, so that the broker sends the will of somebody it forgets.
TEST_F(Wills, DelayedOneOfAMemberReachesAnother) {
    const auto members = connect_all({"a", "b"});
    Client& dying = connect("dying", {.session_expiry = 1, .will = will("x"), .will_delay = 1});
    dying.subscribe("$share/g/t");
    for (Client* member : members) member->subscribe("$share/g/t");
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t");
    dying.drop();
    non_shared.wait_for_messages(1);
    settle();
    EXPECT_THAT(all_payloads(members), ElementsAre("x"));
}

class WillsOfMembers : public Wills, public ::testing::WithParamInterface<bool> {
  protected:
    ClientOptions dying(const std::string& payload) const {
        ClientOptions options = GetParam() ? persistent() : ClientOptions{};
        options.will = will(payload);
        return options;
    }
};

// The dying one would be next.
TEST_P(WillsOfMembers, ReachAnotherMember) {
    const auto members = connect_all({"a", "b"});
    for (int time = 0; time < 4; ++time) {
        Client& client = connect("dying" + std::to_string(time), dying(std::to_string(time)));
        client.subscribe("$share/g/t");
        for (Client* member : members) member->subscribe("$share/g/t");
        client.drop();
        settle();
        EXPECT_THAT(client.payloads(), IsEmpty());
    }
    EXPECT_THAT(all_payloads(members), ElementsAreArray(numbers(0, 3)));
}

INSTANTIATE_TEST_SUITE_P(, WillsOfMembers, ::testing::Bool(), [](const auto& row) {
    return row.param ? "WhoseSessionStays" : "WhoseSessionEnds";
});

// A non-shared subscription does the same.
TEST_F(Wills, OfTheOnlyMemberWaitsForItsReturn) {
    if (broker_is_20()) expect_alarming_log(noise_of_wills_at_the_end);
    ClientOptions options = persistent();
    options.will = will("x");
    Client& member = connect("member", options);
    member.subscribe("$share/g/t", 1);
    member.drop();
    settle();
    EXPECT_TRUE(member.connect());
    settle();
    EXPECT_THAT(member.payloads(), ElementsAre("x"));
}

TEST_F(Wills, OfOneThatIsTakenOverReachesAMember) {
    Client& member = connect("member");
    member.subscribe("$share/g/t", 1);
    Client& before = connect("same", {.will = will("x")});
    connect("same");
    loop.run_until("the old connection to end", [&] { return !before.connected(); });
    settle();
    EXPECT_THAT(member.payloads(), ElementsAre("x"));
}

TEST_F(Wills, ToAPrefixReachNobody) {
    Client& member = connect("member");
    for (const auto* filter : {"$queue/t", "$share/g/t", "#", "$share/h/#"}) {
        member.subscribe(filter, 1);
    }
    die("publisher1", {.topic = "$queue/t", .payload = "x", .qos = 1});
    die("publisher2", {.topic = "$queue/t", .payload = "x", .qos = 1, .retain = true});
    settle();
    EXPECT_THAT(member.payloads(), IsEmpty());
    member.subscribe("$queue/#", 1);
    settle();
    EXPECT_THAT(member.payloads(), IsEmpty());
}

}  // namespace
}  // namespace integration
