#include "ctrl/host_arguments.hpp"

#include <algorithm>
#include <fstream>

namespace shared_subscription::ctrl {

std::vector<std::string> process_arguments() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    std::vector<std::string> words;
    for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
    return words;
}

std::vector<std::string> with_options_of_host(const std::vector<std::string>& process,
                                              std::string_view program,
                                              const std::vector<std::string>& own) {
    const auto tail = own.size() + 1;
    if (process.size() <= tail) return own;
    const auto end = process.end() - static_cast<std::ptrdiff_t>(tail);
    auto begin = std::find(process.begin(), end, program);
    begin = begin == end ? process.begin() : begin;
    std::vector<std::string> words(begin + 1, end);
    words.insert(words.end(), own.begin(), own.end());
    return words;
}

}  // namespace shared_subscription::ctrl
