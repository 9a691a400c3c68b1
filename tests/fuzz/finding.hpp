// What a run is judged by.

#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace fuzz {

struct Finding {
    std::string kind;  // a few words, the same each time: a shorter run has to have it, too
    std::string text;
};
using Findings = std::vector<Finding>;

// One after which the run cannot go on.
struct Failure : std::runtime_error {
    Failure(std::string what_kind, const std::string& text)
        : std::runtime_error(text), kind(std::move(what_kind)) {}
    std::string kind;
};

}  // namespace fuzz
