#include "core/model/registry.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "shared_subscription/hash.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

void note_sole(Session& session) {
    session.sole = nullptr;
    session.sole_group = nullptr;
    if (session.subscriptions.size() != 1) return;
    const auto& subscription = *session.subscriptions.front();
    const bool is_like_most = !subscription.non_shared && !subscription.no_local &&
                              subscription.standing == Standing::present;
    if (!is_like_most || subscription.members.size() != 1) return;
    if (is_direct(*subscription.members.front())) return;
    session.sole = subscription.members.front().get();
    session.sole_group = session.sole->group;
}

auto lower_bound(const Session& session, const Filter& filter) {
    return std::ranges::lower_bound(
        session.subscriptions, &filter, std::less<const Filter*>{},
        [](const auto& owned) -> const Filter* { return &owned->filter; });
}

// One that is there. Where all go, the last goes first.
template <class Owner>
auto find_owned(const std::vector<std::unique_ptr<Owner>>& all, const Owner& wanted) {
    auto place = all.end();
    do --place;
    while (place->get() != &wanted);
    return place;
}

/// Where the group of that name is, or belongs.
template <class Groups>
auto place_of(Groups& groups, std::string_view share_name) noexcept {
    return std::ranges::lower_bound(
        groups, share_name, {}, [](const auto& group) { return std::string_view(group->name()); });
}

}  // namespace

Session& Registry::session(std::string_view client_id) {
    if (auto* known = find(client_id)) return *known;
    addresses.fit(sessions_.size() + 1);
    auto made =
        std::make_unique<Session>(Session{.id = std::string(client_id),
                                          .key = stable_hash(client_id),
                                          .flow = {.holdings = HoldingList(&holding_memory_)}});
    return *sessions_.emplace(made->id, std::move(made)).first->second;
}

Subscription* Registry::find(const Session& session, const Filter& filter) noexcept {
    const auto found = lower_bound(session, filter);
    return found == session.subscriptions.end() || &(*found)->filter != &filter ? nullptr
                                                                                : found->get();
}

Subscription* Registry::find(const Session& session, std::string_view text) const noexcept {
    const auto* filter = filters_.find(text);
    return filter ? find(session, *filter) : nullptr;
}

Member* Registry::find(const Subscription& subscription, std::string_view share_name) noexcept {
    const auto found = std::ranges::find_if(subscription.members, [share_name](const auto& owned) {
        return owned->group->name() == share_name;
    });
    return found == subscription.members.end() ? nullptr : found->get();
}

Subscription* Registry::find_subscription(std::string_view client_id, std::string_view text) {
    const auto* session = find(client_id);
    return session ? find(*session, text) : nullptr;
}

Member* Registry::find_member(std::string_view client_id, std::string_view share_name,
                              std::string_view text) {
    const auto* session = find(client_id);
    if (!session) return nullptr;
    const auto* subscription = find(*session, text);
    auto* member = subscription ? find(*subscription, share_name) : nullptr;
    if (member || !has_direct_members()) return member;
    subscription = find(*session, direct_filter({std::string(share_name), std::string(text)}));
    return subscription ? find(*subscription, share_name) : nullptr;
}

Filter& Registry::filter_of(std::string_view text) {
    auto& filter = filters_.insert(text);
    if (filter.text.empty()) {
        filter.text = text;
        ++version_;
        if (has_direct_prefix(text)) direct_filters_.insert(&filter);
    }
    return filter;
}

Subscription& Registry::subscription(Session& session, std::string_view text, Standing standing) {
    auto& filter = filter_of(text);
    ++clock_;
    if (auto* known = find(session, filter)) {
        if (standing == Standing::present) set_standing(*known, standing);
        known->subscribed = clock_;
        return *known;
    }
    auto made = std::make_unique<Subscription>(Subscription{
        .session = session, .filter = filter, .standing = standing, .subscribed = clock_});
    auto& added = *made;
    filter.subscriptions.push_back(&added);
    if (standing == Standing::unconfirmed) count_unconfirmed(filter, 1);
    session.subscriptions.insert(lower_bound(session, filter), std::move(made));
    return added;
}

