// What has changed since the store took it last (Engine::take_changes).
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/model/records.hpp"

namespace shared_subscription {

class Journal {
  public:
    /// From now on what changes is noted.
    void open() noexcept { is_open_ = true; }
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }

    /// The client's subscriptions have changed.
    void note(Session& session) {
        const bool matters = session.saving.saved ||
                             (session.member_count > 0 && session.presence.may_outlive_restart);
        if (!is_open_ || !matters || std::exchange(session.saving.unsaved, true)) return;
        sessions_.push_back(session.id);
    }
    /// The group's turn or queue has.
    void note(Group& group) {
        if (!is_open_ || std::exchange(group.saving.unsaved, true)) return;
        groups_.push_back(&group);
    }
    /// The group is about to be gone.
    void end(Group& group) {
        if (group.saving.unsaved) std::erase(groups_, &group);
        if (group.saving.saved) ended_groups_.push_back(name_of(group));
    }

    /// Clients' identifiers; their sessions may have ended.
    [[nodiscard]] std::vector<std::string>& sessions() noexcept { return sessions_; }
    /// The one that has waited longest first.
    [[nodiscard]] std::deque<Group*>& groups() noexcept { return groups_; }
    /// Those that were saved and have ended.
    [[nodiscard]] std::vector<GroupName>& ended_groups() noexcept { return ended_groups_; }

  private:
    bool is_open_ = false;
    std::vector<std::string> sessions_;
    std::deque<Group*> groups_;
    std::vector<GroupName> ended_groups_;
};

}  // namespace shared_subscription
