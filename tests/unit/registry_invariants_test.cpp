// The invariants of registry.hpp, after thousands of random events.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/model/registry.hpp"
#include "registry_fixture.hpp"

namespace shared_subscription {
namespace {

using ::testing::IsEmpty;

/// What is subscribed, as a flat set: client, filter, share name; without a share name the
/// non-shared use.
using Uses = std::set<std::tuple<std::string, std::string, std::string>>;

class RegistryInvariants : public RegistryTest {
  protected:
    void expect_agreement(const Uses& uses) {
        std::map<std::string, std::map<std::string, std::set<std::string>>> by_client;
        std::map<std::pair<std::string, std::string>, std::size_t> group_sizes;
        std::map<std::string, std::set<std::string>> clients_of_filter;
        for (const auto& [client, filter, share_name] : uses) {
            by_client[client][filter].insert(share_name);
            clients_of_filter[filter].insert(client);
            if (!share_name.empty()) ++group_sizes[{share_name, filter}];
        }
        ASSERT_EQ(registry.session_count(), by_client.size());
        ASSERT_EQ(registry.group_count(), group_sizes.size());
        for (const auto& [group, size] : group_sizes) {
            const auto* found = registry.find_group(group.first, group.second);
            ASSERT_NE(found, nullptr);
            ASSERT_EQ(found->size(), size);
        }
        for (const auto& [client, filters] : by_client) expect_session(client, filters);
        for (const auto& [filter, clients] : clients_of_filter)
            expect_filter(filter, clients.size());
    }

  private:
    void expect_session(const std::string& client,
                        const std::map<std::string, std::set<std::string>>& filters) {
        const auto* found = registry.find(client);
        ASSERT_NE(found, nullptr);
        ASSERT_EQ(found->subscriptions.size(), filters.size());
        std::size_t members = 0;
        for (const auto& [filter, uses] : filters) {
            const auto* subscription = registry.find(*found, filter);
            ASSERT_NE(subscription, nullptr);
            ASSERT_EQ(&subscription->session, found);
            ASSERT_EQ(subscription->non_shared, uses.contains(""));
            ASSERT_EQ(subscription->members.size(), uses.size() - (uses.contains("") ? 1 : 0));
            members += subscription->members.size();
            for (const auto& joined : subscription->members) {
                ASSERT_TRUE(uses.contains(joined->group->name()));
                ASSERT_EQ(joined->subscription, subscription);
                ASSERT_EQ(joined->group, registry.find_group(joined->group->name(), filter));
                ASSERT_LT(joined->place, joined->group->size());
            }
        }
        ASSERT_EQ(found->member_count, members);
    }

    void expect_filter(const std::string& text, std::size_t clients) {
        std::vector<Filter*> filters;
        registry.match(text, filters);  // none of them has a wildcard
        ASSERT_EQ(filters.size(), 1U);
        const auto& filter = *filters[0];
        ASSERT_EQ(filter.subscriptions.size(), clients);
        const auto is_doubtful = [](const auto* one) {
            return one->standing == Standing::unconfirmed;
        };
        ASSERT_EQ(filter.unconfirmed, static_cast<std::size_t>(std::ranges::count_if(
                                          filter.subscriptions, is_doubtful)));
    }
};

TEST_F(RegistryInvariants, HoldAfterAnySequenceOfEvents) {
    std::mt19937_64 random(99);
    const auto below = [&random](std::size_t limit) {
        return static_cast<std::size_t>(random() % limit);
    };
    const std::vector<std::string> clients{"a", "b", "c", "d"};
    const std::vector<std::string> filters{"t", "t/u", "/", "v"};
    const std::vector<std::string> names{"", "g", "h", "$queue"};
    Uses uses;
    for (int turn = 0; turn < 10'000; ++turn) {
        const auto& client = clients[below(clients.size())];
        const auto& filter = filters[below(filters.size())];
        const auto& name = names[below(names.size())];
        const auto standing = below(3) == 0 ? Standing::unconfirmed : Standing::present;
        auto* known = registry.find(client);
        auto* subscription = known ? registry.find(*known, filter) : nullptr;
        switch (below(16)) {
            case 0:
                if (known) registry.erase(*known);
                std::erase_if(uses, [&](const auto& use) { return std::get<0>(use) == client; });
                break;
            case 1:
                if (subscription) registry.erase(*subscription);
                std::erase_if(uses, [&](const auto& use) {
                    return std::get<0>(use) == client && std::get<1>(use) == filter;
                });
                break;
            case 2:
                if (subscription) registry.set_standing(*subscription, standing);
                break;
            case 3:
                if (known) registry.set_connected(*known, below(2) == 0);
                break;
            case 4:
            case 5:
            case 6:
            case 7:
            case 8:
                if (uses.erase({client, filter, name}) == 0) break;
                if (name.empty()) {
                    registry.unsubscribe_non_shared(*subscription);
                } else {
                    registry.leave(*Registry::find(*subscription, name));
                }
                break;
            default:
                uses.emplace(client, filter, name);
                if (name.empty()) {
                    subscribe(client, filter, standing);
                } else {
                    join(client, name, filter, standing);
                }
        }
        ASSERT_NO_FATAL_FAILURE(expect_agreement(uses)) << "in turn " << turn;
    }
    for (const auto& client : clients) {
        if (auto* known = registry.find(client)) registry.erase(*known);
    }
    expect_agreement({});
    for (const auto& filter : filters) EXPECT_THAT(matches(filter), IsEmpty());
}

}  // namespace
}  // namespace shared_subscription