void Registry::count_unconfirmed(Filter& filter, int change) noexcept {
    filter.unconfirmed += static_cast<std::size_t>(change);
    unconfirmed_count += static_cast<std::size_t>(change);
}

Subscription& Registry::subscribe(Session& session, std::string_view filter, Standing standing) {
    auto& subscribed = subscription(session, filter, standing);
    subscribed.non_shared = true;
    note_sole(session);
    journal.note(session);
    return subscribed;
}

Group& Registry::group_on(Filter& filter, std::string_view share_name) {
    const auto place = place_of(filter.groups, share_name);
    if (place != filter.groups.end() && (*place)->name() == share_name) return **place;
    auto made = std::make_unique<Group>(std::string(share_name), filter, strategies_.of(share_name),
                                        random_);
    made->number = ++last_group_;
    made->sample.at = now * 1000;
    groups_.insert(made.get());
    return **filter.groups.insert(place, std::move(made));
}

Group& Registry::declare(const GroupName& name) {
    auto& group = group_on(filter_of(name.filter), name.share_name);
    if (!std::exchange(group.declared, true)) {
        ++declared_count;
        ++version_;
    }
    return group;
}

bool Registry::take_back_declaration(const GroupName& name) {
    auto* group = find_group(name.share_name, name.filter);
    if (!group || !std::exchange(group->declared, false)) return false;
    --declared_count;
    auto& filter = *filters_.find(name.filter);
    if (group->size() == 0) end(*group, filter);
    end_if_unused(filter);
    return true;
}

void Registry::end(Group& group, Filter& filter) {
    statistics.dropped += group.queue.size();
    groups_.erase(&group);
    rings.end(group);
    if (group.draining.woken) std::erase(woken_, &group);
    journal.end(group);
    filter.groups.erase(place_of(filter.groups, group.name()));
}

void Registry::end_if_unused(Filter& filter) {
    if (!filter.subscriptions.empty() || !filter.groups.empty()) return;
    if (has_direct_prefix(filter.text)) direct_filters_.erase(&filter);
    filters_.erase(std::string(filter.text));
    ++version_;
}

Member& Registry::join(Session& session, std::string_view share_name, std::string_view text,
                       Standing standing) {
    auto& joined = subscription(session, text, standing);
    return join(session, joined, joined.filter, share_name);
}

Member& Registry::join_directly(Session& session, const GroupName& group, Standing standing) {
    auto& joined = subscription(session, direct_filter(group), standing);
    return join(session, joined, filter_of(group.filter), group.share_name);
}

Member& Registry::join(Session& session, Subscription& joined, Filter& filter,
                       std::string_view share_name) {
    if (auto* member = find(joined, share_name)) return *member;
    auto& group = group_on(filter, share_name);
    auto& member = *joined.members.emplace_back(
        std::make_unique<Member>(Member{.subscription = &joined, .group = &group}));
    group.join(member, {.key = session.key});
    group.set_fitness(member, fitness(member), session.flow.held);
    if (session.connected) ++group.connected;
    if (is_direct(member) && ++group.direct == 1) {
        ++version_;
        ++departures;
        const auto is_there = [](const Member* one) { return is_asked_for(*one); };
        if (std::ranges::none_of(group.members(), is_there)) group.anew_since = clock_;
    }
    if (group.placement.rotates) {
        group.ring.append(member);
        rings.note(member);
    }
    count_shared_filter(joined, member, true);
    group.placement.unsteady = false;
    rings.check(group);
    wake(group);
    member.joined = clock_;
    ++session.member_count;
    ++member_count_;
    note_sole(session);
    journal.note(session);
    if (observer) observer(member, true);
    return member;
}

void Registry::count_shared_filter(const Subscription& subscription, const Member& member,
                                   bool joins) {
    const auto& members = subscription.members;
    if (members.size() < 2) return;
    const auto count = [&](Group& group) {
        group.placement.in_others += joins ? 1U : static_cast<std::uint32_t>(-1);
        rings.check(group);
    };
    if (members.size() > 2) return count(*member.group);
    for (const auto& one : members) count(*one->group);
}

