// When what has changed is written to the file.
#include "mosquitto/persistence.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "generations.hpp"
#include "quiet_broker.hpp"
#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

class PersistenceTest : public ::testing::Test {
  protected:
    PersistenceTest() {
        std::string problem;
        persistence = Persistence::open(file, nullptr, Generation::v2_1, engine, broker, problem);
        EXPECT_NE(persistence, nullptr) << problem;
    }

    void change(int count) {
        for (int number = 0; number < count; ++number)
            engine.set_strategy("g" + std::to_string(number), Strategy::sticky);
    }
    std::string saved() { return OtherProgram(file).run("SELECT count(*) FROM strategies"); }
    /// What is in the file in the end.
    std::string saved_at_the_end() {
        persistence.reset();
        return saved();
    }

    TemporaryDirectory directory;
    const std::filesystem::path file = directory.path() / "groups.db";
    ListeningBroker broker;
    std::int64_t now = 0;
    Engine engine{broker, kBroker21, StrategyTable(), [] { return std::uint64_t{0}; }};
    std::unique_ptr<Persistence> persistence;
};

TEST_F(PersistenceTest, TakesWhatHasChangedAFewTimesEachSecond) {
    change(1);
    now = 1000;
    persistence->tick(now);
    EXPECT_FALSE(persistence->has_work());
    change(2);
    persistence->tick(1299);
    EXPECT_TRUE(persistence->has_work());
    persistence->tick(1300);
    EXPECT_FALSE(persistence->has_work());
    EXPECT_EQ(saved_at_the_end(), "2");
}

TEST_F(PersistenceTest, SavesMembershipsBeforeTheRoundEnds) {
    const int connection = 0;
    engine.subscribe({.context = &connection, .id = "a"}, parse_subscription("$share/g/t"), {});
    EXPECT_TRUE(engine.has_changed_memberships());
    persistence->tick(1);
    EXPECT_FALSE(engine.has_changed_memberships());
}

TEST_F(PersistenceTest, SavesAllAgainWhereTheFileIsGone) {
    change(3);
    persistence->tick(now = 1000);
    std::filesystem::remove(file);
    const auto begin = std::chrono::steady_clock::now();
    while (broker.lines.empty() &&
           std::chrono::steady_clock::now() - begin < std::chrono::seconds(20))
        persistence->tick(now += 1000);
    EXPECT_THAT(broker.lines, ::testing::ElementsAre(::testing::HasSubstr("is gone")));
    change(1);
    EXPECT_EQ(saved_at_the_end(), "3");
}

}  // namespace
}  // namespace shared_subscription
