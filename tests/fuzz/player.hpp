// Carries out a list of actions on a broker of its own, and judges what it sees.

#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "accounts.hpp"
#include "ledger.hpp"
#include "world.hpp"

namespace fuzz {

struct Outcome {
    Findings findings;
    std::string log = {};  // the broker's, where there are findings
    std::size_t actions = 0;
    // Of those that are in no group, and of the observer behind them: by client and connection.
    std::vector<std::vector<std::vector<Record>>> records;
    // The clients whose connection the broker ended, by the number of the action.
    std::map<std::size_t, std::set<int>> closed;
    std::vector<std::size_t> resident_kilobytes;  // after each pass
};

struct Course {
    std::string configuration;
    // The run with the plugin whose counterpart this is; null: this is one with the plugin.
    const Outcome* with_plugin = nullptr;
    int passes = 1;  // how often the list is carried out, on one broker
};

Outcome play(const Actions& actions, const Course& course);

class Player {
  public:
    Player(const Course& course, Outcome& outcome);

    void play(const Actions& actions);

  private:
    // As `listGroups` shows a group.
    struct Shown {
        long members = 0, queued = 0;
    };

    void carry_out_all(const Actions& actions);
    void carry_out(const Action& action);
    void carry_out_alone(const Action& action);
    void act(Client& client, const Action& action);
    void subscribe(Client& client, const Action& action);
    void publish(Client& client, const Action& action);
    void restart(bool is_crash);
    void steer(const Action& action);

    void follow(const Action& action);
    void follow_subscriptions(const Action& action);
    void follow_connection(int number, std::size_t action);
    void note_publication(const Action& action);
    void note_receipts();
    void mirror(std::size_t action);
    void judge_observer();
    void judge_health();
    void judge_metrics();
    void judge_ledger();

    // The end, which a broker without the plugin does not have.
    void revive();
    void resume_members();
    void wait_for_queues();
    std::map<GroupName, Shown> list_groups();
    std::string queues();
    void publish_to_each_group();
    void judge_service(const std::string& payload, const std::string& topic);
    void leave();
    void ask_about_all();
    void expect_groups(long groups, long members);
    void leave_out_groups_of_broker(Statistics& statistics);
    void judge_log();

    std::string request(const std::string& json);
    Statistics statistics();
    void report(std::string kind, std::string text);
    bool with_plugin() const { return world_.with_plugin(); }

    const Course& course_;
    Outcome& outcome_;
    World world_;
    Accounts accounts_;
    Ledger ledger_;
    Ledger::Receipts receipts_;
    Groups ordinary_;                 // subscriptions, as groups without a name
    Groups saved_, saved_groups_;     // ... when the broker ended last, but for crashes
    std::set<int> restored_;          // clients that may have a session again since a crash
    std::vector<Message> published_;  // in this action, as the observer saw it
    std::set<Origin> seen_;
    std::map<std::string, int> half_seen_;  // by the observer, or by the healthy group
    std::size_t fresh_ = 0;
};

}  // namespace fuzz
