#include "store/slices.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::int64_t kMillisecondsForAll = 800;  // of a second
constexpr std::size_t kFewestGroups = 32;
constexpr std::size_t kFewestMessages = 256;
constexpr std::size_t kMostMessages = 2000;

}  // namespace

std::optional<Slice> Slices::next(std::int64_t milliseconds, std::size_t changed) {
    const auto second = milliseconds / 1000;
    if (std::exchange(second_, second) != second) left_ = all_ = changed;
    const auto passed = std::min(milliseconds - last_, kMillisecondsForAll);
    if (left_ == 0 || passed < kMilliseconds) return std::nullopt;
    last_ = milliseconds;
    const auto time = static_cast<std::size_t>(passed);
    return Slice{.groups = std::max(kFewestGroups,
                                    all_ * time / static_cast<std::size_t>(kMillisecondsForAll)),
                 .messages = std::min(kMostMessages, kFewestMessages * time / kMilliseconds)};
}

void Slices::done(std::size_t groups) noexcept {
    left_ -= std::min(left_, groups);
}

}  // namespace shared_subscription
