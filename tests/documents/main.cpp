// Writes what documents say of the options anew: `write_option_documents <root of the sources>`.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "documents/option_documents.hpp"

namespace {

bool write_anew(const documents::Document& document, const std::filesystem::path& root) {
    const auto path = root / document.path;
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto renewed = documents::renew(document, text.str());
    if (renewed && (text.str() == *renewed || std::ofstream(path) << *renewed << std::flush))
        return true;
    std::cerr << path << ": not there, without marks, or it cannot be written\n";
    return false;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " <root of the sources>\n";
        return 2;
    }
    bool is_done = true;
    for (const auto& document : documents::option_documents())
        is_done = write_anew(document, argv[1]) && is_done;
    return is_done ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
