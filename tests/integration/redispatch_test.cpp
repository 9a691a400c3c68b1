// What a member leaves behind when its session ends goes to the others.

#include "redispatch_test.hpp"

#include <algorithm>

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

class Redispatch : public RedispatchTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.options = {holds_all}});
    }
};

// The first was written to it and may have been worked on.
TEST_F(Redispatch, OfAConnectionThatBreaksOff) {
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

TEST_F(Redispatch, OfAMemberThatDisconnects) {
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    disconnect();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

TEST_F(Redispatch, LeavesOutWhatWasAcknowledged) {
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    for (const auto& number : numbers(1, 3)) {
        const Publish publish = silent().next_publish();
        EXPECT_EQ(publish.payload, number);
        silent().send(PacketType::puback, publish.identifier);
    }
    EXPECT_EQ(silent().next_publish().payload, "4");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(4, 10))));
}

TEST_F(Redispatch, LeavesOutAllThatWasAcknowledged) {
    join_silent(1, {.receive_maximum = 100});
    Client& publisher = connect("publisher");
    const auto others = join({"other"});
    others[0]->unsubscribe("$share/g/t");
    for (const auto& message : numbered("t", 50, 1)) {
        publisher.publish(message);
        const Publish publish = silent().next_publish();
        EXPECT_EQ(publish.payload, message.payload);
        silent().send(PacketType::puback, publish.identifier);
    }
    others[0]->subscribe("$share/g/t");
    drop();
    EXPECT_THAT(others[0]->messages(), IsEmpty());
}

// However large its window.
TEST_F(Redispatch, OfAllThatWasWrittenAndNotAcknowledged) {
    if (broker_is_20()) return;  // does not show what was written
    broker.stop();
    broker.start({.first = {"max_inflight_messages 0"}, .options = {holds_all}});
    join_silent(1, {.receive_maximum = 1000});
    give(numbered("t", 300, 1));
    const auto others = join({"other"});
    EXPECT_THAT(silent().received(), SizeIs(300));
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(numbers(1, 300)));
}

// What was never sent does not wait for that.
TEST_F(Redispatch, OfASessionThatExpires) {
    join_silent(1, {.clean_start = false, .session_expiry = 1});
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->take_payloads(), ElementsAreArray(on_21(numbers(2, 10))));
    broker.wait_for_log("Expiring client silent");
    if (!broker_is_20()) others[0]->wait_for_messages(1);
    settle();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21({"1"})));
}

// The client begins anew while its session is offline, or still connected.
TEST_F(Redispatch, OfASessionThatItsClientEnds) {
    for (const bool is_connected : {false, true}) {
        join_silent(1, {.clean_start = false, .session_expiry = 3600});
        give(numbered("t", 10, 1));
        const auto others = join({"other"});
        EXPECT_EQ(silent().next_publish().payload, "1");
        if (!is_connected) drop();
        RawClient again(broker.port(), "silent");
        settle();
        EXPECT_THAT(others[0]->payloads(), UnorderedElementsAreArray(on_21(numbers(1, 10))));
        EXPECT_THAT(again.received(), IsEmpty());
        others[0]->disconnect();
    }
}

// It keeps what it was given, as long as its session lives.
TEST_F(Redispatch, OfAClientThatHasLeftTheGroup) {
    join_silent(1, {.receive_maximum = 2});
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_THAT(silent().unsubscribe({"$share/g/t"}), ElementsAre(0));
    silent().send(PacketType::puback, silent().next_publish().identifier);
    settle();
    EXPECT_THAT(others[0]->payloads(), IsEmpty());
    disconnect();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(2, 10))));
}

TEST_F(Redispatch, OfAClientThatHasLeftAndAcknowledgedAllIsNothing) {
    join_silent(1, {.receive_maximum = 2});
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    silent().unsubscribe({"$share/g/t"});
    EXPECT_EQ(acknowledge_all(), numbers(1, 10));
    drop();
    EXPECT_THAT(others[0]->payloads(), IsEmpty());
}

