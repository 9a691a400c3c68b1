#include "control/commands.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>

#include "control/metrics.hpp"
#include "control/protocol.hpp"
#include "shared_subscription/subscription_filter.hpp"
#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kDefaultGroups = 100;
constexpr std::size_t kAnyOffset = 1'000'000'000;

std::string describe(const GroupName& name) {
    return "group " + quote(name.share_name) + " on " + quote(name.filter);
}

/// The group that `group` and `filter` name; null, with the problem in `fields`: none.
Group* find_group(Fields& fields, Administration& administration) {
    const auto& registry = administration.engine.registry();
    const auto share_name = fields.required_text("group");
    const auto filter = fields.text("filter");
    if (!fields.problem().empty()) return nullptr;
    Group* found = nullptr;
    if (filter) {
        found = registry.find_group(share_name, *filter);
    } else {
        administration.spend_on_passing(registry.groups().size());
        for (auto* group : registry.groups()) {
            if (group->name() != share_name) continue;
            if (found) {
                fields.fail("there are several groups of the name " + quote(share_name) +
                            ": say which with 'filter', as listGroups shows it.");
                return nullptr;
            }
            found = group;
        }
    }
    if (!found) {
        fields.fail("there is no group " + quote(share_name) +
                    (filter ? " on " + quote(*filter) : "") + "; listGroups shows all.");
    }
    return found;
}

struct Page {
    std::size_t begin, end;
};

/// What of so many is asked for, with the cost of showing it taken.
Page take_page(Fields& fields, Administration& administration, std::size_t fallback,
               std::size_t size) {
    const auto offset = fields.number("offset", 0, 0, kAnyOffset);
    const auto count = fields.number("count", fallback, 1, kMostInResponse);
    const auto begin = std::min(offset, size);
    const auto end = std::min(size, begin + count);
    if (fields.problem().empty()) administration.spend(end - begin);
    return {begin, end};
}

Json list_groups(Fields& fields, Administration& administration) {
    const bool is_verbose = fields.flag("verbose");
    const auto& all = administration.engine.registry().groups();
    const auto page = take_page(fields, administration, kDefaultGroups, all.size());
    if (!fields.problem().empty()) return nullptr;
    administration.spend_on_passing(page.begin);
    auto groups = Json::array();
    auto next = std::next(all.begin(), static_cast<std::ptrdiff_t>(page.begin));
    for (auto place = page.begin; place < page.end; ++place, ++next) {
        auto& group = groups.emplace_back(identify(**next));
        if (is_verbose) add_metrics(group, **next, administration.now);
    }
    return {{"totalCount", all.size()}, {"groups", std::move(groups)}};
}

const char* name_of(MemberState state) {
    switch (state) {
        case MemberState::offline:
            return "offline";
        case MemberState::paused:
            return "paused";
        case MemberState::denied:
            return "denied";
        case MemberState::full:
            return "full";
        case MemberState::active:
            break;
    }
    return "active";
}

Json to_json(const Member& member, const Administration& administration) {
    const auto& session = member.subscription->session;
    const Json held_back = administration.shows_held_back ? Json(session.flow.held) : Json(nullptr);
    return {{"clientid", session.id},
            {"connected", session.connected},
            {"paused", member.paused},
            {"state", name_of(administration.engine.state_of(member))},
            {"dispatched", member.dispatched},
            {"heldBack", held_back},
            {"since", member.since}};
}

Json get_group(Fields& fields, Administration& administration) {
    auto* group = find_group(fields, administration);
    const auto page = take_page(fields, administration, kMostInResponse, group ? group->size() : 0);
    if (!fields.problem().empty()) return nullptr;
    auto data = identify(*group);
    add_metrics(data, *group, administration.now);
    auto members = Json::array();
    for (auto place = page.begin; place < page.end; ++place)
        members.push_back(to_json(*group->members()[place], administration));
    data["memberList"] = std::move(members);
    return {{"group", std::move(data)}};
}

Json set_strategy(Fields& fields, Administration& administration) {
    const auto strategy = fields.required_text("strategy");
    const auto share_name = fields.text("group");
    if (!fields.problem().empty()) return nullptr;
    const auto parsed = parse_strategy(strategy);
    if (!parsed) {
        fields.fail("unknown strategy " + quote(strategy) + "; allowed are " +
                    list_names(kStrategyNames, &StrategyName::name) + ".");
        return nullptr;
    }
    if (!administration.engine.can_use(*parsed)) {
        fields.fail("strategy " + quote(strategy) +
                    " takes Mosquitto 2.1: this version shows no acknowledgements.");
        return nullptr;
    }
    if (share_name && !is_share_name(*share_name)) {
        fields.fail(quote(*share_name) + " is no name of a group.");
        return nullptr;
    }
    administration.spend_on_passing(administration.engine.registry().groups().size());
    administration.engine.set_strategy(share_name, *parsed);
    return nullptr;
}

