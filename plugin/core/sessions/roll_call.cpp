#include "core/sessions/roll_call.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kQuestionsInATurn = 1000;
/// What a call costs at least: each question of that turn is compared with all calls.
constexpr std::size_t kLeastCost = 10;

/// A topic that the filter matches.
std::string topic_of(std::string_view filter) {
    std::string topic(filter);
    for (auto& character : topic) {
        if (character == '+' || character == '#') character = '-';
    }
    return topic;
}

}  // namespace

void RollCall::call_some() {
    const auto& filters = registry_.direct_filters();
    auto next = filters.upper_bound(last_);
    for (std::size_t asked = 0; next != filters.end(); ++next) {
        if (asked >= kQuestionsInATurn) return;
        const auto& direct = **next;
        last_ = direct.text;
        if (direct.unconfirmed > 0) asked += call(direct);
        const auto name = parse_direct(direct.text);
        auto* group = registry_.find_group(name.share_name, name.topic_filter);
        ++asked;
        if (!group) continue;
        const auto is_asked = [](const Member* member) { return is_asked_for(*member); };
        const auto& own = group->filter();
        if (std::exchange(group->silent, false)) {
            asked += call(own, group->name());
        } else if (own.unconfirmed > 0 && std::ranges::none_of(group->members(), is_asked)) {
            asked += call(own);
        }
    }
    is_through_ = true;
}

std::size_t RollCall::call(const Filter& filter, std::string_view share_name) {
    auto message = std::make_shared<const StoredMessage>(
        StoredMessage{.topic = topic_of(filter.text),
                      .payload = "shared-subscription: roll call " + std::to_string(++count_)});
    std::ignore = restricted_.publish({.message = std::move(message),
                                       .group = {std::string(share_name), filter.text},
                                       .sent = registry_.clock(),
                                       .sent_after = registry_.fan_out});
    return std::max(filter.subscriptions.size(), kLeastCost);
}

}  // namespace shared_subscription
