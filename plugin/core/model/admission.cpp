#include "core/model/admission.hpp"

#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

bool exceeds(std::size_t value, std::size_t limit) noexcept {
    return limit > 0 && value > limit;
}

}  // namespace

bool Admission::may_join(const Client& client, const SubscriptionFilter& group) {
    if (registry_.find_member(client.id, group.share_name, group.topic_filter)) return true;
    const auto* session = registry_.find(client.id);
    if (exceeds(group.share_name.size(), limits_.group_name)) {
        return refuse(Limit::group_name, client, group,
                      "the group's name has " + std::to_string(group.share_name.size()) +
                          " bytes; plugin_opt_max_group_name_bytes allows " +
                          std::to_string(limits_.group_name));
    }
    if (session && exceeds(session->member_count + 1, limits_.groups_of_a_client)) {
        return refuse(Limit::groups_of_a_client, client, group,
                      "it is in " + std::to_string(session->member_count) +
                          " groups, which is what plugin_opt_max_groups_per_client allows");
    }
    if (exceeds(registry_.member_count() + 1, limits_.members)) {
        return refuse(Limit::members, client, group,
                      "all groups have " + std::to_string(registry_.member_count()) +
                          " members, which is what plugin_opt_max_members allows");
    }
    return true;
}

bool Admission::refuse(Limit limit, const Client& client, const SubscriptionFilter& group,
                       const std::string& why) {
    constexpr std::int64_t kSecondsBetween = 10;
    const auto now = broker_.now();
    if (now - said_[limit] >= kSecondsBetween) {
        said_[limit] = now;
        broker_.log(LogLevel::warning, "client " + quote(client.id) + " may not join group " +
                                           quote(group.share_name) + " on " +
                                           quote(group.topic_filter) + ": " + why + ".");
    }
    return false;
}

}  // namespace shared_subscription
