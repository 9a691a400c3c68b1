// What groups have to be given, counted beside the plugin, against what it says that it did.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "groups.hpp"
#include "packet.hpp"
#include "plan.hpp"

namespace fuzz {

// The answer to getStatistics.
struct Statistics {
    long groups = 0, members = 0, dispatched = 0, queued = 0, redispatched = 0, dropped = 0,
         expired = 0;

    // Each message is in one place for each of its groups: it was given to a member, waits, or is
    // gone. What a session left behind was given and waits again.
    long sum() const { return dispatched - redispatched + queued + dropped + expired; }
};

class Accounts {
  public:
    Groups groups;
    GroupName healthy;  // one that is always there
    // What other plugins publish reaches groups all of whose members are direct or away, too.
    bool hears_plugins = true;

    // A restart leaves groups whose members' sessions are gone until a message shows that, and a
    // crash takes back what the broker had not saved: they may count.
    void doubt_all();
    const std::set<GroupName>& doubted() const { return doubted_; }

    // Somebody asked for No Local on this filter. 2.0 does not show to a plugin what such a client
    // publishes itself, so that its questions are taken for others, and keeps the option for
    // whatever else the client subscribes to there.
    void doubt(const std::string& filter, int client) {
        unseen_.insert(filter);
        unheard_.insert(client);
    }
    // One that the broker may have made, or not.
    void doubt(const GroupName& name) { doubted_.insert(name); }
    void doubt_groups_of(int client);

    // From now on.
    void open(const Statistics& statistics);
    void before_action();
    // A message of QoS 2 that is not released: groups all of whose members are direct or away get
    // it all the same.
    void may_be_given(const std::string& topic);
    // What was published meanwhile, in which the groups may have changed. A will may be published
    // before or after that, so it counts for groups that were there all the time; for the others it
    // may.
    void after_action(const std::vector<Message>& published);
    // The groups that counted for that, and whether it was certain that they were there.
    const std::map<GroupName, bool>& counted() const { return counted_; }
    // Whether the broker shows who publishes that.
    bool is_heard(const Message& message) const {
        const auto origin = origin_of(message.payload);
        const bool may_be_anybodys = origin.client < 0;  // it has no payload
        const bool is_unheard =
            may_be_anybodys ? !unheard_.empty() : unheard_.contains(origin.client);
        return !is_unheard && (hears_plugins || origin.kind != 'p');
    }
    // How many messages are said to have got lost.
    long gone(const Statistics& now) const {
        return now.dropped - at_opening_.dropped + now.expired - at_opening_.expired;
    }
    // What does not add up.
    std::optional<std::string> check(const Statistics& now) const;

  private:
    std::map<GroupName, bool> known() const;  // with whether it is certain

    Statistics at_opening_;
    long least_ = 0, most_ = 0;
    bool is_open_ended_ = false;
    std::map<GroupName, bool> before_, counted_;
    std::set<GroupName> doubted_;
    std::set<std::string> unseen_;
    std::set<int> unheard_;
};

}  // namespace fuzz
