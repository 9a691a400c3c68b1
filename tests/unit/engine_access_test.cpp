// Other access control: what it denies goes to another member, and nothing is opened.
#include <gmock/gmock.h>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EngineAccess : public EngineTest {
  protected:
    EngineAccess() {
        broker.set_others([this](const auto& client, const auto& topic) {
            return topic != "secret" || client != denied_;
        });
    }
    void deny(const std::string& client) { denied_ = client; }

  private:
    std::string denied_;
};

TEST_P(EngineAccess, PassesOverWhoMayNotRead) {
    join_all({"a", "b", "c"}, "$share/g/secret");
    deny("b");
    publish("secret", 4);
    EXPECT_THAT(broker.take_counts({"a", "b", "c"}), ElementsAre(2, 0, 2));
    EXPECT_THAT(broker.log_lines, ElementsAre(HasSubstr("access control does not let it read")));
}

TEST_P(EngineAccess, PassesOverWhoIsAwayAndMayNotRead) {
    join_all({"a", "b"}, "$share/g/secret", kPersistent);
    for (const auto* id : {"a", "b"}) broker.drop(id);
    broker.settle();
    deny("a");
    publish("secret", 4);
    for (const auto* id : {"a", "b"}) {
        broker.connect(id, kPersistent);
        broker.settle();
    }
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 4));
}

TEST_P(EngineAccess, ServesAgainWhoMayReadAgain) {
    join_all({"a", "b"}, "$share/g/secret");
    deny("a");
    publish("secret", 2);
    deny("");
    publish("secret", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(2, 4));
}

// What the broker reports meanwhile has to wait until the election is over.
TEST_P(EngineAccess, OthersMayEndAClientWhileTheyAreAsked) {
    for (const bool persistent : {false, true}) {
        const std::string name = persistent ? "kept" : "clean";
        for (const std::string doomed : {"1", "2", "3"}) {
            const std::string topic = name + doomed;
            const std::vector ids{topic + "1", topic + "2", topic + "3"};
            join_all(ids, "$share/g/" + topic, {.persistent = persistent});
            join_all({topic + "w"}, "$share/g/will");
            broker.set_will(topic + doomed, {.topic = "will", .payload = topic});
            bool has_ended = false;
            broker.set_others([&](const auto& /*client*/, const auto& /*topic*/) {
                const bool is_asked = broker.engine->registry().asks_others;
                if (is_asked && !std::exchange(has_ended, true)) broker.kick(topic + doomed);
                return true;
            });
            publish(topic, 1);
            broker.settle();
            std::size_t got = 0;
            for (const auto& id : ids) {
                if (persistent || id != topic + doomed) got += broker.take(id).size();
            }
            EXPECT_TRUE(has_ended);
            EXPECT_LE(got, 1U);
            publish(topic, 6);
            broker.settle();
            for (const auto& id : ids) {
                if (id == topic + doomed) continue;
                EXPECT_THAT(broker.take(id), SizeIs(3)) << id;
            }
            EXPECT_THAT(broker.take(topic + "w"), IsEmpty());
        }
    }
    EXPECT_THAT(broker.log_lines,
                Contains(HasSubstr("groups do not get the will of that client")).Times(1));
    EXPECT_EQ(broker.engine->registry().census().connected, 6U * 3);
}

TEST_P(EngineAccess, LosesWhatNobodyMayRead) {
    join_all({"a"}, "$share/g/secret");
    deny("a");
    publish("secret", 3);
    EXPECT_THAT(broker.take("a"), IsEmpty());
}

TEST_P(EngineAccess, DecidesAboutEachCopy) {
    join_all({"a", "b"}, "$share/g/secret");
    for (const auto* filter : {"$share/h/secret", "secret"}) subscribe_all({"a", "b"}, filter);
    deny("a");
    publish("secret", 4);
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, 12));
}

TEST_P(EngineAccess, OpensNothingWhereItCannotBeAsked) {
    broker.exports_acl_check = false;
    join_all({"a", "b"}, "$share/g/secret");
    deny("a");
    publish("secret", 6);
    // 2.1 shows that nothing was written to the first.
    EXPECT_THAT(broker.take_counts({"a", "b"}), ElementsAre(0, is_2_1() ? 5 : 3));
}

TEST_P(EngineAccess, DropsWhatWaitedForOneThatHasLeftAndOthersMayNotRead) {
    broker.set_others([](const auto& client, const auto&) { return client != "b"; });
    join_all({"a", "b"}, "$share/g/t", kPersistent);
    broker.drop("a");
    broker.settle();
    publish("t", 2);
    EXPECT_EQ(broker.engine->registry().census().queued, 2U);
    broker.connect("a");  // a new session
    broker.settle();
    publish("t", 1);
    broker.settle();
    EXPECT_EQ(broker.engine->registry().census().queued, 0U);
}

INSTANTIATE_FOR_GENERATIONS(EngineAccess);

}  // namespace
}  // namespace shared_subscription
