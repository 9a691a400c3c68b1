// When what has changed is written to the file.
#include "mosquitto/persistence.hpp"

#include <gmock/gmock.h>

#include <string>

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
    /// A turn each two milliseconds, until all is saved; how many milliseconds that takes.
    std::int64_t save_from(std::int64_t begin) {
        auto now = begin;
        for (; persistence->has_work(); now += 2) persistence->tick(now);
        return now - begin;
    }

    TemporaryDirectory directory;
    const std::filesystem::path file = directory.path() / "groups.db";
    QuietBroker broker;
    Engine engine{broker, kBroker21, StrategyTable(), [] { return std::uint64_t{0}; }};
    std::unique_ptr<Persistence> persistence;
};

TEST_F(PersistenceTest, SavesALittleAtOnce) {
    change(30);
    persistence->tick(1000);
    EXPECT_FALSE(persistence->has_work());
    EXPECT_EQ(saved(), "30");
}

TEST_F(PersistenceTest, SpreadsMuchOverTheTimeHoweverLongAgoTheLastWas) {
    for (const std::int64_t begin : {1000, 2000, 100'000}) {
        change(1000);
        EXPECT_NEAR(static_cast<double>(save_from(begin)), 400, 25) << "from " << begin;
        EXPECT_EQ(saved(), "1000");
    }
}

TEST_F(PersistenceTest, WaitsForTheNextSecond) {
    change(1);
    persistence->tick(1000);
    change(2);
    persistence->tick(1999);
    EXPECT_EQ(saved(), "1");
    persistence->tick(2000);
    EXPECT_EQ(saved(), "2");
}

}  // namespace
}  // namespace shared_subscription
