#include "core/queue/leavers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {

Leavers::Leaver* Leavers::find(std::string_view client_id) noexcept {
    const auto found = leavers_.find(client_id);
    return found == leavers_.end() ? nullptr : &found->second;
}

// Of QoS 2 it does not show whether it is written later.
void Leavers::leave(const Member& member) {
    auto& session = member.subscription->session;
    const auto is_its = [&member](const Holding& holding) {
        return holding.member == &member && holding.qos == 1;
    };
    const bool has_any = std::ranges::any_of(session.flow.holdings, is_its);
    if (!backlog_.redispatches() || !has_any) return;
    std::vector<Kept> all;
    const auto keep = [&](const Holding& holding, SharedMessage message, bool is_on_its_way) {
        all.push_back({.group = member.group->number,
                       .id = holding.id,
                       .address = holding.address,
                       .is_copy = holding.is_copy,
                       .is_on_its_way = is_on_its_way,
                       .message = std::move(message)});
    };
    holdings_.visit(session, [&](const Holding& holding, const Message& message) {
        if (is_its(holding)) keep(holding, holdings_.keep(holding, message), false);
        return true;
    });
    for (const auto& holding : session.flow.holdings) {
        if (!is_its(holding) || holding.is_settled()) continue;
        auto message = backlog_.message_on_its_way(session.id, holding.id);
        if (!message) continue;
        keep(holding, std::move(message), true);
        is_any_on_its_way_ = true;
    }
    deliveries_.count_held(session);
    if (all.empty()) return;
    auto& leaver = leavers_[session.id];
    leaver.context = session.context;
    std::ranges::move(all, std::back_inserter(leaver.all));
    std::ranges::sort(leaver.all, {}, &Kept::address);
}

// Where an address is used again, another message is there.
bool Leavers::ask(Leaver& leaver, Context context) {
    auto& all = leaver.all;
    for (auto& kept : all) kept.is_held = false;
    return broker_.visit_held(context, [&all](const Message& message) {
        for (const void* address :
             {static_cast<const void*>(message.topic.data()), message.properties}) {
            const auto same = std::ranges::equal_range(all, address, {}, &Kept::address);
            const auto found = std::ranges::find_if(same, [&](const Kept& kept) {
                const auto* its = kept.is_copy ? message.properties : message.topic.data();
                return !kept.is_held && its == address && is_same_content(*kept.message, message);
            });
            if (found == same.end()) continue;
            found->is_held = true;
            break;
        }
        return true;
    });
}

void Leavers::forget_acknowledged(Leaver& leaver) {
    if (!ask(leaver, leaver.context)) return;
    std::erase_if(leaver.all,
                  [](const Kept& kept) { return !kept.is_held && !kept.is_on_its_way; });
}

void Leavers::give_to_others(std::vector<Kept>& all) {
    for (auto& kept : std::exchange(all, {})) {
        auto* group = registry_.find_group(kept.group);
        if (group) backlog_.take_back(*group, kept.id, std::move(kept.message));
    }
}

// A session that goes on has taken what it holds along. Where no end was reported, as that of a
// WebSockets connection is late, nothing is known of the rest: its connection may be gone.
void Leavers::connected(const Client& client) {
    auto* leaver = find(client.id);
    if (!leaver || leaver->context == client.context) return;
    const bool has_ended = !leaver->context && !leaver->is_moving;
    leaver->context = client.context;
    leaver->is_moving = false;
    if (!ask(*leaver, client.context)) return;
    const auto gone = std::ranges::stable_partition(
        leaver->all, [](const Kept& kept) { return kept.is_held || kept.is_on_its_way; });
    std::vector<Kept> rest;
    std::ranges::move(gone, std::back_inserter(rest));
    leaver->all.erase(gone.begin(), gone.end());
    if (has_ended) give_to_others(rest);
}

// What one that is taken over does not hold may have moved already, to a connection that is
// reported next.
void Leavers::disconnected(const Client& client, bool taken_over) {
    auto* leaver = find(client.id);
    if (!leaver || leaver->context != client.context) return;
    leaver->is_moving = taken_over && ask(*leaver, client.context) &&
                        std::ranges::none_of(leaver->all, &Kept::is_held);
    if (!leaver->is_moving) forget_acknowledged(*leaver);
    leaver->context = nullptr;
}

// What is on its way comes back by itself (Backlog::confirm).
void Leavers::ended(std::string_view client_id) {
    auto* leaver = find(client_id);
    if (!leaver || leaver->context) return;
    std::erase_if(leaver->all, &Kept::is_on_its_way);
    give_to_others(leaver->all);
}

// No event may have told the end of a connection that another plugin has ended, or renamed.
void Leavers::look(const std::string& client_id, Leaver& leaver) {
    const auto context = broker_.find_session(client_id);
    if (!context) {
        give_to_others(leaver.all);
    } else if (context == leaver.context) {
        forget_acknowledged(leaver);
    } else if (leaver.context) {
        connected({.context = context, .id = client_id});
    }
}

void Leavers::tick(std::int64_t now) {
    if (std::exchange(is_any_on_its_way_, false)) {
        for (auto& [id, leaver] : leavers_) {
            for (auto& kept : leaver.all) kept.is_on_its_way = false;
        }
    }
    if (std::exchange(ticked_, now) == now) return;
    constexpr std::size_t kAtOnce = 100;
    for (auto left = std::min(leavers_.size(), kAtOnce); left > 0; --left) {
        auto next = leavers_.upper_bound(looked_at_);
        if (next == leavers_.end()) next = leavers_.begin();
        looked_at_ = next->first;
        look(next->first, next->second);
        if (next->second.all.empty()) leavers_.erase(next);
    }
}

}  // namespace shared_subscription
