// A broker that does as little as it can.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared_subscription/broker.hpp"

namespace shared_subscription {

/// Everybody is there, everything is allowed, nothing is published again.
class QuietBroker : public Broker {
  public:
    QuietBroker() { set_others_decide(false); }

    void publish(const Message& /*message*/) override { ++published; }
    const void* publish_to(std::string_view /*client_id*/, const Message& /*message*/,
                           const SubscriptionOptions& /*options*/) override {
        ++published;
        return nullptr;
    }
    [[nodiscard]] bool can_ask_others() const noexcept override { return true; }
    [[nodiscard]] KeptProperties keep_properties(const void* /*properties*/) override {
        return nullptr;
    }
    [[nodiscard]] std::size_t size_of_properties(const void* /*properties*/) override { return 0; }
    [[nodiscard]] Verdict ask_others_to_read(Context /*context*/,
                                             const Message& /*message*/) override {
        return Verdict::allowed;
    }
    [[nodiscard]] Verdict ask_others_to_write(Context /*context*/,
                                              const Message& /*message*/) override {
        return Verdict::allowed;
    }
    [[nodiscard]] std::size_t subscription_count(Context /*context*/) override { return 1; }
    [[nodiscard]] int protocol_version(Context /*context*/) override { return 5; }
    [[nodiscard]] Context find_session(std::string_view /*client_id*/) override { return this; }
    [[nodiscard]] bool is_connection(Context /*context*/) override { return true; }
    [[nodiscard]] bool may_outlive_restart(Context /*context*/) override { return true; }
    void add_leaf(std::string_view /*client_id*/, const GroupName& /*group*/, LeafKind /*kind*/,
                  const SubscriptionOptions& /*options*/) override {}
    [[nodiscard]] bool remove_leaf(std::string_view /*client_id*/, const GroupName& /*group*/,
                                   LeafKind /*kind*/) override {
        return true;
    }
    void add_placeholder(std::string_view /*client_id*/) override {}
    void remove_placeholder(std::string_view /*client_id*/) override {}
    bool visit_held(Context /*context*/,
                    const std::function<bool(const Message&)>& /*stays*/) override {
        return false;
    }
    [[nodiscard]] bool can_visit_held() const noexcept override { return false; }
    void visit_received(Context /*context*/,
                        const std::function<void(const Message&)>& /*see*/) override {}
    [[nodiscard]] KeptProperties keep_published_properties(const void* /*properties*/) override {
        return nullptr;
    }
    void disconnect(std::string_view /*client_id*/) override {}
    [[nodiscard]] std::int64_t now() override { return 0; }
    [[nodiscard]] std::vector<SavedProperty> list_properties(const void* /*properties*/) override {
        return {};
    }
    [[nodiscard]] KeptProperties make_properties(
        const std::vector<SavedProperty>& /*properties*/) override {
        return nullptr;
    }
    [[nodiscard]] bool has_ended(Context /*context*/) override { return false; }
    void log(LogLevel level, std::string_view /*text*/) override {
        if (level >= LogLevel::info) ++logged;
    }

    int published = 0;
    int logged = 0;
};

/// Keeps what is logged.
class ListeningBroker : public QuietBroker {
  public:
    void log(LogLevel /*level*/, std::string_view text) override { lines.emplace_back(text); }

    std::vector<std::string> lines;
};

}  // namespace shared_subscription