/// What `group` and `filter` name, which need not be there; nothing, with the problem in `fields`.
std::optional<GroupName> take_name(Fields& fields) {
    GroupName name{.share_name = fields.required_text("group"),
                   .filter = fields.required_text("filter")};
    if (!fields.problem().empty()) return std::nullopt;
    if (const auto* problem = find_problem(name)) {
        fields.fail(describe(name) + ": " + problem + ".");
        return std::nullopt;
    }
    return name;
}

Json declare_group(Fields& fields, Administration& administration) {
    const auto name = take_name(fields);
    if (!name) return nullptr;
    administration.spend(1);
    administration.engine.declare_group(*name);
    return nullptr;
}

Json delete_group(Fields& fields, Administration& administration) {
    const auto name = take_name(fields);
    if (!name) return nullptr;
    administration.spend(1);
    switch (administration.engine.delete_group(*name)) {
        case Deletion::done:
            break;
        case Deletion::not_declared:
            fields.fail(describe(*name) + " is not declared; it ends with its last member.");
            break;
        case Deletion::configured:
            fields.fail(describe(*name) +
                        " is declared in the broker's configuration: take its "
                        "plugin_opt_declare_group line out.");
            break;
    }
    return nullptr;
}

/// Does it to the member that `group`, `filter` and `clientid` name.
template <class Action>
Json act_on_member(Fields& fields, Administration& administration, const Action& action) {
    const auto* group = find_group(fields, administration);
    const auto client_id = fields.required_text("clientid");
    if (!fields.problem().empty()) return nullptr;
    administration.spend_on_passing(group->size());
    const auto name = name_of(*group);
    if (!action(name, client_id))
        fields.fail("client " + quote(client_id) + " is no member of " + describe(name) + ".");
    return nullptr;
}

Json pause_member(Fields& fields, Administration& administration) {
    return act_on_member(fields, administration, [&](const auto& group, const auto& client) {
        return administration.engine.set_paused(group, client, true);
    });
}

Json resume_member(Fields& fields, Administration& administration) {
    return act_on_member(fields, administration, [&](const auto& group, const auto& client) {
        return administration.engine.set_paused(group, client, false);
    });
}

Json remove_member(Fields& fields, Administration& administration) {
    return act_on_member(fields, administration, [&](const auto& group, const auto& client) {
        const auto removal = administration.engine.remove_member(group, client);
        if (removal == Removal::is_offline) {
            fields.fail("client " + quote(client) +
                        " is away, and Mosquitto 2.0 cannot take a member out that has not been "
                        "connected since the broker started, or with per_listener_settings: remove "
                        "it while it is connected.");
        }
        return removal != Removal::no_member;
    });
}

Json reset_statistics(Fields& /*fields*/, Administration& administration) {
    const auto census = administration.engine.registry().census();
    administration.spend_on_passing(census.groups + census.members);
    administration.engine.reset_statistics();
    return nullptr;
}

Json get_statistics(Fields& /*fields*/, Administration& administration) {
    const auto& registry = administration.engine.registry();
    const auto census = registry.census();
    administration.spend_on_passing(census.groups);
    const auto& since = registry.statistics;
    return {{"groups", census.groups},       {"members", census.members},
            {"connected", census.connected}, {"dispatched", since.dispatched},
            {"queued", census.queued},       {"redispatched", since.redispatched},
            {"dropped", since.dropped},      {"expired", since.expired},
            {"abandoned", since.abandoned}};
}

Json get_version(Fields& /*fields*/, Administration& /*administration*/) {
    return {{"version", PLUGIN_VERSION}};
}

struct Command {
    std::string_view name;
    Json (*carry_out)(Fields&, Administration&);
};

constexpr std::array<Command, 11> kCommands{{
    {"listGroups", list_groups},
    {"getGroup", get_group},
    {"setStrategy", set_strategy},
    {"declareGroup", declare_group},
    {"deleteGroup", delete_group},
    {"pauseMember", pause_member},
    {"resumeMember", resume_member},
    {"removeMember", remove_member},
    {"resetStatistics", reset_statistics},
    {"getStatistics", get_statistics},
    {"getVersion", get_version},
}};

}  // namespace

Json carry_out(std::string_view command, Fields& fields, Administration& administration) {
    const auto known = std::ranges::find(kCommands, command, &Command::name);
    if (known == kCommands.end()) {
        fields.fail("unknown command; allowed are " + list_names(kCommands, &Command::name) + ".");
    } else if (administration.budget == 0) {
        fields.fail("the commands before it have asked for enough; ask in several requests.");
    } else {
        return known->carry_out(fields, administration);
    }
    return nullptr;
}

}  // namespace shared_subscription
