// The plugin's file, as any other program sees it.

#pragma once

#include <string>

namespace integration {

// The first value of the answer. Throws std::runtime_error where SQLite refuses.
std::string ask(const std::string& file, const std::string& statement);

}  // namespace integration
