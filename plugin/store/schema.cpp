#include "store/schema.hpp"

#include <cstdint>
#include <string_view>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::int64_t kApplicationId = 0x53685375;  // "ShSu"
constexpr std::int64_t kVersion = 1;

// Values of the header (SQLite, "Database File Format", 1.3).
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kVersionOffset = 60;
constexpr std::size_t kApplicationIdOffset = 68;

// Identifiers of the protocol are texts, for people who look into the file; what clients send is a
// blob. A use is one of (client, filter, share name), where no share name is one, too: NULLs would
// all differ.
constexpr const char* kTables = R"(
CREATE TABLE uses (
    client_id TEXT NOT NULL,
    filter TEXT NOT NULL,
    share_name TEXT,               -- NULL: a non-shared subscription
    options INTEGER NOT NULL,
    identifier INTEGER NOT NULL,   -- 0: none
    joined INTEGER NOT NULL,
    left_at INTEGER                -- seconds since 1970; NULL: it lasts
);
CREATE UNIQUE INDEX use_names ON uses (client_id, filter, ifnull(share_name, x''));
CREATE INDEX left_uses ON uses (left_at) WHERE left_at IS NOT NULL;
CREATE TABLE turns (
    share_name TEXT NOT NULL,
    filter TEXT NOT NULL,
    turn TEXT NOT NULL,            -- client identifier
    PRIMARY KEY (share_name, filter)
) WITHOUT ROWID;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    share_name TEXT NOT NULL,
    filter TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    qos INTEGER NOT NULL,
    publisher INTEGER NOT NULL,    -- hash of the client identifier; 0: none
    queued_at INTEGER              -- seconds since 1970; NULL: not known
);
CREATE INDEX messages_of_group ON messages (share_name, filter);
CREATE TABLE properties (
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    position INTEGER NOT NULL,
    identifier INTEGER NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (message_id, position)
) WITHOUT ROWID;
)";

// Made where they are missing, too: files of early builds lack them.
constexpr const char* kLaterTables = R"(
CREATE TABLE IF NOT EXISTS strategies (
    share_name TEXT PRIMARY KEY,   -- empty: of groups that have none of their own
    strategy TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS declared (
    share_name TEXT NOT NULL,
    filter TEXT NOT NULL,
    PRIMARY KEY (share_name, filter)
) WITHOUT ROWID;
)";
constexpr const char* kHasQueuedAt =
    "SELECT count(*) FROM pragma_table_info('messages') WHERE name = 'queued_at'";
constexpr const char* kAddQueuedAt = "ALTER TABLE messages ADD COLUMN queued_at INTEGER";

std::int64_t header_value(std::string_view header, std::size_t offset) {
    std::uint32_t value = 0;
    for (const char byte : header.substr(offset, sizeof value)) {
        value = value << 8U | static_cast<unsigned char>(byte);
    }
    return static_cast<std::int32_t>(value);
}

/// Empty if these are ours.
std::string check_identity(std::int64_t application_id, std::int64_t version) {
    if (application_id != kApplicationId) {
        return "it is a SQLite database, but not of this plugin; move it away, or name another "
               "file.";
    }
    if (version > kVersion) {
        return "it is of a newer version of this plugin (its format is " + std::to_string(version) +
               ", this plugin knows " + std::to_string(kVersion) +
               "); install the newer plugin, or move the file away.";
    }
    return {};
}

bool create_tables(Database& database, std::string& problem) {
    // In a rollback journal as yet: whatever cuts this short, the file is empty or complete.
    Transaction transaction(database, Transaction::Kind::write);
    const auto identity = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                          "; PRAGMA user_version = " + std::to_string(kVersion);
    if (transaction.has_begun() && database.execute(kTables) && database.execute(kLaterTables) &&
        database.execute(identity.c_str()) && transaction.commit()) {
        return true;
    }
    problem = database.problem();
    return false;
}

bool complete_tables(Database& database) {
    if (!database.execute(kLaterTables)) return false;
    const auto has_queued_at = database.number(kHasQueuedAt);
    return has_queued_at && (*has_queued_at > 0 || database.execute(kAddQueuedAt));
}

}  // namespace

bool check_header(const FileLock& lock, const std::filesystem::path& file, std::string& problem) {
    const auto header = lock.read(kHeaderSize);
    if (header && header->empty()) return true;
    std::string why;
    if (!header) {
        why = "it cannot be read; see whether its disk works.";
    } else if (header->size() < kHeaderSize || !header->starts_with(kMagic)) {
        why = "it is not a SQLite database; move it away, or name another file.";
    } else {
        why = check_identity(header_value(*header, kApplicationIdOffset),
                             header_value(*header, kVersionOffset));
    }
    if (why.empty()) return true;
    problem = problem_with(file, why);
    return false;
}

bool check_database(Database& database, std::string& problem) {
    const auto fail = [&](const std::string& why) {
        problem = why;
        return false;
    };
    const auto pages = database.number("PRAGMA page_count");
    if (!pages) return fail(database.problem());
    if (*pages == 0) return create_tables(database, problem);
    // The header once more: it may be newer in the log.
    const auto application_id = database.number("PRAGMA application_id");
    const auto version = application_id ? database.number("PRAGMA user_version") : std::nullopt;
    if (!version) return fail(database.problem());
    if (const auto why = check_identity(*application_id, *version); !why.empty()) {
        return fail(problem_with(database.file(), why));
    }
    if (*version < kVersion) return fail(database.damaged("it has no format version"));
    const auto finding = database.value("PRAGMA quick_check(1)");
    if (!finding) return fail(database.problem());
    // A headline may stand above what was found.
    if (finding != "ok") return fail(database.damaged(finding->substr(finding->rfind('\n') + 1)));
    return complete_tables(database) || fail(database.problem());
}

bool configure(Database& database, std::string& problem) {
    const auto mode = database.value("PRAGMA journal_mode = WAL");
    if (mode && mode != "wal") {
        problem = problem_with(database.file(),
                               "no write-ahead log is possible there; name a file "
                               "on another file system.");
        return false;
    }
    if (mode && database.execute("PRAGMA synchronous = NORMAL;"
                                 "PRAGMA foreign_keys = ON;"
                                 "PRAGMA temp_store = MEMORY;"
                                 "PRAGMA cache_size = -256;"  // KiB; it writes, and hardly reads
                                 // Some builds overwrite what is deleted, at twice the cost.
                                 "PRAGMA secure_delete = FAST;")) {
        return true;
    }
    problem = database.problem();
    return false;
}

}  // namespace shared_subscription
