// A registry whose clients, groups and filters are named by their texts.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/model/registry.hpp"

namespace shared_subscription {

class RegistryTest : public ::testing::Test {
  protected:
    Subscription& join(const std::string& client, const std::string& share_name,
                       const std::string& filter, Standing standing = Standing::present) {
        return *registry.join(registry.session(client), share_name, filter, standing).subscription;
    }
    Subscription& subscribe(const std::string& client, const std::string& filter,
                            Standing standing = Standing::present) {
        return registry.subscribe(registry.session(client), filter, standing);
    }
    Session& session(const std::string& client) { return *registry.find(client); }
    Member& member(const std::string& client, const std::string& share_name,
                   const std::string& filter) {
        return *Registry::find(*registry.find(session(client), filter), share_name);
    }
    void hold(const std::string& client, int messages) {
        registry.set_held(session(client), static_cast<std::size_t>(messages));
    }
    /// Who would get a message now; empty: nobody.
    std::string elect(const std::string& share_name, const std::string& filter) {
        const auto* elected = registry.find_group(share_name, filter)->choose({});
        return elected ? elected->subscription->session.id : "";
    }
    std::vector<std::string> matches(const std::string& topic) {
        std::vector<Filter*> filters;
        registry.match(topic, filters);
        std::vector<std::string> texts;
        for (const auto* filter : filters) texts.push_back(filter->text);
        return texts;
    }

    Registry registry{StrategyTable{}, [] { return std::uint64_t{0}; }};
};

}  // namespace shared_subscription
