#include "groups.hpp"

#include <algorithm>
#include <iterator>

namespace fuzz {

void Groups::join_all(const Groups& others) {
    for (const auto& [name, members] : others.members_)
        members_[name].insert(members.begin(), members.end());
}

void Groups::leave(const GroupName& name, int client) {
    const auto found = members_.find(name);
    if (found == members_.end()) return;
    found->second.erase(client);
    if (found->second.empty()) members_.erase(found);
}

void Groups::end_session(int client) {
    for (auto group = members_.begin(); group != members_.end();) {
        group->second.erase(client);
        group = group->second.empty() ? members_.erase(group) : std::next(group);
    }
    doubtful_.erase(client);
}

void Groups::set_in(std::set<int>& set, int client, bool value) {
    if (value) {
        set.insert(client);
    } else {
        set.erase(client);
    }
}

bool Groups::is_certain(const GroupName& name) const {
    const auto found = members_.find(name);
    if (found == members_.end()) return false;
    const auto is_in = [](const auto& set) {
        return [&set](int client) { return set.contains(client); };
    };
    return std::ranges::none_of(found->second, is_in(stuck_)) &&
           !std::ranges::all_of(found->second, is_in(doubtful_));
}

bool Groups::has_member(int client) const {
    return std::ranges::any_of(members_,
                               [&](const auto& group) { return group.second.contains(client); });
}

}  // namespace fuzz
