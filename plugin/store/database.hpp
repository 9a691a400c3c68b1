// SQLite, as far as the store needs it: owned, and with failures as values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace shared_subscription {

/// A connection. After a failure of it, or of a statement of it, problem() says what it was.
class Database {
  public:
    /// The file is there. See is_open() for whether it worked.
    explicit Database(const std::filesystem::path& file);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return open_; }
    /// Statements without a result.
    [[nodiscard]] bool execute(const char* sql);
    /// What a statement gives first, as a text.
    [[nodiscard]] std::optional<std::string> value(const char* sql);
    [[nodiscard]] std::optional<std::int64_t> number(const char* sql);
    /// Rows that the last statement inserted, updated or deleted, without those that cascaded.
    [[nodiscard]] std::int64_t changed() const noexcept;

    /// What is in the files is ours to change: closing merges the write-ahead log.
    void accept();

    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
    /// What failed last, why and what to do, in a line for a person.
    [[nodiscard]] std::string problem() const;
    /// SQLite's words on the first statement that could not be prepared; empty: all could.
    [[nodiscard]] const std::string& unprepared() const noexcept { return unprepared_; }
    [[nodiscard]] std::string damaged(const std::string& detail) const;

  private:
    friend class Statement;
    friend class Transaction;

    std::filesystem::path file_;
    sqlite3* connection_ = nullptr;
    bool open_ = false;
    std::string unprepared_;
};

/// Bytes that are no text.
struct Blob {
    const std::string& bytes;
};

/// A prepared statement; goes before its database. One that could not be prepared fails when it is
/// used, and see Database::unprepared().
class Statement {
  public:
    Statement(Database& database, const char* sql, bool kept = true);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// One that gives no rows, from start to end. The values need to live only so long.
    template <class... Values>
    [[nodiscard]] bool run(const Values&... values) {
        return start(values...) && !next() && ended();
    }

    /// Then next() for each row, and ended() tells the end from a failure. The values have to
    /// live until then.
    template <class... Values>
    [[nodiscard]] bool start(const Values&... values) {
        reset();
        int parameter = 0;
        return statement_ && (bind(++parameter, values) && ...);
    }
    [[nodiscard]] bool next();
    [[nodiscard]] bool ended() const noexcept { return ended_; }

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::string bytes(int column) const;  ///< of a text or a blob

  private:
    void reset();
    bool bind(int parameter, std::int64_t value);
    bool bind(int parameter, const std::string& value);
    bool bind(int parameter, const std::optional<std::string>& value);
    bool bind(int parameter, const Blob& value);

    sqlite3_stmt* statement_ = nullptr;
    bool ended_ = false;
};

/// All or nothing: rolled back if it is not committed.
class Transaction {
  public:
    enum class Kind { read, write };
    Transaction(Database& database, Kind kind);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    [[nodiscard]] bool has_begun() const noexcept { return begun_; }
    [[nodiscard]] bool commit();

  private:
    Database& database_;
    bool begun_;
};

}  // namespace shared_subscription
