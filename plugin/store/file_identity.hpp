// Which file a path leads to.
#pragma once

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <optional>

namespace shared_subscription {

struct FileIdentity {
    dev_t device;
    ino_t inode;
    bool operator==(const FileIdentity&) const = default;
};

/// Nothing: it leads nowhere.
[[nodiscard]] inline std::optional<FileIdentity> identity_of(const std::filesystem::path& file) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) return std::nullopt;
    return FileIdentity{status.st_dev, status.st_ino};
}

/// Of a database's log and its index (SQLite, "Write-Ahead Logging").
using FileIdentities = std::array<std::optional<FileIdentity>, 2>;

}  // namespace shared_subscription
