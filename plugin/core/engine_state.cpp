// How what the engine knows outlives a restart of the broker.
#include <algorithm>
#include <utility>

#include "shared_subscription/engine.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

/// A use of a session that was saved.
struct SavedMembership {
    const SavedSession* session;
    const SavedUse* use;
};

/// In the order in which they joined. What a client gave up counts only where the broker may have
/// restored it: where it has a leaf of the broker's own for it, that nothing else accounts for.
std::vector<SavedMembership> in_order(const State& state, BrokerTraits traits) {
    std::vector<SavedMembership> all;
    for (const auto& session : state.sessions) {
        for (const auto& use : session.uses) {
            const auto is_current = [&use](const SavedUse& other) {
                return !other.left && other.filter == use.filter;
            };
            const bool may_be_there =
                traits.merges_uses(use.filter) && std::ranges::none_of(session.uses, is_current);
            if (!use.left || may_be_there) all.push_back({&session, &use});
        }
    }
    std::ranges::stable_sort(all, {}, [](const auto& saved) { return saved.use->joined; });
    return all;
}

// What the client has given up may be there for all that is known, if others have refused it. After
// a restart it counts as given up.
SavedSession to_saved(const Session& session) {
    SavedSession saved{.client_id = session.id};
    for (const auto& subscription : session.subscriptions) {
        if (subscription->pending == Request::unsubscribe) continue;
        const auto& filter = subscription->filter.text;
        if (subscription->non_shared) {
            saved.uses.push_back({.filter = filter,
                                  .options = subscription->options.flags(),
                                  .identifier = subscription->options.identifier(),
                                  .joined = subscription->subscribed});
        }
        for (const auto& member : subscription->members) {
            saved.uses.push_back({.filter = filter,
                                  .share_name = member->group->name(),
                                  .options = member->options.flags(),
                                  .identifier = member->options.identifier(),
                                  .joined = member->joined});
        }
    }
    return saved;
}

}  // namespace

void Engine::restore(const State& state) {
    const auto observer = std::exchange(registry_.observer, nullptr);
    restore_strategies(state.strategies);
    for (const auto& name : state.declared) {
        declared_.push_back(name);
        registry_.declare(name);
    }
    for (const auto& [saved, use] : in_order(state, traits_)) {
        auto& session = registry_.session(saved->client_id);
        session.connected = false;
        session.presence.restored = true;
        session.saving.saved = session.presence.may_outlive_restart = true;
        session.presence.uncertain |= use->left;
        const SubscriptionOptions options{use->options, use->identifier};
        if (use->share_name) {
            const auto direct = parse_direct(use->filter);
            const GroupName name{*use->share_name, std::string(direct.topic_filter)};
            auto& member =
                direct.kind == FilterKind::shared
                    ? registry_.join_directly(session, name, Standing::unconfirmed)
                    : registry_.join(session, *use->share_name, use->filter, Standing::unconfirmed);
            member.options = options;
            member.joined = use->joined;
            member.since = static_cast<std::uint32_t>(broker_.now());
            member.group->saving.saved = true;
        } else {
            auto& subscription = registry_.subscribe(session, use->filter, Standing::unconfirmed);
            subscription.options = options;
            registry_.set_no_local(subscription, options.no_local());
        }
        registry_.count_on_from(use->joined);
    }
    registry_.observer = observer;
    for (const auto& saved : state.groups) {
        auto* group = registry_.find_group(saved.name.share_name, saved.name.filter);
        if (!group) continue;
        group->saving.saved = true;
        for (const auto* member : group->members()) {
            if (member->subscription->session.id == saved.turn) group->set_turn(*member);
        }
    }
    for (const auto& saved : state.messages) {
        auto* group = registry_.find_group(saved.group.share_name, saved.group.filter);
        if (!group) {
            orphaned_.push_back(saved.id);
            continue;
        }
        backlog_.restore(*group, {.id = saved.id,
                                  .message = backlog_.keep(StoredMessage{
                                      .topic = saved.topic,
                                      .payload = saved.payload,
                                      .qos = saved.qos,
                                      .properties = broker_.make_properties(saved.properties),
                                      .publisher = saved.publisher}),
                                  .queued = saved.queued});
    }
    registry_.journal.open();
    for (const auto& saved : state.sessions) {
        auto* session = registry_.find(saved.client_id);
        // What was given up counts again.
        if (session && session->presence.uncertain) registry_.journal.note(*session);
        if (traits_.announces_sessions) restored_.push_back(saved.client_id);
    }
    settle_restored(false);
}

