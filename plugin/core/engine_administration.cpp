// What administrators do to groups, and what the log tells them.
#include <algorithm>
#include <string>
#include <utility>

#include "shared_subscription/engine.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

void Engine::note(Member& member, bool joins) {
    const auto& group = *member.group;
    constexpr std::size_t kLine = 200;  // bytes, of most lines
    if (joins) member.since = static_cast<std::uint32_t>(broker_.now());
    const auto members = group.size() - (joins ? 0U : 1U);
    std::string text;
    text.reserve(kLine);  // many may come and go at once
    text += "client ";
    text += quote(member.subscription->session.id);
    text += joins ? " joined group " : " left group ";
    text += quote(group.name());
    text += " on ";
    text += quote(group.filter().text);
    text += ", which has ";
    text += std::to_string(members);
    text += members == 1 ? " member now." : " members now.";
    broker_.log(joins ? LogLevel::subscribe : LogLevel::unsubscribe, text);
}

void Engine::set_strategy(std::optional<std::string_view> share_name, Strategy strategy) {
    begin<Event::administer>();
    registry_.set_strategy(share_name, strategy);
    if (!registry_.journal.is_open()) return;
    note({std::string(share_name.value_or("")), std::string(name_of(strategy))});
}

void Engine::declare_group(const GroupName& name) {
    begin<Event::administer>();
    registry_.declare(name);
    if (std::ranges::find(declared_, name) != declared_.end()) return;
    declared_.push_back(name);
    if (registry_.journal.is_open()) unsaved_declared_.push_back({name});
}

Deletion Engine::delete_group(const GroupName& name) {
    begin<Event::administer>();
    if (std::ranges::find(configured_, name) != configured_.end()) return Deletion::configured;
    if (!registry_.take_back_declaration(name)) return Deletion::not_declared;
    std::erase(declared_, name);
    if (registry_.journal.is_open()) unsaved_declared_.push_back({.name = name, .ended = true});
    return Deletion::done;
}

void Engine::note(SavedStrategy strategy) {
    std::erase_if(set_strategies_,
                  [&](const SavedStrategy& one) { return one.share_name == strategy.share_name; });
    set_strategies_.push_back(strategy);
    unsaved_strategies_.push_back(std::move(strategy));
}

bool Engine::check_parked(const Client& client,
                          const std::function<bool(const GroupName&)>& may_stay) {
    if (registry_.asks_others) return true;
    conclude();
    auto* session = registry_.find(client.id);
    if (!session) return false;
    std::vector<GroupName> parked;
    for (const auto& subscription : session->subscriptions) {
        for (const auto& member : subscription->members) {
            if (member->group->placement.rotates && !member->stands)
                parked.push_back(name_of(*member->group));
        }
    }
    for (const auto& group : parked) {
        if (may_stay(group)) continue;
        if (auto* member = registry_.find_member(client.id, group.share_name, group.filter))
            registry_.leave(*member);
    }
    session = registry_.find(client.id);
    return session && session->parked > 0;
}

bool Engine::set_paused(const GroupName& group, std::string_view client_id, bool paused) {
    begin<Event::administer>();
    auto* member = registry_.find_member(client_id, group.share_name, group.filter);
    if (!member) return false;
    registry_.set_paused(*member, paused);
    return true;
}

MemberState Engine::state_of(const Member& member) const noexcept {
    const auto& subscription = *member.subscription;
    if (!subscription.session.connected || subscription.standing == Standing::unconfirmed)
        return MemberState::offline;
    if (member.paused) return MemberState::paused;
    if (member.judgement == Member::Judgement::refused_last && broker_.others_decide())
        return MemberState::denied;
    const bool is_ready = registry_.fitness(member) == Candidate::Fitness::ready;
    return is_ready || !traits_.announces_sessions ? MemberState::active : MemberState::full;
}

// Who may not be disconnected while it is offline: of a client without a listener 2.0 denies each
// subscription (mosquitto_acl_check), and of one that it has restored it notes the expiry twice and
// ends with the second (session_expiry__add).
Removal Engine::remove_member(const GroupName& group, std::string_view client_id) {
    begin<Event::administer>();
    auto* member = registry_.find_member(client_id, group.share_name, group.filter);
    if (!member) return Removal::no_member;
    const auto& session = member->subscription->session;
    const bool is_offline = !session.connected && !session.presence.moved;
    const bool may_harm =
        is_offline && (session.presence.restored || traits_.passes_over_offline());
    if (may_harm && !traits_.announces_sessions) return Removal::is_offline;
    const bool rotates = member->group->placement.rotates;
    if (rotates && !member->stands) parking_.stand(*member);
    if (leaf_goes(*member->subscription) &&
        !broker_.remove_leaf(client_id, group, rotates ? LeafKind::joint : LeafKind::own)) {
        // The only other way: the broker checks the subscriptions of a client that it disconnects.
        removing_ = {.client_id = std::string(client_id),
                     .filter = member->subscription->filter.text};
        broker_.disconnect(client_id);
        removing_.reset();
        conclude();  // its will may have been fanned out
        member = registry_.find_member(client_id, group.share_name, group.filter);
    }
    if (member) {
        backlog_.take_back(*member);
        registry_.leave(*member);
    }
    return Removal::done;
}

}  // namespace shared_subscription
