#include "ledger.hpp"

#include <algorithm>

namespace fuzz {
namespace {

std::string name_of(const Origin& origin, const std::string& topic) {
    return "the message of action " + std::to_string(origin.action) + " to '" + shown(topic) + "'";
}

}  // namespace

// What expires may do so anywhere, what is retained comes again, and a will is published in the
// midst of another action.
void Ledger::add(const Message& message, const std::map<GroupName, bool>& groups, long others) {
    const auto origin = origin_of(message.payload);
    const bool may_expire = std::ranges::any_of(message.properties, [](const Property& each) {
        return each.identifier == property::message_expiry;
    });
    if (origin.kind != 'm' || message.retain || may_expire) return;
    Entry entry{.topic = message.topic, .due = {}, .most = others};
    for (const auto& [name, is_certain] : groups) {
        if (!matches(name.filter, message.topic)) continue;
        ++entry.most;
        if (is_certain) entry.due[name];
    }
    entries_[origin] = std::move(entry);
}

void Ledger::follow(const Groups::Members& groups) {
    for (auto& [origin, entry] : entries_) {
        for (auto due = entry.due.begin(); due != entry.due.end();) {
            const auto found = groups.find(due->first);
            if (found == groups.end()) {
                due = entry.due.erase(due);
                continue;
            }
            due->second.insert(found->second.begin(), found->second.end());
            ++due;
        }
    }
}

void Ledger::excuse(const GroupName& name) {
    for (auto& [origin, entry] : entries_) entry.due.erase(name);
}

bool Ledger::is_excused(const GroupName& name, const std::set<int>& members) const {
    return std::ranges::any_of(members, [&](int client) {
        return excused_.contains(client) || excused_members_.contains({name, client});
    });
}

std::optional<std::string> Ledger::find_lost(const Receipts& receipts, long gone) const {
    long count = 0;
    std::string result;
    for (const auto& [origin, entry] : entries_) {
        const auto found = receipts.by.find(origin);
        for (const auto& [name, members] : entry.due) {
            const bool is_there =
                found != receipts.by.end() && std::ranges::any_of(found->second, [&](int client) {
                    return members.contains(client) || perhaps_in_.contains({name, client});
                });
            if (is_there || is_excused(name, members)) continue;
            ++count;
            result += name_of(origin, entry.topic) + " for '" + shown(name.share_name) + "' on '" +
                      shown(name.filter) + "'; ";
        }
    }
    if (count <= gone) return std::nullopt;
    return std::to_string(count) + " are lost, " + std::to_string(gone) +
           " are said to be: " + result;
}

std::optional<std::string> Ledger::find_doubled(const Receipts& receipts) const {
    for (const auto& [origin, entry] : entries_) {
        const auto found = receipts.count.find(origin);
        if (found == receipts.count.end() || found->second <= entry.most) continue;
        return name_of(origin, entry.topic) + " was acknowledged " + std::to_string(found->second) +
               " times instead of at most " + std::to_string(entry.most);
    }
    return std::nullopt;
}

}  // namespace fuzz
