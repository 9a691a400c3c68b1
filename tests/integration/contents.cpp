#include "contents.hpp"

#include <fstream>
#include <sstream>

namespace integration {

std::string contents_of(const std::filesystem::path& file) {
    std::ostringstream contents;
    contents << std::ifstream(file, std::ios::binary).rdbuf();
    return contents.str();
}

}  // namespace integration
