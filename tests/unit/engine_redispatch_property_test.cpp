// Random members whose sessions end with messages in flight or unsent: each message is sent to
// somebody in each group, and again only after a session was lost that it had been sent to.
#include <gmock/gmock.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

constexpr std::array kMembers{"a", "b", "c", "d", "e"};

class Members {
  public:
    Members(BrokerTraits traits, unsigned seed) : broker_(traits), random_(seed) {
        broker_.engine->set_redispatch(true);
        if (seed % 2 == 0) groups_.emplace_back("$queue/#");
        if (seed % 5 == 0) groups_.emplace_back("$share/h/t");
        has_ordinary_ = seed % 3 == 0;
        broker_.connect("publisher");
        // So that no group ever ends.
        broker_.connect("keeper", {.persistent = true});
        for (const auto& group : groups_) broker_.subscribe("keeper", group, 2);
        broker_.drop("keeper");
    }

    void step() {
        const std::string id = kMembers.at(random_() % kMembers.size());
        auto& member = members_[id];
        switch (random_() % 9) {
            case 0:
            case 1:
                if (!member.online) connect(id, member);
                break;
            case 2:
                if (member.online) drop(id, member);
                break;
            case 3:
                if (member.has_session && !member.online) expire(id, member);
                break;
            case 4:
                if (member.online) acknowledge(id);
                break;
            case 5:
                note("a turn");
                broker_.turn();
                break;
            case 6:
                administer(id);
                break;
            default:
                publish();
                break;
        }
        take_all();
    }

    /// Everybody who has a session is back and takes what there is.
    void judge() {
        members_["keeper"] = {.has_session = true, .persistent = true};
        for (auto& [id, member] : members_) {
            if (!member.has_session) continue;
            if (!member.online) broker_.connect(id, {.persistent = true});
            member.online = true;
        }
        for (const auto& group : groups_) {
            for (const auto* id : kMembers) set_paused(group, id, false);
        }
        do {
            broker_.settle();
            for (auto& [id, member] : members_) {
                if (member.online) broker_.acknowledge_some(id, published_);
            }
        } while (take_all());
        if (has_ordinary_) return;  // whose copy it was does not show
        for (int payload = 1; payload <= published_; ++payload)
            EXPECT_GE(times_[std::to_string(payload)], groups_.size()) << payload << " was lost";
    }

    [[nodiscard]] const std::string& history() const noexcept { return history_; }

  private:
    struct Member {
        bool online = false;
        bool has_session = false;
        bool persistent = false;
        bool is_non_shared = false;  // a subscriber besides
    };

    void note(const std::string& what) { history_.append("\n  ").append(what); }

    void connect(const std::string& id, Member& member) {
        const bool is_new = !member.has_session;
        if (is_new) member.persistent = random_() % 2 == 0;
        // What is published to a client goes by its identifier (single_publish): another session
        // that begins in the same turn gets what was on its way to the one before, a member or not.
        if (is_new) broker_.turn();
        const auto receive_maximum = random_() % 4;
        note(id + " connects, Receive Maximum " + std::to_string(receive_maximum));
        broker_.connect(id, {.persistent = member.persistent, .receive_maximum = receive_maximum});
        member.online = member.has_session = true;
        if (is_new) subscribe(id, member);
        if (random_() % 2 == 0 || receive_maximum > 0) broker_.withhold_acknowledgements(id);
    }
    void subscribe(const std::string& id, Member& member) {
        broker_.subscribe(id, groups_[random_() % groups_.size()], 2);
        broker_.subscribe(id, groups_[random_() % groups_.size()], 2);
        if (!has_ordinary_ || random_() % 2 == 0) return;
        member.is_non_shared = true;
        broker_.subscribe(id, "t", 2);
    }
    void drop(const std::string& id, Member& member) {
        note(id + " is lost");
        if (!member.persistent) end(id, member);
        broker_.drop(id);
        member.online = false;
    }
    void expire(const std::string& id, Member& member) {
        note(id + "'s session expires");
        end(id, member);
        broker_.expire(id);
    }
    /// What was sent and not acknowledged comes again; nothing else does.
    void end(const std::string& id, Member& member) {
        for (const auto& payload : broker_.unacknowledged(id))
            if (!is_qos_2_.contains(payload)) ++may_come_[payload];
        member = {};
    }
    void acknowledge(const std::string& id) {
        note(id + " acknowledges");
        broker_.acknowledge_some(id, 1 + static_cast<int>(random_() % 3));
    }
    void administer(const std::string& id) {
        constexpr std::array choices{Strategy::round_robin, Strategy::round_robin, Strategy::sticky,
                                     Strategy::hash_topic};
        if (random_() % 2 == 0) {
            const auto strategy = choices.at(random_() % choices.size());
            note("groups choose by " + std::string(name_of(strategy)));
            broker_.engine->set_strategy(std::nullopt, strategy);
        } else {
            const bool paused = random_() % 2 == 0;
            const auto& group = groups_[random_() % groups_.size()];
            note(id + (paused ? " is paused in " : " goes on in ") + group);
            set_paused(group, id, paused);
        }
    }
    void set_paused(const std::string& group, const std::string& id, bool paused) {
        const auto filter = parse_subscription(group);
        std::ignore = broker_.engine->set_paused(
            {std::string(filter.share_name), std::string(filter.topic_filter)}, id, paused);
    }
    void publish() {
        const auto qos = static_cast<std::uint8_t>(1 + random_() % 2);
        const auto payload = std::to_string(++published_);
        if (qos == 2) is_qos_2_.insert(payload);
        note(payload + " is published with QoS " + std::to_string(qos));
        may_come_[payload] = groups_.size();
        for (const auto& [id, member] : members_)
            may_come_[payload] += member.is_non_shared ? 1 : 0;
        broker_.publish("publisher", {.topic = "t", .payload = payload, .qos = qos});
        if (qos == 2) broker_.release("publisher");
    }

    bool take_all() {
        bool came = false;
        for (auto& [id, member] : members_) {
            for (const auto& payload : broker_.take(id)) {
                came = true;
                note(id + " gets " + payload);
                EXPECT_LE(++times_[payload], may_come_[payload]) << payload << " came again";
            }
        }
        return came;
    }

    SmallBroker broker_;
    std::mt19937 random_;
    std::map<std::string, Member> members_;
    std::vector<std::string> groups_{"$share/g/t"};
    bool has_ordinary_ = false;
    std::map<std::string, std::size_t> times_;     // by payload: how often it was sent
    std::map<std::string, std::size_t> may_come_;  // ... and how often it may be
    std::set<std::string> is_qos_2_;
    int published_ = 0;
    std::string history_;
};

class EngineRedispatchProperty : public ::testing::TestWithParam<GenerationRow> {};

TEST_P(EngineRedispatchProperty, SendsEachMessageToSomebody) {
    for (unsigned seed = 1; seed <= 1000; ++seed) {
        Members members(GetParam().traits, seed);
        for (int step = 0; step < 200 && !::testing::Test::HasFailure(); ++step) members.step();
        if (!HasFailure()) members.judge();
        ASSERT_FALSE(HasFailure()) << "with seed " << seed << ", after:" << members.history();
    }
}

INSTANTIATE_TEST_SUITE_P(, EngineRedispatchProperty,
                         ::testing::Values(GenerationRow{{"On21"}, kBroker21},
                                           GenerationRow{{"On21WithRings"}, kBroker21WithRings}),
                         name_of<GenerationRow>);

}  // namespace
}  // namespace shared_subscription