void Registry::leave(Member& member) {
    auto& subscription = *member.subscription;
    auto& group = *member.group;
    ++departures;
    if (observer) observer(member, false);
    if (subscription.session.connected) --group.connected;
    const bool was_direct = is_direct(member);
    if (was_direct) --group.direct;
    if (group.placement.rotates && !member.stands) --subscription.session.parked;
    rings.end(member);
    if (member.judgement != Member::Judgement::let_read) --group.placement.refused;
    count_shared_filter(subscription, member, false);
    group.leave(member);
    group.placement.unsteady = false;
    if (group.placement.rotates) rings.note_unaligned(group);
    rings.check(group);
    journal.note(subscription.session);
    if (group.size() > 0) {
        wake(group);  // what waited for this member alone, nobody wants
    } else if (!group.declared) {
        auto& filter = was_direct ? filter_of(group) : subscription.filter;
        end(group, filter);
        if (was_direct) end_if_unused(filter);
    }
    auto& session = subscription.session;
    --session.member_count;
    --member_count_;
    std::erase_if(session.flow.holdings, [&member](Holding& one) {
        if (one.member != &member) return false;
        one.member = nullptr;  // it stays the client's own
        return one.is_written();
    });
    subscription.members.erase(find_owned(subscription.members, member));
    note_sole(session);
    if (subscription.members.empty() && !subscription.non_shared) erase(subscription);
}

void Registry::unsubscribe_non_shared(Subscription& subscription) {
    journal.note(subscription.session);
    subscription.non_shared = false;
    note_sole(subscription.session);
    if (subscription.members.empty()) erase(subscription);
}

void Registry::erase(Subscription& subscription) {
    if (!subscription.members.empty()) {
        subscription.non_shared = false;
        while (subscription.members.size() > 1) leave(*subscription.members.back());
        leave(*subscription.members.back());  // comes back here for the rest
        return;
    }
    auto& session = subscription.session;
    auto& filter = subscription.filter;
    journal.note(session);
    set_standing(subscription, Standing::present);
    std::erase(filter.subscriptions, &subscription);
    session.subscriptions.erase(lower_bound(session, filter));
    end_if_unused(filter);
    if (session.subscriptions.empty()) {
        forget(session);
    } else {
        note_sole(session);
    }
}

void Registry::set_context(Session& session, Context context) noexcept {
    addresses.forget(session);
    session.context = context;
    session.moved_in = fan_out;
}

void Registry::forget(Session& session) {
    addresses.end(session);
    sessions_.erase(sessions_.find(session.id));
    addresses.fit(sessions_.size());
}

void Registry::erase(Session& session) {
    session.flow.holdings.clear();
    while (session.subscriptions.size() > 1) erase(*session.subscriptions.back());
    erase(*session.subscriptions.back());
}

void Registry::set_connected(Session& session, bool connected) {
    if (session.connected == connected) return;
    session.connected = connected;
    if (connected) {
        session.presence.restored = false;
        note_return(session);
    } else {
        ++departures;
    }
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            auto& group = *member->group;
            group.connected += connected ? 1U : static_cast<std::uint32_t>(-1);
            rings.check(group);
        }
    }
    refresh(session);
}

void Registry::set_queue_full(Session& session, bool full) {
    if (session.flow.queue_full == full) return;
    session.flow.queue_full = full;
    refresh(session);
}

void Registry::set_used_up(Session& session, bool used_up) {
    if (session.flow.used_up == used_up) return;
    session.flow.used_up = used_up;
    refresh(session);
}

void Registry::set_paused(Member& member, bool paused) {
    member.paused = paused;
    refresh(*member.subscription);
}

void Registry::set_strategy(std::optional<std::string_view> share_name, Strategy strategy) {
    if (share_name) {
        strategies_.replace(*share_name, strategy);
    } else {
        strategies_.set_fallback(strategy);
    }
    for (auto* group : groups_) {
        const auto wanted = strategies_.of(group->name());
        if (group->strategy() == wanted) continue;
        group->set_strategy(wanted, random_);
        for (const auto* member : group->members()) refresh(*member);
        wake(*group);
        journal.note(*group);
        rings.note_change(*group);
    }
}

