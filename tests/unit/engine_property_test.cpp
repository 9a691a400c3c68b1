// Random clients that come, go, subscribe and publish: each message reaches one member of each
// group and each non-shared subscription, whatever happened before. What should arrive is worked
// out from what the clients did, without a word of elections.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "engine_test.hpp"

namespace shared_subscription {
namespace {

constexpr std::array kClients{"a", "b", "c", "d", "e"};
constexpr std::array kTopics{"t", "t/u", "v", "$SYS/t"};
constexpr std::array kFilters{"t", "t/#", "+", "#", "+/u", "$SYS/#", "$SYS/t"};
constexpr std::array kPrefixes{"", "", "$share/g/", "$share/h/", "$queue/"};
constexpr std::array kStrategies{Strategy::round_robin, Strategy::random, Strategy::sticky,
                                 Strategy::hash_clientid, Strategy::hash_topic};

/// One client as its user sees it.
struct Expected {
    bool online = false;
    bool persistent = false;
    std::set<std::string> filters;  // with prefixes
};

class World {
  public:
    World(BrokerTraits traits, unsigned seed)
        : traits_(traits),
          broker_(traits, kStrategies.at(seed % kStrategies.size())),
          random_(seed) {
        broker_.connect("publisher");
        is_exact_ = seed % 2 == 0 && seed % 3 != 0;
        if (seed % 3 == 0) {
            broker_.set_others([this](const auto& client, const auto& topic) {
                return !forbidden_.contains(client + " " + topic);
            });
        }
    }

    void step() {
        const std::string id = any(kClients);
        auto& client = clients_[id];
        switch (random_() % 10) {
            case 0:
                connect(id, client);
                break;
            case 1:
                if (client.online) drop(id, client);
                break;
            case 2:
            case 3:
                if (client.online) subscribe(id, client);
                break;
            case 4:
                if (client.online) unsubscribe(id, client);
                break;
            case 5:
                toggle_right(id + " " + any(kTopics));
                break;
            case 6:
                note("a turn");
                broker_.turn();
                break;
            case 7:
                publish_in_passing();
                break;
            case 8:
                publish_in_vain();
                break;
            default:
                publish_and_judge();
                break;
        }
        if (is_exact_) judge_waiting();
    }

    [[nodiscard]] const std::string& history() const noexcept { return history_; }

  private:
    template <class Texts>
    std::string any(const Texts& texts) {
        return texts.at(random_() % texts.size());
    }
    void note(const std::string& what) { history_.append("\n  ").append(what); }
    void toggle_right(const std::string& right) {
        note("others change " + right);
        if (forbidden_.erase(right) == 0) forbidden_.insert(right);
    }

    void connect(const std::string& id, Expected& client) {
        const bool persistent = random_() % 2 == 0;
        if (!persistent || !client.persistent) client.filters.clear();
        client.online = true;
        client.persistent = persistent;
        const int protocol = random_() % 2 == 0 ? 4 : 5;
        note(id + (persistent ? " connects with its session" : " connects"));
        for (const auto& payload : std::exchange(held_[id], {})) {
            if (!client.filters.empty()) ++may_come_[payload];
            if (!client.filters.empty()) ++due_[payload];
        }
        broker_.connect(id, {.protocol = protocol, .persistent = persistent});
        if (random_() % 2 == 0) broker_.withhold_acknowledgements(id);
    }
    void drop(const std::string& id, Expected& client) {
        note(id + " goes");
        broker_.drop(id);
        client.online = false;
        if (!client.persistent) client.filters.clear();
    }
    void subscribe(const std::string& id, Expected& client) {
        const auto filter = any(kPrefixes) + any(kFilters);
        note(id + " subscribes to " + filter);
        broker_.subscribe(id, filter);
        client.filters.insert(filter);
    }
    void unsubscribe(const std::string& id, Expected& client) {
        const auto filter = any(kPrefixes) + any(kFilters);
        note(id + " unsubscribes from " + filter);
        const bool was_subscribed = client.filters.erase(filter) > 0;
        const auto result = broker_.unsubscribe(id, filter);
        EXPECT_NE(result, was_subscribed ? Unsubscribed::no_such_use : Unsubscribed::leaf_goes)
            << filter;
    }

