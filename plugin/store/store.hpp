// What outlives a restart of the broker, in a SQLite database.
//
// A use that a client gives up is not gone at once. The broker saves its own state at other times
// than the plugin, and after a crash it may restore a subscription that had been given up since; so
// the use is kept with the time when it was left, until the broker has saved its state again.
//
// Other programs may read the database meanwhile; writing it is for one broker. For one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "shared_subscription/state.hpp"
#include "store/file_identity.hpp"

namespace shared_subscription {

class Database;
class FileLock;
class Writer;

/// Throws nothing but std::bad_alloc. Where a function fails, `problem` is one line for a person:
/// which file, why, and what to do.
class Store {
  public:
    /// So many uses that were left are kept; the oldest go.
    static constexpr std::int64_t kMaxLeft = 100'000;

    /// Opens the database, and creates it if there is none or the file is empty. Null if that does
    /// not work or the file is not for this store: it is something else, of a newer version,
    /// damaged, or in use by another broker. Such a file stays as it was.
    static std::unique_ptr<Store> open(const std::filesystem::path& file, std::string& problem);
    /// Leaves the database as a single file, unless another program has it open.
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// All that is saved: sessions by client identifier, their uses in the order they joined,
    /// groups by name, messages by id. `broker_saved`: when the broker saved its own state last, in
    /// seconds since 1970; nothing: unknown or never. Uses that were left before are forgotten;
    /// later ones, or all if it is unknown, are among the others with `left` set. Nothing on
    /// failure.
    [[nodiscard]] std::optional<State> load(std::optional<std::int64_t> broker_saved,
                                            std::string& problem);

    /// Applies the changes in one transaction; `now` in seconds since 1970. Saved uses that a
    /// session has no more are left now; one that comes again is not. On failure nothing is
    /// changed, and the same changes may be tried again.
    [[nodiscard]] bool write(const Changes& changes, std::int64_t now, std::string& problem);

    /// Whether the file is still where it was opened.
    [[nodiscard]] bool is_in_place();
    /// It is not, and this is the end of the store. What SQLite has put beside it goes, too, which
    /// would be taken for that of the file that comes there.
    static void abandon(std::unique_ptr<Store> store);

    /// Forgets uses that were left before that time, in seconds since 1970.
    [[nodiscard]] bool forget_left_before(std::int64_t time, std::string& problem);

  private:
    Store();
    bool start(const std::filesystem::path& file, std::string& problem);

    std::filesystem::path file_;
    std::filesystem::path real_;  // without symbolic links
    FileIdentities beside_;       // what SQLite has put beside that
    // In this order: each goes before what it needs.
    std::unique_ptr<FileLock> lock_;
    std::unique_ptr<Database> database_;
    std::unique_ptr<Writer> writer_;
};

}  // namespace shared_subscription