Census Registry::census() const noexcept {
    Census census{.groups = groups_.size()};
    for (auto* group : groups_) {
        census.members += group->size();
        census.connected += group->connected;
        census.queued += group->queue.size();
    }
    return census;
}

void Registry::set_time(std::int64_t seconds) noexcept {
    if (now == 0) {
        for (auto* group : groups_) group->sample.at = seconds * 1000;
    }
    now = seconds;
}

void Registry::reset_statistics() noexcept {
    statistics = {};
    for (auto* group : groups_) {
        group->sample.dispatched -= group->dispatched;  // the difference stays, though below 0
        group->dispatched = group->dropped = 0;
        for (auto* member : group->members()) member->dispatched = 0;
    }
}

void Registry::set_standing(Subscription& subscription, Standing standing) {
    if (subscription.standing == standing) return;
    subscription.standing = standing;
    if (standing == Standing::unconfirmed) ++departures;
    count_unconfirmed(subscription.filter, standing == Standing::unconfirmed ? 1 : -1);
    note_sole(subscription.session);
    refresh(subscription);
}

void Registry::set_no_local(Subscription& subscription, bool no_local) {
    subscription.no_local = no_local;
    note_sole(subscription.session);
}

void Registry::set_standing(Session& session, Standing standing) {
    for (const auto& subscription : session.subscriptions) {
        const bool is_settled = subscription->pending == Request::none;
        set_standing(*subscription, is_settled ? standing : Standing::unconfirmed);
    }
}

void Registry::set_held(Session& session, std::size_t messages) {
    if (session.flow.held == messages) return;
    session.flow.held = messages;
    refresh(session);
}

void Registry::wake(Group& group) {
    group.queue.retry();
    if (!group.queue.empty() && !std::exchange(group.draining.woken, true))
        woken_.push_back(&group);
}

void Registry::refresh(const Session& session) {
    for (const auto& subscription : session.subscriptions) refresh(*subscription);
}

void Registry::refresh(const Subscription& subscription) {
    for (const auto& member : subscription.members) {
        auto& group = *member->group;
        const auto before = group.fitness(*member);
        refresh(*member);
        if (group.fitness(*member) > before && !group.queue.empty()) wake(group);
    }
}

void Registry::refresh(const Member& member) {
    const auto held = member.subscription->session.flow.held;
    member.group->set_fitness(member, fitness(member), static_cast<std::uint32_t>(held));
    rings.note(member);
}

void Registry::let_rotate(std::size_t members) {
    if (!rings.let_rotate(members)) return;
    for (auto* group : groups_) rings.check(*group);
}

Candidate::Fitness Registry::fitness(const Member& member) const noexcept {
    using Fitness = Candidate::Fitness;
    const auto& session = member.subscription->session;
    if (member.subscription->standing == Standing::unconfirmed || !session.connected ||
        member.paused)
        return Fitness::unfit;
    const auto& flow = session.flow;
    const bool has_enough = flow.used_up || flow.held >= max_held_back_;
    if (flow.queue_full || (has_enough && spreads_load(member.group->strategy())))
        return Fitness::full;
    return flow.held == 0 ? Fitness::ready : Fitness::window_full;
}

std::vector<Session*> Registry::all_sessions() const {
    std::vector<Session*> all;
    for (const auto& [id, session] : sessions_) all.push_back(session.get());
    return all;
}

GroupName name_of(const Group& group) {
    return {.share_name = group.name(), .filter = group.filter().text};
}

bool has_expired(const Session& session, Broker& broker) {
    return !session.connected && !broker.find_session(session.id);
}

Group* Registry::find_group(std::string_view share_name, std::string_view text) const noexcept {
    const auto* filter = filters_.find(text);
    if (!filter) return nullptr;
    const auto place = place_of(filter->groups, share_name);
    const bool is_it = place != filter->groups.end() && (*place)->name() == share_name;
    return is_it ? place->get() : nullptr;
}

}  // namespace shared_subscription