    void publish_and_judge() {
        judge_waiting();
        const auto topic = any(kTopics);
        // What the broker then shows only with its questions is another test's.
        const bool is_shown = traits_.has_listener_settings;
        const auto qos = static_cast<std::uint8_t>(is_shown ? 1 : 1 + random_() % 2);
        const auto payload = std::to_string(++published_);
        // ... and is not shown for groups without leaves.
        const bool by_plugin = !is_shown && traits_.direct_from == 0 && random_() % 4 == 0;
        note((by_plugin ? "a plugin publishes " : "a client publishes ") + payload + " on " +
             topic + " with QoS " + std::to_string(qos));
        if (by_plugin) {
            broker_.publish_by_plugin({.topic = topic, .payload = payload, .qos = qos});
        } else {
            broker_.publish("publisher", {.topic = topic, .payload = payload, .qos = qos});
            if (qos == 2) broker_.release("publisher");
        }
        judge(topic, payload);
    }

    // Whatever happens while copies are under way, none is made up.
    void publish_in_passing() {
        const auto topic = any(kTopics);
        const auto payload = std::to_string(++published_);
        std::set<std::string> uses;
        for_each_match(topic, [&](const auto& id, const auto& /*client*/, const auto& filter) {
            uses.insert((is_non_shared(filter) ? id : "") + group_of(filter));
        });
        in_passing_[payload] = uses.size();
        note("a client publishes " + payload + " on " + topic + " in passing");
        broker_.publish("publisher", {.topic = topic, .payload = payload});
    }
    // With listener settings 2.0 reports no return: what it then checks for the client looks like
    // what was announced, if both come in one turn and are about one topic.
    void publish_in_vain() {
        if (traits_.has_listener_settings) return;
        // Nobody who could refuse it, so that it may be collected.
        if (traits_.direct_from > 0 && !broker_.others_decide()) return;
        const auto topic = any(kTopics);
        note("a client publishes in vain on " + topic);
        broker_.publish_in_vain("publisher", topic);
    }
    /// `action(id, client, filter)` for each subscription that the topic matches.
    template <class Action>
    void for_each_match(const std::string& topic, const Action& action) {
        for (auto& [id, client] : clients_) {
            for (const auto& text : client.filters) {
                const auto filter = parse_subscription(text);
                if (matches(filter.topic_filter, topic)) action(id, client, filter);
            }
        }
    }
    static bool is_non_shared(const SubscriptionFilter& filter) {
        return filter.kind == FilterKind::non_shared;
    }
    static std::string group_of(const SubscriptionFilter& filter) {
        return std::string(filter.share_name) + " of " + std::string(filter.topic_filter);
    }

    /// The groups that the topic matches: whether somebody is there to read it.
    std::map<std::string, bool> groups_of(const std::string& topic) {
        std::map<std::string, bool> groups;
        for_each_match(topic, [&](const auto& id, const auto& client, const auto& filter) {
            if (is_non_shared(filter)) return;
            groups[group_of(filter)] |= client.online && !is_forbidden(id, topic);
        });
        return groups;
    }

    /// What has arrived since the last time, by payload and client.
    std::map<std::string, std::map<std::string, std::size_t>> take_all() {
        broker_.settle();
        std::map<std::string, std::map<std::string, std::size_t>> got;
        for (const auto* id : kClients) {
            for (const auto& payload : broker_.take(id)) ++got[payload][id];
        }
        std::erase_if(got, [this](const auto& one) {
            const auto bound = in_passing_.find(one.first);
            if (bound == in_passing_.end()) return false;
            for (const auto& [id, count] : one.second) {
                EXPECT_GE(bound->second, count) << one.first << " at " << id;
                bound->second -= std::min(bound->second, count);
            }
            return true;
        });
        return got;
    }