void Engine::restore_strategies(const std::vector<SavedStrategy>& strategies) {
    for (const auto& saved : strategies) {
        const auto strategy = parse_strategy(saved.strategy);
        if (!strategy) continue;
        set_strategies_.push_back(saved);
        const bool is_default = saved.share_name.empty();
        if (!can_use(*strategy)) {
            broker_.log(LogLevel::warning,
                        "the strategy " + saved.strategy +
                            ", which an administrator has set, goes by what this version of "
                            "Mosquitto does not show: it counts again on 2.1.");
            continue;
        }
        registry_.set_strategy(is_default ? std::nullopt : std::optional(saved.share_name),
                               *strategy);
        broker_.log(LogLevel::info,
                    (is_default ? "the default strategy"
                                : "the strategy of group " + quote(saved.share_name)) +
                        " is " + saved.strategy + ", as set by an administrator.");
    }
}

// 2.1 shows which sessions it has restored; some only when other plugins have been loaded, too.
void Engine::settle_restored(bool is_last_chance) {
    std::erase_if(restored_, [&](const std::string& id) {
        auto* session = registry_.find(id);
        if (!session || session->connected) return true;
        // It may have expired since it was found.
        const auto* context = broker_.find_session(id);
        if (!session->context && context) settle_restored(*session, context);
        if (!is_last_chance) return false;
        if (context && context == session->context) {
            backlog_.adopt(*session);
        } else if (!session->context) {
            registry_.erase(*session);
        }
        return true;
    });
}

void Engine::settle_restored(Session& session, Context context) {
    registry_.set_context(session, context);
    session.protocol_version = broker_.protocol_version(context);
    registry_.set_standing(session, Standing::present);
    sessions_.watch(session);
    for (const auto& subscription : session.subscriptions) {
        if (traits_.merges_uses(subscription->filter.text)) continue;
        for (const auto& member : subscription->members)
            broker_.add_leaf(session.id, name_of(*member->group), LeafKind::own, member->options);
    }
}

void Engine::forget_restored() {
    for (auto* session : registry_.all_sessions()) registry_.erase(*session);
}

void Engine::forget_saved() {
    for (auto* session : registry_.all_sessions()) {
        session->saving.saved = false;
        registry_.journal.note(*session);
    }
    for (auto* group : registry_.groups()) {
        group->saving.saved = false;
        group->queue.forget_saved();
        registry_.journal.note(*group);
    }
    registry_.journal.ended_groups().clear();
    orphaned_.clear();
    unsaved_strategies_ = set_strategies_;
    unsaved_declared_.clear();
    for (const auto& name : declared_) unsaved_declared_.push_back({name});
}

bool Engine::has_changes() noexcept {
    return has_changed_memberships() || !registry_.journal.groups().empty() ||
           !registry_.journal.ended_groups().empty() || !orphaned_.empty() ||
           !unsaved_strategies_.empty() || !unsaved_declared_.empty();
}

Changes Engine::take_changes(std::size_t most_groups, std::size_t most_messages) {
    Changes changes;
    changes.ended = std::exchange(registry_.journal.ended_groups(), {});
    changes.dequeued = std::exchange(orphaned_, {});
    changes.strategies = std::exchange(unsaved_strategies_, {});
    changes.declared = std::exchange(unsaved_declared_, {});
    for (auto& id : std::exchange(registry_.journal.sessions(), {})) {
        auto* session = registry_.find(id);
        const bool is_kept = session && session->member_count > 0;
        changes.sessions.push_back(is_kept ? to_saved(*session) : SavedSession{.client_id = id});
        if (!session) continue;
        session->saving.unsaved = false;
        session->saving.saved = is_kept;
    }
    auto& groups = registry_.journal.groups();
    while (!groups.empty() && changes.groups.size() < most_groups) {
        auto& group = *groups.front();
        const auto name = name_of(group);
        group.saving.saved = true;
        const auto* turn = group.turn();
        changes.groups.push_back(
            {.name = name, .turn = turn ? turn->subscription->session.id : std::string()});
        auto& gone = group.queue.gone();
        changes.dequeued.insert(changes.dequeued.end(), gone.begin(), gone.end());
        gone.clear();
        const bool took_all = group.queue.save_entries([&](const GroupQueue::Entry& entry) {
            if (changes.queued.size() == most_messages) return false;
            changes.queued.push_back(
                {.id = entry.id,
                 .queued = entry.queued,
                 .group = name,
                 .topic = entry.message->topic,
                 .payload = entry.message->payload,
                 .qos = entry.message->qos,
                 .publisher = entry.message->publisher,
                 .properties = broker_.list_properties(entry.message->properties.get())});
            return true;
        });
        if (!took_all) break;
        group.saving.unsaved = false;
        groups.pop_front();
    }
    return changes;
}

}  // namespace shared_subscription
