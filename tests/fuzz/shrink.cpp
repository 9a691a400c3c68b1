#include "shrink.hpp"

#include <algorithm>

#include "plan.hpp"

namespace fuzz {
namespace {

Actions without(const Actions& actions, std::size_t begin, std::size_t count) {
    Actions result = actions;
    const auto first = result.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto end = std::min(begin + count, actions.size());
    result.erase(first, result.begin() + static_cast<std::ptrdiff_t>(end));
    return result;
}

class Shrinker {
  public:
    Shrinker(Actions actions, const std::function<bool(const Actions&)>& fails,
             std::chrono::seconds patience)
        : actions_(std::move(actions)),
          fails_(fails),
          end_(std::chrono::steady_clock::now() + patience) {}

    Actions run() {
        // What takes time first, so that the rest goes faster.
        for (const auto kind :
             {ActionKind::wait, ActionKind::restart, ActionKind::crash, ActionKind::reload}) {
            leave_out([&](const Action& each) { return each.kind == kind; });
        }
        for (int client = 0; client < client_count; ++client) {
            leave_out([&](const Action& each) { return each.client == client; });
        }
        for (int kind = 0; kind <= static_cast<int>(ActionKind::wait); ++kind) {
            leave_out([&](const Action& each) { return static_cast<int>(each.kind) == kind; });
        }
        take_parts_away();
        return actions_;
    }

  private:
    bool is_late() const { return std::chrono::steady_clock::now() > end_; }

    bool try_out(Actions shorter) {
        if (shorter.size() == actions_.size() || is_late() || !fails_(shorter)) return false;
        actions_ = std::move(shorter);
        return true;
    }

    void leave_out(const std::function<bool(const Action&)>& which) {
        auto shorter = actions_;
        std::erase_if(shorter, which);
        try_out(std::move(shorter));
    }

    // First large ones; from the end, as what comes late hangs on what comes early.
    void take_parts_away() {
        for (auto part = std::max<std::size_t>(actions_.size() / 2, 1);;) {
            bool has_shrunk = false;
            for (auto place = actions_.size(); place > 0 && !is_late();) {
                place = place > part ? place - part : 0;
                has_shrunk = try_out(without(actions_, place, part)) || has_shrunk;
                place = std::min(place, actions_.size());
            }
            if (is_late() || (part == 1 && !has_shrunk)) return;
            if (part > 1) part = (part + 1) / 2;
        }
    }

    Actions actions_;
    const std::function<bool(const Actions&)>& fails_;
    const std::chrono::steady_clock::time_point end_;
};

}  // namespace

Actions shrink(Actions actions, const std::function<bool(const Actions&)>& fails,
               std::chrono::seconds patience) {
    return Shrinker(std::move(actions), fails, patience).run();
}

}  // namespace fuzz
