#include "core/delivery/matched_leaves.hpp"

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void MatchedLeaves::match(std::string_view topic, std::uint64_t topic_number) {
    const bool is_known = topic_number != 0 && topic_number_ == topic_number;
    if (!is_known && !is_same_text(topic_, topic)) {
        assign_text(topic_, topic);
        topic_number_ = version_ = 0;
    }
    if (topic_number != 0) topic_number_ = topic_number;
    if (version_ == registry_.version()) return;
    version_ = registry_.version();
    first_ = nullptr;
    is_searched_ = false;
}

void MatchedLeaves::look_for_filters() {
    registry_.match(topic_, filters_);
    is_searched_ = true;
    ++match_number_;
    for (auto* filter : filters_) filter->matched_in = match_number_;
}

// A client may have many leaves, so that the next one is looked for behind the last. What others
// may have refused comes after what is there.
Leaf MatchedLeaves::merged_at(Session& session, std::size_t index) {
    search();
    const auto last = session.cursor;
    const bool goes_on = index > 0 && last.is_before(fan_out_, index);
    auto count = goes_on ? 0 : index;
    for (auto match = goes_on ? last.match + 1 : 0; match < filters_.size(); ++match) {
        auto* subscription = Registry::find(session, *filters_[match]);
        if (!subscription || !is_asked_for(*subscription)) continue;
        if (subscription->pending != Request::none || count-- > 0) continue;
        session.cursor = {
            .fan_out = fan_out_, .next = static_cast<std::uint32_t>(index + 1), .match = match};
        return {subscription, subscription->non_shared, subscription->members};
    }
    return registry_.unconfirmed_count > 0 ? pending_at(session, index) : Leaf();
}

// Others let a client have its way more often than not.
Leaf MatchedLeaves::pending_at(const Session& session, std::size_t index) const noexcept {
    for (const auto pending : {Request::none, Request::subscribe, Request::unsubscribe}) {
        for (const auto* filter : filters_) {
            auto* subscription = Registry::find(session, *filter);
            if (!subscription || !is_asked_for(*subscription)) continue;
            if (subscription->pending != pending || index-- > 0) continue;
            return {subscription, subscription->non_shared, subscription->members};
        }
    }
    return {};
}

// 2.1 walks the whole tree of non-shared subscriptions first, then that of shared ones.
Leaf MatchedLeaves::separate_at(Session& session, std::size_t index) {
    search();
    const auto last = session.cursor;
    if (index > 0 && last.is_before(fan_out_, index))
        return shared_from(session, {fan_out_, last.next, last.match, last.member + 1}, 0);
    auto count = index;
    for (const auto* filter : filters_) {
        auto* subscription = Registry::find(session, *filter);
        if (!subscription || !subscription->non_shared || !is_asked_for(*subscription)) continue;
        if (count-- == 0) return {subscription, true, {}};
    }
    return shared_from(session, {fan_out_, static_cast<std::uint32_t>(index)}, count);
}

// The one after `count` others.
Leaf MatchedLeaves::shared_from(Session& session, Session::LeafCursor from,
                                std::size_t count) const noexcept {
    for (; from.match < filters_.size(); ++from.match, from.member = 0) {
        auto* subscription = Registry::find(session, *filters_[from.match]);
        if (!subscription) continue;
        for (; from.member < subscription->members.size(); ++from.member) {
            const auto& member = subscription->members[from.member];
            if (!is_asked_about(*member) || count-- > 0) continue;
            ++from.next;
            session.cursor = from;
            return {subscription, false, {&member, 1}};
        }
    }
    return {};
}

bool MatchedLeaves::has_asked_ring(const Session& session) {
    return std::ranges::any_of(filters(), [&](const Filter* filter) {
        const auto* subscription = Registry::find(session, *filter);
        return subscription && std::ranges::any_of(subscription->members, [&](const auto& member) {
                   return member->group->placement.rotates &&
                          member->group->ring.was_asked_in(fan_out_);
               });
    });
}

bool MatchedLeaves::has_unknown(const Session& session) const {
    std::size_t known = session.parked > 0 ? 1 : 0;  // the placeholder
    for (const auto& subscription : session.subscriptions) {
        const bool is_merged = traits_.merges_uses(subscription->filter.text);
        known += is_merged ? 1 : subscription->uses();
    }
    known -= session.parked;
    return broker_.subscription_count(session.context) > known;
}

bool MatchedLeaves::has_non_shared(const Session& session) {
    return std::ranges::any_of(filters(), [&](const Filter* filter) {
        const auto* subscription = Registry::find(session, *filter);
        return subscription && subscription->non_shared;
    });
}

}  // namespace shared_subscription
