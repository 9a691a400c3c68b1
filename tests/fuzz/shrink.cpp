#include "shrink.hpp"

#include <algorithm>

namespace fuzz {
namespace {

Actions without(const Actions& actions, std::size_t begin, std::size_t count) {
    Actions result = actions;
    const auto first = result.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto end = std::min(begin + count, actions.size());
    result.erase(first, result.begin() + static_cast<std::ptrdiff_t>(end));
    return result;
}

}  // namespace

// Takes parts away, first large ones; from the end, as what comes late hangs on what comes early.
Actions shrink(Actions actions, const std::function<bool(const Actions&)>& fails,
               std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (auto part = std::max<std::size_t>(actions.size() / 2, 1);;) {
        bool has_shrunk = false;
        for (auto place = actions.size(); place > 0;) {
            if (std::chrono::steady_clock::now() > end) return actions;
            place = place > part ? place - part : 0;
            auto shorter = without(actions, place, part);
            if (shorter.size() < actions.size() && fails(shorter)) {
                actions = std::move(shorter);
                has_shrunk = true;
                place = std::min(place, actions.size());
            }
        }
        if (part == 1 && !has_shrunk) return actions;
        if (part > 1) part = (part + 1) / 2;
    }
}

}  // namespace fuzz
