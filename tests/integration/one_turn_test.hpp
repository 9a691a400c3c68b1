// The fixture of the tests of what the broker does in one turn of its main loop.

#pragma once

#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "bounded_test.hpp"
#include "pinger.hpp"

namespace integration {

class OneTurnTest : public BoundedTest {
  protected:
    static constexpr RawOptions outliving{.clean_start = false, .session_expiry = 3600};
    static inline const std::string disconnect{"\xE0\0", 2};

    void SetUp() override {
        constexpr unsigned seconds = 300;
        if (!long_runs()) GTEST_SKIP() << "takes minutes";
        BoundedTest::SetUp();
        allow_seconds(seconds);
    }
    // Without a line of log for each message. The broker itself may hold any number of them.
    Configuration configuration(const std::vector<std::string>& lines) const {
        std::string text =
            "log_dest stderr\n"
            "log_type error\nlog_type warning\nlog_type notice\nlog_type information\n"
            "set_tcp_nodelay true\n"
            "max_queued_messages 0\n";
        if (geteuid() == 0) text += "user root\n";
        text += "listener " + std::to_string(broker.port()) + " 127.0.0.1\nallow_anonymous true\n";
        for (const auto& line : lines) text += line + '\n';
        return {.text = text};
    }
    static std::string plugin() { return "plugin " + environment().plugin; }

    RawClient& member(RawOptions options = {}) {
        const std::string id = "member " + std::to_string(members_.size());
        members_.push_back(std::make_unique<RawClient>(broker.port(), id, options));
        return *members_.back();
    }
    std::vector<std::unique_ptr<RawClient>>& members() { return members_; }

    // In packets of a size that all brokers take; the codes of all.
    static std::vector<int> subscribe(RawClient& client, const std::vector<std::string>& filters) {
        constexpr std::size_t most = 50000;
        std::vector<int> codes;
        std::vector<std::string> some;
        std::size_t size = 0;
        for (const auto& filter : filters) {
            some.push_back(filter);
            size += filter.size();
            if (size < most && &filter != &filters.back()) continue;
            const auto more = client.subscribe(some, 1);
            codes.insert(codes.end(), more.begin(), more.end());
            some.clear();
            size = 0;
        }
        return codes;
    }
    // `count` groups, from number `first` on.
    static std::vector<std::string> groups(int first, int count, const std::string& filter) {
        std::vector<std::string> result;
        for (const auto& number : numbers(first, first + count - 1)) {
            result.push_back("$share/g" + number + '/' + filter);
        }
        return result;
    }
    // That many with this payload, and nothing else until they are there.
    static void expect_exactly(RawClient& client, std::size_t count, const std::string& payload) {
        for (std::size_t number = 0; number < count; ++number) {
            ASSERT_EQ(client.next_publish().payload, payload) << "number " << number;
        }
    }
    // Publishes twice; with the second message, what was too much of the first would come.
    void expect_each_group_gets_each_once(const std::string& topic, std::size_t groups_of_each) {
        for (const std::string payload : {"first", "second"}) {
            publish_once(topic, payload);
            for (auto& client : members_) {
                ASSERT_NO_FATAL_FAILURE(expect_exactly(*client, groups_of_each, payload));
            }
        }
        for (auto& client : members_) EXPECT_THAT(client->received(), ::testing::IsEmpty());
    }
    static void expect_short(std::chrono::milliseconds wait, std::chrono::milliseconds own = {}) {
        constexpr std::chrono::milliseconds bound(100);
        // Sanitizers make everything slower, by no fixed measure.
        if (!environment().broker_preload.empty()) return;
        EXPECT_LE(wait.count(), own.count() + bound.count())
            << "milliseconds until a PINGREQ was answered; of them the broker's own "
            << own.count();
    }

  private:
    std::vector<std::unique_ptr<RawClient>> members_;
};

}  // namespace integration
