// Which files are ours, and what is in them.
#pragma once

#include <string>

#include "store/database.hpp"
#include "store/file_lock.hpp"

namespace shared_subscription {

/// Whether the file is empty or says that it is ours, before SQLite has it open. False, and
/// `problem` says why for a person, if not.
[[nodiscard]] bool check_header(const FileLock& lock, const std::filesystem::path& file,
                                std::string& problem);

/// Whether the database, with what its log adds, is ours and sound; creates the tables in an empty
/// one. Writes nothing else. False, and `problem` says why for a person, if not.
[[nodiscard]] bool check_database(Database& database, std::string& problem);

/// Says how it is written from now on. False, and `problem` says why for a person, if it cannot be.
[[nodiscard]] bool configure(Database& database, std::string& problem);

}  // namespace shared_subscription
