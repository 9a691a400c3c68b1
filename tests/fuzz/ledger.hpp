// What became of each message of QoS 1: who was due to get it, who acknowledged it, how often. Of
// other QoS, what is lost with a connection is nobody's fault.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "groups.hpp"
#include "plan.hpp"

namespace fuzz {

class Ledger {
  public:
    // Published while these groups were there; those that are not certain may get it or not.
    // `others`: copies for non-shared subscriptions.
    void add(const Message& message, const std::map<GroupName, bool>& groups, long others);
    // After each action: who is in which group now. What a group has not got when it ends is gone.
    void follow(const Groups::Members& groups);
    // 2.0: that group need not get what was published before: a client has left it, and keeps what
    // it was given.
    void excuse(const GroupName& name);
    // Nor what that client was given, for whatever group, or for that one.
    void excuse(int client) { excused_.insert(client); }
    void excuse(const GroupName& name, int client) { excused_members_.insert({name, client}); }
    // It may be in that group without a word of it.
    void may_be_in(const GroupName& name, int client) { perhaps_in_.insert({name, client}); }
    // All that was published so far may get lost or come twice.
    void clear() { entries_.clear(); }

    // Acknowledgements.
    struct Receipts {
        std::map<Origin, std::set<int>> by;  // whom, perhaps
        std::map<Origin, long> count;        // for certain
    };
    // What a group has not got. `gone`: how many messages are said to be dropped or expired.
    std::optional<std::string> find_lost(const Receipts& receipts, long gone) const;
    // What was acknowledged once too often.
    std::optional<std::string> find_doubled(const Receipts& receipts) const;

  private:
    struct Entry {
        std::string topic;
        std::map<GroupName, std::set<int>> due;  // and who was in it since
        long most;                               // copies
    };
    bool is_excused(const GroupName& name, const std::set<int>& members) const;

    std::map<Origin, Entry> entries_;
    std::set<int> excused_;
    std::set<std::pair<GroupName, int>> excused_members_, perhaps_in_;
};

}  // namespace fuzz
