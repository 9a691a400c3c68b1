// One broker at a time: a file that is held for as long as its database is open.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace shared_subscription {

/// What is wrong with a file, in a line for a person.
[[nodiscard]] std::string problem_with(const std::filesystem::path& file, std::string_view what);

/// A regular file, open and locked with flock(2), which SQLite does not use: its readers are
/// welcome.
///
/// Closing any descriptor of a file drops all POSIX locks that the process has on it, SQLite's too.
/// Hence two rules: a FileLock outlives the connection to its database, and a file that is held in
/// this process already is not opened once more, not even to find it locked. Each is for one
/// thread.
class FileLock {
  public:
    /// Creates the file, empty and for its owner alone, if there is none. Null, and `problem` says
    /// why for a person, if it cannot be had or somebody else holds it.
    static std::unique_ptr<FileLock> take(const std::filesystem::path& file, std::string& problem);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    /// Whether that path still leads to this file.
    [[nodiscard]] bool is_at(const std::filesystem::path& file) const;

    /// The first bytes, fewer where the file ends before; nothing and errno if it cannot be read.
    [[nodiscard]] std::optional<std::string> read(std::size_t count) const;

  private:
    FileLock() = default;

    int descriptor_ = -1;
    FileLock* next_ = nullptr;  ///< of those that this process holds
};

}  // namespace shared_subscription
