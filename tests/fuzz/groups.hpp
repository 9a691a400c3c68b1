// Which groups there are, as their members know: what they subscribed to and were granted, and
// whose sessions have ended.

#pragma once

#include <map>
#include <set>
#include <string>

#include "action.hpp"

namespace fuzz {

// Nobody else can publish what it matches.
inline bool is_for_broker_alone(const GroupName& name) {
    return name.filter.starts_with("$SYS");
}

class Groups {
  public:
    using Members = std::map<GroupName, std::set<int>>;

    void join(const GroupName& name, int client) { members_[name].insert(client); }
    void join_all(const Groups& others);
    void leave(const GroupName& name, int client);
    void end_session(int client);
    void end_all() { members_.clear(); }

    // Whether the client's session is still there depends on the time.
    void set_doubtful(int client, bool value) { set_in(doubtful_, client, value); }
    // Whether what it is given gets there depends on the broker.
    void set_stuck(int client, bool value) { set_in(stuck_, client, value); }
    bool is_certain(const GroupName& name) const;

    const Members& all() const { return members_; }
    bool has_member(int client) const;

  private:
    static void set_in(std::set<int>& set, int client, bool value);

    Members members_;
    std::set<int> doubtful_, stuck_;
};

}  // namespace fuzz