TEST_F(Redispatch, OfAClientThatHasLeftAndJoinedAgain) {
    join_silent(1, {.receive_maximum = 2});
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    silent().unsubscribe({"$share/g/t"});
    silent().subscribe({"$share/g/t"}, 1);
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

// All in one piece: what goes out as it leaves is on its way when it ends.
TEST_F(Redispatch, OfAClientThatLeavesAndEndsAtOnce) {
    for (int times = 0; times < 5; ++times) {
        join_silent(1, {.receive_maximum = 2});
        give(numbered("t", 10, 1));
        const auto others = join({"other"});
        silent().send_unsubscribe({"$share/g/t"});
        disconnect();
        EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
        others[0]->disconnect();
    }
}

TEST_F(Redispatch, OfAClientThatHasLeftAndResumesItsSession) {
    const RawOptions resumes{.clean_start = false, .session_expiry = 3600, .receive_maximum = 2};
    for (const bool is_connected : {false, true}) {
        join_silent(1, resumes);
        give(numbered("t", 10, 1));
        const auto others = join({"other"});
        silent().unsubscribe({"$share/g/t"});
        silent().send(PacketType::puback, silent().next_publish().identifier);
        if (!is_connected) drop();
        RawClient again(broker.port(), "silent", resumes);
        settle();
        EXPECT_THAT(others[0]->payloads(), IsEmpty());
        EXPECT_EQ(again.next_publish().payload, "2");
        again.disconnect();
        EXPECT_THAT(others[0]->payloads(), IsEmpty());
        RawClient anew(broker.port(), "silent");  // the session ends
        settle();
        EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(2, 10))));
        EXPECT_THAT(anew.received(), IsEmpty());
        others[0]->disconnect();
    }
}

TEST_F(Redispatch, OfAClientThatHasLeftWhoseSessionExpires) {
    join_silent(1, {.clean_start = false, .session_expiry = 1, .receive_maximum = 2});
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    silent().unsubscribe({"$share/g/t"});
    drop();
    EXPECT_THAT(others[0]->payloads(), IsEmpty());
    broker.wait_for_log("Expiring client silent");
    if (!broker_is_20()) others[0]->wait_for_messages(10);
    settle();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

// Nobody but the receiver of a QoS 2 message can know whether it has had it.
TEST_F(Redispatch, NeverOfAQos2MessageThatWasWritten) {
    join_silent(2);
    give(numbered("t", 10, 2));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(2, 10))));
    EXPECT_THAT(others[0]->messages(), Each(Field(&Message::qos, 2)));
}

TEST_F(Redispatch, NeverOfMessagesOfQos0) {
    join_silent();
    auto messages = numbered("t", 6, 1);
    messages[1].qos = messages[4].qos = 0;
    give(messages);
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21({"1", "3", "4", "6"})));
}

TEST_F(Redispatch, NeverOfASessionThatGoesOnInAnotherConnection) {
    const RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    join_silent(1, outliving);
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    join_silent(1, outliving);
    EXPECT_THAT(acknowledge_all(), ElementsAreArray(numbers(1, 10)));
    settle();
    EXPECT_THAT(others[0]->messages(), IsEmpty());
}

TEST_F(Redispatch, NeverOfWhatWasSentWhileTheSessionLives) {
    const RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    join_silent(1, outliving);
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(2, 10))));
    join_silent(1, outliving);
    EXPECT_THAT(acknowledge_all(),
                ElementsAreArray(broker_is_20() ? numbers(1, 10) : numbers(1, 1)));
}

// Nobody else is there when it goes.
TEST_F(Redispatch, OfWhatWasNeverSentWhenSomebodyComes) {
    const RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    join_silent(1, outliving);
    give(numbered("t", 10, 1));
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    Client& other = connect("other");
    other.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(other.payloads(), ElementsAreArray(on_21(numbers(2, 10))));
}

