#include "store/database.hpp"

#include <sqlite3.h>

#include <system_error>

#include "shared_subscription/core_only.hpp"
#include "store/file_lock.hpp"

namespace shared_subscription {
namespace {

// The broker's only thread waits for so long where another program is writing.
constexpr int kBusyMilliseconds = 100;

void checkpoint_on_close(sqlite3* connection, bool wanted) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

}  // namespace

Database::Database(const std::filesystem::path& file) : file_(file) {
    // An absolute path cannot be taken for a URI or for ":memory:".
    std::error_code error;
    const auto absolute = std::filesystem::absolute(file, error);
    open_ = !error &&
            sqlite3_open_v2(absolute.c_str(), &connection_,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) == SQLITE_OK;
    if (!open_) return;
    sqlite3_busy_timeout(connection_, kBusyMilliseconds);
    // A log that was there before stays as it is until its content is known to be ours. One that
    // SQLite makes for reading is empty, and goes only if closing may merge it.
    const auto* log = sqlite3_filename_wal(sqlite3_db_filename(connection_, "main"));
    checkpoint_on_close(connection_, !std::filesystem::exists(log, error));
}

Database::~Database() {
    sqlite3_close(connection_);
}

bool Database::execute(const char* sql) {
    return sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::optional<std::string> Database::value(const char* sql) {
    Statement statement(*this, sql, false);
    if (!statement.start() || !statement.next()) return std::nullopt;
    return statement.bytes(0);
}

std::optional<std::int64_t> Database::number(const char* sql) {
    Statement statement(*this, sql, false);
    if (!statement.start() || !statement.next()) return std::nullopt;
    return statement.number(0);
}

std::int64_t Database::changed() const noexcept {
    return sqlite3_changes(connection_);
}

void Database::accept() {
    checkpoint_on_close(connection_, true);
}

std::string Database::problem() const {
    constexpr int kPrimaryCode = 0xff;
    const std::string reason = sqlite3_errmsg(connection_);
    switch (sqlite3_errcode(connection_) & kPrimaryCode) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return damaged(reason);
        case SQLITE_BUSY:
            return problem_with(file_, "another program is writing to it; end that one.");
        case SQLITE_FULL:
        case SQLITE_IOERR:
            return problem_with(file_, reason + "; see whether its disk has room and works.");
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY:
            return problem_with(file_, reason +
                                           "; let the user that the broker runs as read and "
                                           "write the file and its directory.");
        default:
            return problem_with(file_, reason + "; if this lasts, move the file away.");
    }
}

std::string Database::damaged(const std::string& detail) const {
    return problem_with(file_, "the database is damaged (" + detail +
                                   "); restore a copy of it, or move the file away.");
}

Statement::Statement(Database& database, const char* sql, bool kept) {
    const auto flags = kept ? SQLITE_PREPARE_PERSISTENT : 0U;
    const int code = sqlite3_prepare_v3(database.connection_, sql, -1, flags, &statement_, nullptr);
    if (code != SQLITE_OK && database.unprepared_.empty()) {
        database.unprepared_ = sqlite3_errmsg(database.connection_);
    }
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

bool Statement::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    reset();
    ended_ = code == SQLITE_DONE;
    return false;
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::number(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string Statement::bytes(int column) const {
    const auto* begin = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return begin ? std::string(begin, size) : std::string();
}

void Statement::reset() {
    sqlite3_reset(statement_);
    ended_ = false;
}

bool Statement::bind(int parameter, std::int64_t value) {
    return sqlite3_bind_int64(statement_, parameter, value) == SQLITE_OK;
}

bool Statement::bind(int parameter, const std::string& value) {
    return sqlite3_bind_text64(statement_, parameter, value.data(), value.size(), SQLITE_STATIC,
                               SQLITE_UTF8) == SQLITE_OK;
}

bool Statement::bind(int parameter, const std::optional<std::string>& value) {
    return value ? bind(parameter, *value) : sqlite3_bind_null(statement_, parameter) == SQLITE_OK;
}

bool Statement::bind(int parameter, const Blob& value) {
    return sqlite3_bind_blob64(statement_, parameter, value.bytes.data(), value.bytes.size(),
                               SQLITE_STATIC) == SQLITE_OK;
}

Transaction::Transaction(Database& database, Kind kind)
    : database_(database),
      begun_(database.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN")) {}

Transaction::~Transaction() {
    // SQLite has rolled back by itself after some failures, as with a full disk.
    if (begun_ && sqlite3_get_autocommit(database_.connection_) == 0) {
        static_cast<void>(database_.execute("ROLLBACK"));
    }
}

bool Transaction::commit() {
    if (!database_.execute("COMMIT")) return false;
    begun_ = false;
    return true;
}

}  // namespace shared_subscription
