// The file in which the plugin remembers the groups: what it is, and files it refuses.

#include <filesystem>

#include "contents.hpp"
#include "database.hpp"
#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class PersistenceFile : public RestartTest {
  protected:
    std::string bytes() const {
        EXPECT_TRUE(std::filesystem::exists(database()));
        return contents_of(database());
    }
    // With a member and messages in it.
    void make_database() {
        broker.start(remembering());
        leave(join({"member"}));
        publish(numbered("t", 3, 1));
        stop_under_clients();
    }
    Configuration remembering_in(const std::string& file) const {
        return {.first = broker_remembers(), .options = {"plugin_opt_persistence_file " + file}};
    }
    // The broker gives up; the log says why in one line, with the name of the file.
    void expect_refusal(const std::string& file) {
        expect_alarming_log("Error");
        const auto earlier = broker.log_lines(file).size();
        EXPECT_GT(broker.start_in_vain(remembering_in(file)), 0);
        auto lines = broker.log_lines(file);
        ASSERT_GE(lines.size(), earlier);
        lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(earlier));
        EXPECT_THAT(lines,
                    ElementsAre(AllOf(HasSubstr("shared-subscription: "), HasSubstr("Error"))));
    }
};

TEST_F(PersistenceFile, IsAnSqliteDatabaseWithAVersion) {
    make_database();
    EXPECT_EQ(ask(database(), "PRAGMA journal_mode"), "wal");
    EXPECT_GT(std::stoi(ask(database(), "PRAGMA user_version")), 0);
    EXPECT_EQ(ask(database(), "PRAGMA integrity_check"), "ok");
}

TEST_F(PersistenceFile, MayBeEmpty) {
    broker.write_file("groups.sqlite", "");
    make_database();
    EXPECT_GT(std::stoi(ask(database(), "PRAGMA user_version")), 0);
}

TEST_F(PersistenceFile, MayHaveASpaceInItsName) {
    const auto file = broker.path("the groups.sqlite");
    broker.start(remembering_in(file));
    EXPECT_TRUE(std::filesystem::is_regular_file(file));
}

TEST_F(PersistenceFile, InADirectoryThatDoesNotExistIsRefused) {
    expect_refusal(broker.path("missing/groups.sqlite"));
    EXPECT_FALSE(std::filesystem::exists(broker.path("missing")));
}

TEST_F(PersistenceFile, ThatIsADirectoryIsRefused) {
    std::filesystem::create_directory(database());
    expect_refusal(database());
    EXPECT_TRUE(std::filesystem::is_empty(database()));
}

struct ForeignRow {
    std::string name;
    std::string bytes;
};
void PrintTo(const ForeignRow& row, std::ostream* stream) {
    *stream << row.name;
}

class ForeignFile : public PersistenceFile, public ::testing::WithParamInterface<ForeignRow> {};

TEST_P(ForeignFile, IsRefusedAndLeftAlone) {
    broker.write_file("groups.sqlite", GetParam().bytes);
    expect_refusal(database());
    EXPECT_EQ(bytes(), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(, ForeignFile,
                         ::testing::Values(ForeignRow{"ShortText", "listener 1883\n"},
                                           ForeignRow{"LongText", std::string(100000, 'x')},
                                           ForeignRow{"Zeroes", std::string(8192, '\0')},
                                           ForeignRow{"HeaderAlone",
                                                      std::string("SQLite format 3\0", 16)}),
                         [](const auto& row) { return row.param.name; });

// A newer plugin wrote it: this one cannot know what is in it.
TEST_F(PersistenceFile, OfANewerVersionIsRefusedAndLeftAlone) {
    make_database();
    const int version = std::stoi(ask(database(), "PRAGMA user_version"));
    ask(database(), "PRAGMA user_version = " + std::to_string(version + 1));
    const auto before = bytes();
    expect_refusal(database());
    EXPECT_EQ(bytes(), before);

    // With the version that it had it is good again.
    ask(database(), "PRAGMA user_version = " + std::to_string(version));
    broker.start(remembering());
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 3)));
}

// The broker goes on, and what it knows is in the new file.
class LostFile : public PersistenceFile, public ::testing::WithParamInterface<bool> {};

TEST_P(LostFile, IsMadeAgain) {
    expect_alarming_log("the database is gone");
    broker.start(remembering());
    leave(join({"member"}));
    publish(numbered("t", 3, 1));
    const bool is_replaced = GetParam();
    if (is_replaced) {
        const auto copy = broker.path("copy.sqlite");
        ask(database(), "VACUUM INTO '" + copy + "'");
        ask(copy, "DELETE FROM messages");
        std::filesystem::rename(copy, database());
    } else {
        std::filesystem::remove(database());
    }
    broker.wait_for_log("the database is gone");
    publish({{.topic = "t", .payload = "4", .qos = 1}});
    const auto is_complete = [&] {
        return std::filesystem::exists(database()) &&
               ask(database(), "SELECT count(*) FROM sqlite_schema") != "0" &&
               ask(database(), "SELECT count(*) FROM messages") == "4";
    };
    while (!is_complete()) settle();
    EXPECT_EQ(broker.log_lines("the database is gone").size(), 1U);
    stop_under_clients();
    broker.start(remembering());
    Client& newcomer = connect("newcomer");
    newcomer.subscribe("$share/g/t", 1);
    settle();
    EXPECT_THAT(newcomer.payloads(), ElementsAreArray(numbers(1, 4)));
}

INSTANTIATE_TEST_SUITE_P(, LostFile, ::testing::Bool(), [](const auto& row) {
    return std::string(row.param ? "Replaced" : "Deleted");
});

}  // namespace
}  // namespace integration
