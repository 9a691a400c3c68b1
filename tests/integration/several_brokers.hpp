// The fixture of the tests of several brokers: publishers on hubs, workers on leaves. Each leaf
// opens a bridge to every hub, and is there a member of the group (docs/several-brokers.md).

#pragma once

#include <deque>
#include <string>
#include <vector>

#include "broker_test.hpp"

namespace integration {

struct Leaf {
    std::string name;
    Broker* broker;
    Configuration configuration;
    std::vector<Client*> workers;
    std::size_t subscriptions = 0;  // on each hub
    std::size_t starts = 0;
    Client* listener = nullptr;  // for fences
};

struct LeafOptions {
    bool clean = true;            // its bridges' sessions end with their connections
    int qos = 1;                  // of its bridges
    bool declared = true;         // its group collects what no worker is there for
    std::size_t connections = 1;  // to each hub
    std::vector<std::string> topics = {"$share/billing/orders/#"};
    std::vector<std::string> more = {};   // options of its plugin
    std::vector<std::string> first = {};  // and of its broker
};

class SeveralBrokersTest : public BrokerTest {
  protected:
    static constexpr const char* declared = "plugin_opt_declare_group billing orders/#";
    static constexpr const char* filter = "$share/billing/orders/#";

    void TearDown() override;

    // Two of them; they remember over a restart.
    void start_hubs(const std::vector<std::string>& more = {});
    static Configuration hub_configuration(const Broker& hub);
    // Returns when it is a member on both hubs.
    Leaf& start_leaf(const std::string& name, std::size_t workers, const LeafOptions& options = {});
    void start_again(Leaf& leaf);
    // Returns when a hub has granted it all that it subscribes to, that many times in all.
    static void wait_for_membership(const Leaf& leaf, Broker& hub, std::size_t times);
    // Does not read what the hubs send it, as if it hung.
    static void freeze(const Leaf& leaf);
    static void thaw(const Leaf& leaf);
    // SIGKILL; returns when the hubs know.
    void kill(Leaf& leaf);
    Client& add_worker(Leaf& leaf, const std::string& by = filter);

    // One after the other, with the payloads `first` to `last`.
    static void publish(Client& publisher, int first, int last, int qos = 1);
    Client& connect_publisher(Broker& hub);
    // Of all workers that there have been, in the order of the leaves.
    std::vector<std::string> received() const;
    // Returns when so many messages have come, and nothing else is on its way.
    std::vector<std::string> wait_for_all(std::size_t count);
    // Returns when what the hubs have sent the leaves has gone through them.
    void drain();

    std::deque<Broker*> hubs;
    std::deque<Leaf> leaves;

  private:
    void start(Leaf& leaf);
    int clients_ = 0;
};

}  // namespace integration
