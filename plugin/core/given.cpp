#include "shared_subscription/given.hpp"

#include <algorithm>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kMaxSpare = 1000;
constexpr std::size_t kMaxSparePayload = 4096;  // bytes

}  // namespace

Given& GivenKeeper::add(GivenList& list) {
    if (spare_.empty()) return list.emplace_back();
    list.splice(list.end(), spare_, spare_.begin());
    return list.back();
}

void GivenKeeper::forget(GivenList& list, GivenList::iterator given) {
    given->message.properties.reset();
    if (spare_.size() < kMaxSpare && given->message.payload.capacity() <= kMaxSparePayload) {
        spare_.splice(spare_.begin(), list, given);
    } else {
        list.erase(given);
    }
}

void GivenKeeper::written(GivenList& list, GivenList::iterator given, std::size_t window) {
    given->written = true;
    if (given->qos == 2) {
        forget(list, given);
        return;
    }
    const auto is_written = [](const Given& one) { return one.written; };
    auto count = static_cast<std::size_t>(std::ranges::count_if(list, is_written));
    for (; count > std::min(window, window_); --count)
        forget(list, std::ranges::find_if(list, is_written));
}

}  // namespace shared_subscription
