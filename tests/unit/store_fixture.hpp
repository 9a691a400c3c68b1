// A store of one test, its files, and what SQLite itself sees in them.
#pragma once

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "store/store.hpp"
#include "temporary_directory.hpp"

namespace shared_subscription {

/// Any other program that has a database open.
class OtherProgram {
  public:
    explicit OtherProgram(const std::filesystem::path& file) {
        EXPECT_EQ(sqlite3_open(file.c_str(), &connection_), SQLITE_OK);
    }
    ~OtherProgram() { sqlite3_close(connection_); }
    OtherProgram(const OtherProgram&) = delete;
    OtherProgram& operator=(const OtherProgram&) = delete;

    /// As after a crash: what was written stays in the log.
    void leave_log() {
        sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }

    /// Runs the statements, and gives the last one's first value.
    std::string run(const std::string& sql) {
        std::string result;
        char* error = nullptr;
        const auto keep = [](void* kept, int, char** values, char**) {
            *static_cast<std::string*>(kept) = values[0] ? values[0] : "NULL";
            return 0;
        };
        EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), keep, &result, &error), SQLITE_OK)
            << sql << ": " << (error ? error : "");
        sqlite3_free(error);
        return result;
    }

  private:
    sqlite3* connection_ = nullptr;
};

/// Name to bytes and time of the last change.
using Files =
    std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>, std::less<>>;

class StoreTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path file() const { return directory.path() / "state.db"; }

    [[nodiscard]] std::unique_ptr<Store> open() const {
        std::string problem;
        auto store = Store::open(file(), problem);
        EXPECT_TRUE(store) << problem;
        EXPECT_EQ(problem, "");
        return store;
    }

    /// Why it is not opened.
    [[nodiscard]] static std::string refusal(const std::filesystem::path& refused) {
        std::string problem;
        EXPECT_FALSE(Store::open(refused, problem));
        EXPECT_THAT(problem, ::testing::StartsWith("'" + refused.string() + "': "));
        EXPECT_THAT(problem, ::testing::EndsWith("."));
        EXPECT_THAT(problem, ::testing::Not(::testing::HasSubstr("\n")));
        return problem;
    }

    /// Some pages of each table.
    void fill() const {
        const auto store = open();
        Changes changes;
        for (int id = 1; id <= 200; ++id) {
            const auto name = std::to_string(id);
            changes.sessions.push_back({.client_id = name, .uses = {{.filter = "t"}}});
            changes.groups.push_back({.name = {.share_name = name, .filter = "t"}, .turn = name});
            changes.queued.push_back({.id = id,
                                      .group = {.share_name = "g", .filter = "t"},
                                      .topic = "t",
                                      .payload = std::string(256, 'x')});
        }
        write(*store, changes);
    }

    /// All that there was stays as it was, and nothing comes.
    void is_refused(std::string_view why) const {
        const auto before = files();
        EXPECT_THAT(refusal(file()), ::testing::HasSubstr(why));
        const auto after = files();
        for (const auto& [name, content] : before) {
            ASSERT_TRUE(after.contains(name)) << name;
            EXPECT_TRUE(after.at(name) == content) << name;
        }
        EXPECT_THAT(after, ::testing::SizeIs(before.size()));
    }

    static void write(Store& store, const Changes& changes, std::int64_t now = 1) {
        std::string problem;
        EXPECT_TRUE(store.write(changes, now, problem)) << problem;
        EXPECT_EQ(problem, "");
    }

    [[nodiscard]] static State load(Store& store,
                                    std::optional<std::int64_t> broker_saved = std::nullopt) {
        std::string problem;
        auto state = store.load(broker_saved, problem);
        EXPECT_TRUE(state) << problem;
        EXPECT_EQ(problem, "");
        return state.value_or(State{});
    }

    /// For when nobody has the database open: reading it ends SQLite's locks. The index of the log
    /// is no content, only its presence counts.
    [[nodiscard]] Files files() const {
        Files found;
        for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
            auto& [bytes, time] = found[entry.path().filename().string()];
            if (!entry.is_regular_file() || entry.path().string().ends_with("-shm")) continue;
            std::ifstream stream(entry.path(), std::ios::binary);
            bytes.assign(std::istreambuf_iterator<char>(stream), {});
            time = entry.last_write_time();
        }
        return found;
    }

    TemporaryDirectory directory;
};

}  // namespace shared_subscription