    void judge(const std::string& topic, const std::string& payload) {
        std::map<std::string, std::size_t> non_shared, at_most;
        std::size_t expected = 0;
        for_each_match(topic, [&](const auto& id, const auto& client, const auto& filter) {
            if (is_forbidden(id, topic)) return;
            if (!client.online) {
                if (is_non_shared(filter) && !traits_.has_listener_settings)
                    held_[id].push_back(payload);
                return;
            }
            if (is_non_shared(filter)) ++non_shared[id];
            if (is_non_shared(filter)) ++expected;
            ++at_most[id];
        });
        for (const auto& [group, has_reader] : groups_of(topic)) {
            if (has_reader) ++expected;
            if (has_reader) continue;
            waiting_[payload].emplace(group, topic);
            ++may_come_[payload];
        }
        auto got = take_all();
        std::size_t all = 0;
        for (const auto* id : kClients) {
            const auto count = got[payload][id];
            EXPECT_GE(count, non_shared[id]) << id << " on " << topic;
            EXPECT_LE(count, at_most[id]) << id << " on " << topic;
            all += count;
        }
        EXPECT_EQ(all, expected) << topic;
        got.erase(payload);
        judge_late(got);
    }

    /// What waits reaches one member of its group as soon as one is there.
    void judge_waiting() { judge_late(take_all()); }
    void judge_late(const std::map<std::string, std::map<std::string, std::size_t>>& got) {
        for (const auto& [payload, counts] : got) {
            EXPECT_TRUE(counts.empty() || may_come_.contains(payload)) << payload << " came again";
        }
        for (auto& [payload, may_come] : may_come_) {
            auto& groups = waiting_[payload];
            std::size_t all = 0;
            if (const auto found = got.find(payload); found != got.end()) {
                for (const auto& [id, count] : found->second) all += count;
            }
            if (!is_exact_) {
                EXPECT_LE(all, may_come) << payload;
                may_come -= std::min(all, may_come);
                continue;
            }
            const auto due = std::erase_if(groups, [&](const auto& waiting) {
                const auto now = groups_of(waiting.second);
                const auto group = now.find(waiting.first);
                return group != now.end() && group->second;
            });
            EXPECT_EQ(all, due + std::exchange(due_[payload], 0)) << payload;
            std::erase_if(groups, [&](const auto& waiting) {
                return !groups_of(waiting.second).contains(waiting.first);
            });
        }
    }
    bool is_forbidden(const std::string& id, const std::string& topic) const {
        return broker_.others_decide() && forbidden_.contains(id + " " + topic);
    }

    BrokerTraits traits_;
    SmallBroker broker_;
    std::mt19937 random_;
    std::map<std::string, Expected> clients_;
    std::set<std::string> forbidden_;
    std::map<std::string, std::size_t> in_passing_;  // how many may arrive, by payload
    // By payload: the groups whose copy waits, with its topic.
    std::map<std::string, std::map<std::string, std::string>> waiting_;
    std::map<std::string, std::vector<std::string>>
        held_;  // non-shared ones for those who are offline
    std::map<std::string, std::size_t> may_come_, due_;  // by payload: how many of all those
    int published_ = 0;
    bool is_exact_ = false;  // whether it is known when what waits has to come
    std::string history_;
};

using EngineProperty = EngineTest;

TEST_P(EngineProperty, ReachesOneMemberOfEachGroupWhateverHappened) {
    for (unsigned seed = 1; seed <= 1000; ++seed) {
        World world(GetParam().traits, seed);
        for (int step = 0; step < 300 && !HasFailure(); ++step) world.step();
        ASSERT_FALSE(HasFailure()) << "with seed " << seed << ", after:" << world.history();
    }
}

INSTANTIATE_FOR_GENERATIONS(EngineProperty);

}  // namespace
}  // namespace shared_subscription
