#include "core/delivery/unasked.hpp"

#include <algorithm>
#include <iterator>

#include "core/delivery/elector.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// It has come since; or it has been asked for since, perhaps for this very fan-out.
bool has_changed_since(const Subscription& subscription, std::uint64_t asked,
                       const RestrictedFanOut& fan_out) noexcept {
    return subscription.session.presence.back_since > fan_out.sent ||
           subscription.subscribed > fan_out.sent || asked > fan_out.sent_after;
}

}  // namespace

void Unasked::doubt(Member& member, const Publication& publication) {
    auto& subscription = *member.subscription;
    if (subscription.session.key == publication.publisher()) {
        // The only reason not to ask for a client that is publishing right now.
        registry_.set_no_local(subscription, true);
        return;
    }
    registry_.set_standing(subscription, Standing::unconfirmed);
    broker_.log(LogLevel::notice,
                describe(member) + " is passed over: the broker no longer has its subscription.");
}

// The broker has just walked past these filters and did not ask for what it does not have. A client
// in no group is not counted; one with No Local is not asked for its own message; of a ring one is.
void Unasked::find_gone(const std::vector<Filter*>& filters, std::uint64_t fan_out,
                        const Publication& publication) {
    const auto is_gone = [&](const Subscription& subscription) {
        const auto& session = subscription.session;
        const bool was_counted = session.member_count > 0 && session.key != publication.publisher();
        return subscription.standing == Standing::unconfirmed &&
               subscription.pending != Request::subscribing && subscription.called_in != fan_out &&
               was_counted && is_shown(subscription) &&
               std::ranges::none_of(subscription.members, [](const auto& member) {
                   return member->group->placement.rotates;
               });
    };
    for (const auto* filter : filters) {
        if (filter->unconfirmed == 0) continue;
        std::ranges::copy_if(filter->subscriptions, std::back_inserter(gone_),
                             [&](const auto* subscription) { return is_gone(*subscription); });
    }
}

void Unasked::settle_ended(bool all_drained) {
    for (const auto& fan_out : restricted_.take_ended(all_drained)) settle(fan_out);
}

void Unasked::settle(const RestrictedFanOut& fan_out) {
    if (fan_out.is_roll_call()) {
        if (const auto* filter = registry_.find_filter(fan_out.group.filter))
            not_shown(*filter, fan_out);
        return;
    }
    auto* group = registry_.find_group(fan_out.group.share_name, fan_out.group.filter);
    if (!group) return;
    if (fan_out.has_reached) {
        backlog_.reached(fan_out);
    } else if (fan_out.is_probe() && fan_out.was_shown()) {
        backlog_.answered(*group);
    } else {
        not_shown(*group, fan_out);
    }
}

// The broker asked for nobody in the group, or not for the one client that it was for.
void Unasked::not_shown(Group& group, const RestrictedFanOut& fan_out) {
    bool may_change = false;  // somebody would be asked for now
    for (auto* member : group.members()) {
        if (!is_shown(*member->subscription) || is_direct(*member)) continue;
        const bool is_meant =
            fan_out.is_probe() || member->subscription->session.id == fan_out.client_id;
        if (!is_meant) continue;
        if (has_changed_since(*member->subscription, asked_in(*member), fan_out)) {
            may_change |=
                !fan_out.is_probe() || member->subscription->standing == Standing::unconfirmed;
            continue;
        }
        if (member->subscription->standing == Standing::present) {
            doubt(*member, {});
        } else {
            gone_.push_back(member->subscription);
        }
    }
    erase_gone([](const Group& /*ended*/) {});
    auto* left = registry_.find_group(fan_out.group.share_name, fan_out.group.filter);
    if (!left) return;
    if (fan_out.is_probe() && !may_change) {
        backlog_.answered(*left);
    } else {
        backlog_.try_again(*left, fan_out);
    }
}

// Who is not known to be there is gone, if the broker would have asked.
void Unasked::not_shown(const Filter& filter, const RestrictedFanOut& roll_call) {
    std::ranges::copy_if(filter.subscriptions, std::back_inserter(gone_), [&](const auto* one) {
        return one->standing == Standing::unconfirmed && is_shown(*one) &&
               !has_changed_since(*one, one->called_in, roll_call);
    });
    erase_gone([](const Group& /*ended*/) {});
}

}  // namespace shared_subscription
