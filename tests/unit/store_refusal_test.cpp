// Files that are no store, of a newer plugin or damaged: they stay as they are.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "rows.hpp"
#include "store/store.hpp"
#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

using ::testing::SizeIs;

struct ContentRow : Row {
    std::string content;
};
class StoreRefusalOfFile : public StoreTest, public ::testing::WithParamInterface<ContentRow> {};

TEST_P(StoreRefusalOfFile, Happens) {
    directory.write("state.db", GetParam().content);
    is_refused("it is not a SQLite database; move it away, or name another file.");
}

INSTANTIATE_TEST_SUITE_P(
    , StoreRefusalOfFile,
    ::testing::Values(ContentRow{"Byte", "x"}, ContentRow{"Text", std::string(5000, 'x')},
                      ContentRow{"Zeros", std::string(8192, '\0')},
                      ContentRow{"BeginningOfADatabase", std::string("SQLite format 3\0", 16)},
                      ContentRow{"LikeADatabase", "SQLite format 2" + std::string(5000, '\0')}),
    name_of<ContentRow>);

struct DatabaseRow : Row {
    std::string sql;  ///< makes it what is refused
    std::string why;
};
class StoreRefusalOfDatabase : public StoreTest,
                               public ::testing::WithParamInterface<DatabaseRow> {};

TEST_P(StoreRefusalOfDatabase, Happens) {
    OtherProgram(file()).run("PRAGMA journal_mode = DELETE; " + GetParam().sql);
    is_refused(GetParam().why);
}

TEST_P(StoreRefusalOfDatabase, HappensWithLog) {
    OtherProgram(file()).run("PRAGMA journal_mode = WAL; CREATE TABLE some (thing)");
    {
        OtherProgram other(file());
        other.leave_log();
        other.run(GetParam().sql);
    }
    EXPECT_THAT(files(), SizeIs(3));
    is_refused(GetParam().why);
}

constexpr auto* kNotOurs =
    "it is a SQLite database, but not of this plugin; move it away, or name another file.";

INSTANTIATE_TEST_SUITE_P(
    , StoreRefusalOfDatabase,
    ::testing::Values(DatabaseRow{"Unmarked", "CREATE TABLE t (x)", kNotOurs},
                      DatabaseRow{"MarkedByOthers",
                                  "CREATE TABLE t (x); PRAGMA application_id = -7", kNotOurs}),
    name_of<DatabaseRow>);

struct OursRow : Row {
    std::string sql;  ///< makes it what is refused
    std::string why;
};
class StoreRefusalOfOurs : public StoreTest, public ::testing::WithParamInterface<OursRow> {
  protected:
    void SetUp() override { fill(); }
};

TEST_P(StoreRefusalOfOurs, Happens) {
    OtherProgram(file()).run(GetParam().sql);
    EXPECT_THAT(files(), SizeIs(1));
    is_refused(GetParam().why);
}

TEST_P(StoreRefusalOfOurs, HappensIfOnlyTheLogSaysSo) {
    {
        OtherProgram other(file());
        other.leave_log();
        other.run(GetParam().sql);
    }
    EXPECT_THAT(files(), SizeIs(3));
    is_refused(GetParam().why);
}

INSTANTIATE_TEST_SUITE_P(
    , StoreRefusalOfOurs,
    ::testing::Values(
        OursRow{"Newer", "PRAGMA user_version = 2",
                "it is of a newer version of this plugin (its format is 2, this plugin knows 1); "
                "install the newer plugin, or move the file away."},
        OursRow{"WithoutVersion", "PRAGMA user_version = 0", "the database is damaged"},
        OursRow{"WithoutATable", "DROP TABLE turns",
                "the database is damaged (no such table: turns)"},
        OursRow{"WithoutAColumn", "ALTER TABLE turns RENAME turn TO other",
                "the database is damaged"}),
    name_of<OursRow>);

class StoreRefusalOfDamage : public StoreTest {
  protected:
    void SetUp() override { fill(); }

    void overwrite(std::streamoff begin, std::size_t count) const {
        std::fstream stream(file(), std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(begin);
        stream << std::string(count, '\xa5');
        ASSERT_TRUE(stream.flush());
    }
    [[nodiscard]] std::size_t size() const { return std::filesystem::file_size(file()); }

    static constexpr std::string_view kWhy = "the database is damaged";
};

TEST_F(StoreRefusalOfDamage, HappensIfPagesAreOverwritten) {
    ASSERT_GT(size(), 60'000U);
    overwrite(8'192, 40'000);
    is_refused(kWhy);
}

TEST_F(StoreRefusalOfDamage, HappensIfTheSchemaIsOverwritten) {
    overwrite(100, 3'996);
    is_refused(kWhy);
}

TEST_F(StoreRefusalOfDamage, HappensIfTheLastPageIsOverwritten) {
    overwrite(static_cast<std::streamoff>(size()) - 4'096, 4'096);
    is_refused(kWhy);
}

TEST_F(StoreRefusalOfDamage, HappensIfItIsCutShort) {
    for (const auto left : {size() - 4'096, size() / 2, std::uintmax_t{4'096},
                            std::uintmax_t{1'000}, std::uintmax_t{100}}) {
        std::filesystem::resize_file(file(), left);
        is_refused(kWhy);
    }
}

TEST_F(StoreRefusalOfDamage, HappensWithLog) {
    {
        OtherProgram other(file());
        other.leave_log();
        other.run("DELETE FROM turns WHERE turn = 1");
    }
    overwrite(8'192, 40'000);
    EXPECT_THAT(files(), SizeIs(3));
    is_refused(kWhy);
}

}  // namespace
}  // namespace shared_subscription
