// How a file becomes a store, and a store a file; one broker at a time.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "child_process.hpp"
#include "store/store.hpp"
#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kInUse = "it is in use, perhaps by another broker; stop that one";

using StoreOpen = StoreTest;

TEST_F(StoreOpen, CreatesADatabaseForItsOwnerAlone) {
    EXPECT_TRUE(open());
    EXPECT_THAT(files(), UnorderedElementsAre(Key("state.db")));
    struct stat status {};
    ASSERT_EQ(stat(file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(StoreOpen, TakesAnEmptyFile) {
    directory.write("state.db", "");
    const auto store = open();
    EXPECT_THAT(load(*store).sessions, SizeIs(0));
}

TEST_F(StoreOpen, TakesARelativePath) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    for (const auto* name : {"state.db", ":memory:", "file:x?mode=memory"}) {
        std::string problem;
        EXPECT_TRUE(Store::open(name, problem)) << problem;
        EXPECT_TRUE(files().contains(name));
    }
    std::filesystem::current_path(before);
}

TEST_F(StoreOpen, IsForOtherProgramsToRead) {
    const auto store = open();
    write(*store, {.groups = {{.name = {.share_name = "g", .filter = "t"}, .turn = "c"}}});
    OtherProgram other(file());
    EXPECT_EQ(other.run("SELECT turn FROM turns"), "c");
    EXPECT_EQ(other.run("PRAGMA journal_mode"), "wal");
    EXPECT_EQ(other.run("PRAGMA user_version"), "1");
    EXPECT_EQ(other.run("PRAGMA application_id"), "1399346037");
    other.run("BEGIN; SELECT * FROM turns");
    write(*store, {.groups = {{.name = {.share_name = "g", .filter = "t"}, .turn = "d"}}});
    EXPECT_EQ(other.run("SELECT turn FROM turns; COMMIT"), "c");
    EXPECT_EQ(other.run("SELECT turn FROM turns"), "d");
}

TEST_F(StoreOpen, LeavesOneFileWhenClosed) {
    fill();
    EXPECT_THAT(files(), UnorderedElementsAre(Key("state.db")));
    EXPECT_THAT(load(*open()).messages, SizeIs(200));
    EXPECT_THAT(files(), UnorderedElementsAre(Key("state.db")));
}

TEST_F(StoreOpen, TakesAFileOfAnEarlyBuild) {
    fill();
    OtherProgram(file()).run("DROP TABLE strategies; ALTER TABLE messages DROP COLUMN queued_at");
    const auto store = open();
    EXPECT_THAT(load(*store).messages, SizeIs(200));
    EXPECT_EQ(load(*store).messages.front().queued, 0);
    write(*store,
          {.queued = {{.id = 1000, .queued = 7, .group = {}}}, .strategies = {{"g", "sticky"}}});
    EXPECT_EQ(load(*store).messages.back().queued, 7);
}

TEST_F(StoreOpen, TakesTheLogOfACrash) {
    fill();
    {
        OtherProgram other(file());
        other.leave_log();
        other.run("DELETE FROM messages WHERE id > 5");
    }
    EXPECT_THAT(files(),
                UnorderedElementsAre(Key("state.db"), Key("state.db-wal"), Key("state.db-shm")));
    EXPECT_THAT(load(*open()).messages, SizeIs(5));
    EXPECT_THAT(files(), UnorderedElementsAre(Key("state.db")));
}

TEST_F(StoreOpen, RefusesADirectory) {
    std::filesystem::create_directory(file());
    is_refused("it is a directory; name a file in it.");
}

TEST_F(StoreOpen, RefusesWhatIsNoFile) {
    ASSERT_EQ(mkfifo(file().c_str(), 0600), 0);
    is_refused("it is not a regular file; name another one.");
}

TEST_F(StoreOpen, RefusesAPathWithoutDirectory) {
    EXPECT_THAT(refusal(directory.path() / "none" / "state.db"),
                HasSubstr("its directory does not exist; create it, or name a file elsewhere."));
    const auto no_directory = directory.write("text", "x");
    EXPECT_THAT(refusal(no_directory / "state.db"), HasSubstr("its directory does not exist"));
    EXPECT_THAT(refusal(""), HasSubstr("its directory does not exist"));
    EXPECT_THAT(files(), UnorderedElementsAre(Key("text")));
}

TEST_F(StoreOpen, RefusesWhatItMayNotWrite) {
    fill();
    std::filesystem::permissions(directory.path(), std::filesystem::perms{0755});
    std::filesystem::permissions(file(), std::filesystem::perms{0444});
    // Root may do everything, so it is somebody else for a while.
    const auto before = files();
    const auto user = geteuid();
    constexpr uid_t kNobody = 65534;
    ASSERT_EQ(seteuid(user == 0 ? kNobody : user), 0);
    const auto existing = refusal(file());
    const auto created = user == 0 ? refusal(directory.path() / "new.db") : existing;
    ASSERT_EQ(seteuid(user), 0);
    for (const auto& problem : {existing, created}) {
        EXPECT_THAT(problem,
                    HasSubstr("it cannot be opened (Permission denied); let the user that the "
                              "broker runs as read and write the file and its directory."));
    }
    EXPECT_TRUE(files() == before);
}

TEST_F(StoreOpen, IsForOneBroker) {
    fill();
    Pipe opened;
    const Pipe done;
    ChildProcess broker([&] {
        std::string problem;
        const auto store = Store::open(file(), problem);
        return store && opened.signal() && done.wait() ? 0 : 1;
    });
    opened.only_wait();
    ASSERT_TRUE(opened.wait());
    is_refused(kInUse);
    ASSERT_TRUE(done.signal());
    EXPECT_EQ(broker.wait(), 0);
    EXPECT_THAT(load(*open()).messages, SizeIs(200));
}

TEST_F(StoreOpen, IsForOneStoreInAProcess) {
    auto store = open();
    EXPECT_THAT(load(*store).groups, SizeIs(0));
    std::filesystem::create_symlink(file(), directory.path() / "link");
    EXPECT_THAT(refusal(file()), HasSubstr(kInUse));
    EXPECT_THAT(refusal(directory.path() / "link"), HasSubstr(kInUse));
    // SQLite's own lock, which keeps others from ending the log, has survived that.
    ChildProcess other([&] {
        const int descriptor = ::open(file().c_str(), O_RDWR);
        struct flock whole {};
        whole.l_type = F_WRLCK;
        return fcntl(descriptor, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    write(*store, {.groups = {{.name = {.share_name = "g", .filter = "t"}, .turn = "c"}}});
    store.reset();
    EXPECT_THAT(load(*open()).groups, SizeIs(1));
}

TEST_F(StoreOpen, LeavesOtherFilesToOthers) {
    const auto store = open();
    std::string problem;
    EXPECT_TRUE(Store::open(directory.path() / "second.db", problem)) << problem;
    EXPECT_TRUE(Store::open(directory.path() / "second.db", problem)) << problem;
}

}  // namespace
}  // namespace shared_subscription