TEST_F(Redispatch, OfAMemberThatIsRemoved) {
    broker.stop();
    broker.start({.options = {"plugin_opt_control true", holds_all}});
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    connect("administrator")
        .publish("$CONTROL/shared-subscription/v1",
                 R"({"commands":[{"command":"removeMember","group":"g","filter":"t",)"
                 R"("clientid":"silent"}]})",
                 1);
    settle();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

TEST_F(Redispatch, IsSharedAmongTheOthersEachInOrder) {
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"a", "b", "c"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    std::vector<std::string> redispatched;
    for (const Client* other : others) {
        const auto payloads = other->payloads();
        EXPECT_TRUE(std::ranges::is_sorted(payloads, {}, [](const auto& x) { return stoi(x); }));
        std::ranges::copy(payloads, back_inserter(redispatched));
    }
    EXPECT_THAT(redispatched, ::testing::UnorderedElementsAreArray(on_21(numbers(1, 10))));
}

TEST_F(Redispatch, ConcernsTheGroupAlone) {
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("t", 1);
    Client& beside = connect("beside");
    beside.subscribe("$share/h/t", 1);
    join_silent();
    silent().subscribe({"its own"}, 1);
    auto messages = numbered("t", 6, 1);
    messages[2].topic = messages[4].topic = "its own";
    give(messages);
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(on_21({"1", "2", "4", "6"})));
    EXPECT_THAT(non_shared.payloads(), ElementsAre("1", "2", "4", "6"));
    EXPECT_THAT(beside.payloads(), ElementsAre("1", "2", "4", "6"));
}

TEST_F(Redispatch, KeepsProperties) {
    join_silent(1, {.protocol = 4});
    const Message message{
        .topic = "t",
        .payload = std::string("\0\xFF", 2),
        .qos = 1,
        .properties = {.user = {{"a", "1"}, {"a", "2"}}, .content_type = "text/plain"}};
    give({numbered("t", 1, 1)[0], message});
    const auto others = join({"other"});
    EXPECT_EQ(silent().next_publish().payload, "1");
    disconnect();
    if (broker_is_20()) {
        EXPECT_THAT(others[0]->messages(), IsEmpty());
    } else {
        EXPECT_THAT(others[0]->messages(), ElementsAre(numbered("t", 1, 1)[0], message));
    }
}

// A member that is offline holds the group: for it they wait.
TEST_F(Redispatch, WaitsForAMemberThatIsAway) {
    Client& away = connect("away", persistent());
    away.subscribe("$share/g/t", 1);
    away.drop();
    settle();
    join_silent();
    give(numbered("t", 10, 1));
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    EXPECT_TRUE(away.connect());
    settle();
    EXPECT_THAT(away.payloads(), ElementsAreArray(on_21(numbers(1, 10))));
}

TEST_F(Redispatch, EndsWithTheGroup) {
    join_silent();
    give(numbered("t", 10, 1));
    EXPECT_EQ(silent().next_publish().payload, "1");
    drop();
    join({"newcomer"});  // gets nothing
}

// It may go on with what it has, and nobody else does.
TEST_F(Redispatch, LeavesAMemberThatUnsubscribesWhatItHas) {
    join_silent();
    give(numbered("t", 10, 1));
    const auto others = join({"other"});
    EXPECT_THAT(silent().unsubscribe({"$share/g/t"}), ElementsAre(0));
    settle();
    EXPECT_THAT(others[0]->messages(), IsEmpty());
    EXPECT_THAT(acknowledge_all(), ElementsAreArray(numbers(1, 10)));
    settle();
    EXPECT_THAT(others[0]->messages(), IsEmpty());
    give(numbered("t", 3, 1));
    settle();
    EXPECT_THAT(others[0]->payloads(), ElementsAreArray(numbers(1, 3)));
    EXPECT_THAT(silent().received(), IsEmpty());
}

// Messages are held back for it from the second on, and the other has its turns. 2.0 does not show
// what a connected client has acknowledged.
TEST_F(Redispatch, IsSparedWhereAnotherMemberHasRoom) {
    join_silent();
    const auto others = join({"idle"});
    give(numbered("t", 20, 1));
    settle();
    auto payloads = others[0]->payloads();
    if (broker_is_20()) {
        EXPECT_THAT(payloads, SizeIs(10));
    } else {
        EXPECT_THAT(payloads, SizeIs(::testing::Ge(18U)));
    }
    std::ranges::copy(acknowledge_all(), back_inserter(payloads));
    EXPECT_THAT(payloads, ::testing::UnorderedElementsAreArray(numbers(1, 20)));
}

}  // namespace
}  // namespace integration
