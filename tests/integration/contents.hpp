// What a file says.

#pragma once

#include <filesystem>
#include <string>

namespace integration {

// All its bytes; none, if it cannot be read.
std::string contents_of(const std::filesystem::path& file);

}  // namespace integration
