// Random members that come and go between a message of QoS 2 and its release: whoever is in no
// group gets it when it is released, and a group that was never without a member in between, or is
// declared, gets it once.
#include <gmock/gmock.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

class Releases {
  public:
    Releases(BrokerTraits traits, bool is_declared, unsigned seed)
        : traits_(traits),
          broker_(traits),
          random_(seed),
          is_declared_(is_declared),
          keeps_order_(is_declared && !traits.announces_sessions) {
        if (is_declared) broker_.engine->declare({"g", "t"});
        broker_.connect("publisher");
        broker_.connect("ordinary");
        broker_.subscribe("ordinary", "t", 2);
        for (const auto* id : kMembers)
            if (random_() % 2 == 0) persistent_.insert(id);
    }

    void step() {
        const std::string id = kMembers.at(random_() % kMembers.size());
        switch (random_() % 8) {
            case 0:
            case 1:
                if (online_.contains(id)) leave(id);
                break;
            case 2:
                join(id);
                break;
            case 3:
                note("a turn");
                broker_.turn();
                break;
            case 4:
            case 5:
                receive();
                break;
            default:
                if (!unreleased_.empty()) release();
                break;
        }
    }

    /// Everybody comes back.
    void judge() {
        while (!unreleased_.empty()) release();
        for (const auto* id : kMembers)
            if (!online_.contains(id) || !members_.contains(id)) join(id);
        broker_.settle();
        take();
        for (const auto& [payload, count] : group_got_) {
            // The group that ended and the one that came after it are two.
            EXPECT_LE(count, outlived_.contains(payload) ? 2 : 1) << payload;
        }
        for (const auto& payload : released_) EXPECT_EQ(group_got_[payload], 1) << payload;
        EXPECT_EQ(broker_.take("ordinary").size(), 0U);
    }

    [[nodiscard]] const std::string& history() const noexcept { return history_; }

  private:
    static constexpr std::array kMembers{"a", "b", "c"};
    static constexpr auto* kFilter = "$share/g/t";

    void note(const std::string& what) { history_.append("\n  ").append(what); }
    [[nodiscard]] bool is_anybody_online() const noexcept {
        return std::ranges::any_of(members_,
                                   [this](const auto& id) { return online_.contains(id); });
    }
    [[nodiscard]] bool is_there() const noexcept { return is_declared_ || !members_.empty(); }

    void join(const std::string& id) {
        const bool persistent = persistent_.contains(id);
        if (!online_.contains(id)) {
            note(id + (persistent ? " connects with its session" : " connects"));
            broker_.connect(id, {.persistent = persistent});
            online_.insert(id);
        }
        note(id + " joins");
        broker_.subscribe(id, kFilter, 2);
        members_.insert(id);
    }
    void leave(const std::string& id) {
        const bool unsubscribes = random_() % 2 == 0;
        const bool goes = !unsubscribes || random_() % 2 == 0;
        if (unsubscribes) {
            note(id + " unsubscribes");
            std::ignore = broker_.unsubscribe(id, kFilter);
            members_.erase(id);
        }
        if (goes) {
            note(id + " goes");
            broker_.drop(id);
            online_.erase(id);
            if (!persistent_.contains(id)) members_.erase(id);
        }
        if (is_there()) return;
        ++ends_;
        released_.clear();  // what waited for the group has ended with it
        for (const auto& unreleased : unreleased_) outlived_.insert(unreleased.payload);
    }
    void receive() {
        const auto payload = std::to_string(++published_);
        note("receives " + payload);
        broker_.publish("publisher", {.topic = "t", .payload = payload, .qos = 2});
        unreleased_.push_back({payload, is_there() ? ends_ : -1});
    }
    void release() {
        const auto [payload, ends] = unreleased_.front();
        unreleased_.pop_front();
        note("releases " + payload);
        take();
        EXPECT_EQ(broker_.take("ordinary").size(), 0U);
        broker_.release("publisher");
        EXPECT_THAT(broker_.take("ordinary"), ::testing::ElementsAre(payload));
        const bool may_wait = !traits_.has_listener_settings || is_anybody_online();
        if (ends == ends_ && is_there() && may_wait) released_.insert(payload);
    }
    void take() {
        for (const auto* id : kMembers) {
            for (const auto& payload : broker_.take(id)) {
                ++group_got_[payload];
                const int number = std::stoi(payload);
                const bool is_in_order = number > std::exchange(last_[id], number);
                EXPECT_TRUE(is_in_order || !keeps_order_) << payload << " came late to " << id;
            }
        }
    }

    struct Unreleased {
        std::string payload;
        int ends;  // `ends_` by then; -1: the group was not there
    };
    BrokerTraits traits_;
    SmallBroker broker_;
    std::mt19937 random_;
    bool is_declared_;
    // On 2.1 what one member leaves behind comes to another after newer ones.
    bool keeps_order_;
    std::set<std::string> persistent_, online_, members_;
    std::deque<Unreleased> unreleased_;
    std::set<std::string> released_;   // what the group has to get
    std::map<std::string, int> last_;  // what a member got
    std::set<std::string> outlived_;   // what was received before a group ended, and released after
    std::map<std::string, int> group_got_;
    int ends_ = 0;  // of the group
    int published_ = 0;
    std::string history_;
};

class EngineRelease : public EngineTest {
  protected:
    void run(bool is_declared) {
        for (unsigned seed = 1; seed <= 1000; ++seed) {
            Releases releases(GetParam().traits, is_declared, seed);
            const int steps = 4 + static_cast<int>(seed / 10);  // the shorter the clearer
            for (int step = 0; step < steps && !HasFailure(); ++step) releases.step();
            if (!HasFailure()) releases.judge();
            ASSERT_FALSE(HasFailure()) << "with seed " << seed << ", after:" << releases.history();
        }
    }
};

TEST_P(EngineRelease, ReachesOneMemberOfAGroupThatWasThereAllTheTime) {
    run(false);
}
TEST_P(EngineRelease, ReachesOneMemberOfADeclaredGroup) {
    run(true);
}

INSTANTIATE_FOR_GENERATIONS(EngineRelease);

}  // namespace
}  // namespace shared_subscription
