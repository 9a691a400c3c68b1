// What was acknowledged to a publisher is in the plugin's file within a second, however fast
// messages come, and nobody waits for the disk meanwhile.

#include <chrono>
#include <filesystem>
#include <iostream>

#include "database.hpp"
#include "pinger.hpp"
#include "restart_test.hpp"

namespace integration {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Persisting : public RestartTest {
  protected:
    void SetUp() override {
        RestartTest::SetUp();
        if (!long_runs()) GTEST_SKIP() << "measured in long runs";
        allow_seconds(120);
    }
    struct Acknowledged {
        Clock::time_point when;
        int messages;
    };
    // As fast as they go, for so long.
    static std::vector<Acknowledged> publish_for(Client& publisher, Clock::duration time) {
        constexpr int at_once = 500;
        std::vector<Acknowledged> acknowledged;
        int number = 0;
        for (const auto begin = Clock::now(); Clock::now() - begin < time;) {
            std::vector<int> packets;
            for (int i = 0; i < at_once; ++i) {
                packets.push_back(publisher.start_publish(
                    {.topic = "t", .payload = std::to_string(++number), .qos = 1}));
            }
            for (const int packet : packets) publisher.finish_publish(packet);
            acknowledged.push_back({Clock::now(), number});
        }
        return acknowledged;
    }
    int messages_in_file() const {
        return std::stoi(ask(database(), "SELECT count(*) FROM messages"));
    }
    Configuration fast(bool with_file) const {
        auto configuration = with_file ? remembering() : Configuration{.first = broker_remembers()};
        configuration.first.push_back("log_type error");
        configuration.options.push_back("plugin_opt_max_queued_messages 0");
        return configuration;
    }
};

TEST_F(Persisting, WhatWasAcknowledgedASecondAgoOutlivesAKill) {
    for (int round = 0; round < 5; ++round) {
        for (const auto* suffix : {"", "-wal", "-shm"})
            std::filesystem::remove(database() + suffix);
        broker.start(fast(true));
        leave(join({"member " + std::to_string(round)}));
        auto& publisher = connect("publisher " + std::to_string(round));
        const auto acknowledged = publish_for(publisher, 2500ms);
        const auto end = Clock::now();
        kill_under_clients();
        int least = 0;
        for (const auto& [when, messages] : acknowledged)
            if (end - when >= 1s) least = messages;
        std::cout << acknowledged.back().messages / 2.5 << " messages a second\n";
        EXPECT_GE(messages_in_file(), least);
    }
}

TEST_F(Persisting, KeepsNobodyWaiting) {
    std::chrono::milliseconds waits[2];
    for (const bool with_file : {false, true}) {
        broker.start(fast(with_file));
        leave(join({"member"}));
        Pinger pinger(broker.port());
        publish_for(connect(with_file ? "publisher" : "first publisher"), 5s);
        waits[with_file] = pinger.longest();
        stop_under_clients();
    }
    std::cout << waits[0].count() << " ms without a file, " << waits[1].count() << " ms with one\n";
    EXPECT_LE(waits[1], waits[0] + 20ms);
}

}  // namespace
}  // namespace integration
