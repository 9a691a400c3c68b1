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

void GivenKeeper::written(GivenList& list, GivenList::iterator given) {
    given->written = true;
    if (given->qos == 2) {
        forget(list, given);
        return;
    }
    const auto is_written = [](const Given& one) { return one.written; };
    // They are written in order: nearly always the first has been.
    const auto oldest = std::ranges::find_if(list, is_written);
    const auto count = static_cast<std::size_t>(std::ranges::count_if(list, is_written));
    if (count > window_) forget(list, oldest);
}

}  // namespace shared_subscription
