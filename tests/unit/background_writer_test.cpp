// A store that is written on a thread of its own, and a file that does not stay where it was.
#include "store/background_writer.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <string>

#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class BackgroundWriterTest : public StoreTest {
  protected:
    void start() { writer = std::make_unique<BackgroundWriter>(open(), file()); }
    void write(const std::string& strategy, bool whole = false) {
        writer->write({.whole = whole, .strategies = {{"g", strategy}}}, 1);
    }
    std::string saved() { return OtherProgram(file()).run("SELECT strategy FROM strategies"); }
    /// Within a time that no machine needs.
    static bool comes_true(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::yield();
        }
        return true;
    }

    std::unique_ptr<BackgroundWriter> writer;
};

TEST_F(BackgroundWriterTest, WritesWhatItIsGivenInOrder) {
    start();
    for (const auto* strategy : {"sticky", "random", "hash_topic"}) write(strategy);
    writer->wait(20s);
    EXPECT_EQ(writer->waiting(), 0U);
    EXPECT_EQ(saved(), "hash_topic");
    EXPECT_EQ(writer->problem(), "");
    EXPECT_FALSE(writer->take_loss());
}

TEST_F(BackgroundWriterTest, WritesWhatIsLeftAtTheEnd) {
    start();
    for (int number = 0; number < 100; ++number) write(std::to_string(number));
    writer.reset();
    EXPECT_EQ(saved(), "99");
}

TEST_F(BackgroundWriterTest, SaysWhyItCannotWriteAndGoesOnWhenItCan) {
    start();
    {
        OtherProgram other(file());
        other.run("BEGIN IMMEDIATE");
        write("sticky");
        ASSERT_TRUE(comes_true([&] { return !writer->problem().empty(); }));
        EXPECT_THAT(writer->problem(), HasSubstr("another program is writing to it"));
        EXPECT_EQ(writer->waiting(), 1U);
        other.run("ROLLBACK");
    }
    writer->wait(20s);
    EXPECT_EQ(writer->problem(), "");
    EXPECT_EQ(saved(), "sticky");
}

TEST_F(BackgroundWriterTest, EndsThoughItCannotWrite) {
    start();
    OtherProgram other(file());
    other.run("BEGIN IMMEDIATE");
    write("sticky");
    writer.reset();
    other.run("ROLLBACK");
    EXPECT_EQ(other.run("SELECT count(*) FROM strategies"), "0");
}

TEST_F(BackgroundWriterTest, BeginsAnewWhereTheFileIsGone) {
    start();
    write("sticky");
    writer->wait(20s);
    std::filesystem::remove(file());
    ASSERT_TRUE(comes_true([&] { return writer->take_loss(); })) << "without being asked to write";
    EXPECT_FALSE(writer->take_loss());
    write("random");  // of before the owner knew
    write("hash_topic", true);
    writer->wait(20s);
    EXPECT_EQ(saved(), "hash_topic");
    write("sticky");
    writer->wait(20s);
    EXPECT_EQ(saved(), "sticky");
    EXPECT_EQ(writer->problem(), "");
}

TEST_F(BackgroundWriterTest, WritesOverAnotherDatabaseOfItsKind) {
    const auto other = directory.path() / "other.db";
    {
        std::string problem;
        const auto store = Store::open(other, problem);
        ASSERT_TRUE(store->write({.strategies = {{"other", "sticky"}}}, 1, problem)) << problem;
    }
    start();
    std::filesystem::rename(other, file());
    ASSERT_TRUE(comes_true([&] { return writer->take_loss(); }));
    write("random", true);
    writer->wait(20s);
    EXPECT_EQ(saved(), "random");
    EXPECT_EQ(OtherProgram(file()).run("SELECT count(*) FROM strategies"), "1");
}

TEST_F(BackgroundWriterTest, LeavesAFileAloneThatIsSomethingElse) {
    start();
    std::filesystem::remove(file());
    std::ofstream(file()) << std::string(1000, 'x');
    ASSERT_TRUE(comes_true([&] { return writer->take_loss(); }));
    write("random", true);
    ASSERT_TRUE(comes_true([&] { return !writer->problem().empty(); }));
    EXPECT_THAT(writer->problem(), HasSubstr("it is not a SQLite database"));
    EXPECT_EQ(std::filesystem::file_size(file()), 1000U);
    std::filesystem::remove(file());
    writer->wait(20s);
    EXPECT_EQ(saved(), "random");
    EXPECT_EQ(writer->problem(), "");
}

}  // namespace
}  // namespace shared_subscription
