// The fixture of the tests of what a member leaves behind: one that reads and says nothing, and
// others that come when the messages have been given to it.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {

class RedispatchTest : public BrokerTest {
  protected:
    // So that the broker holds back for the only member all that it cannot write.
    static constexpr const char* holds_all = "plugin_opt_max_held_back 1000";

    // The only member for now. Unless it has room for more, the broker writes one message to it and
    // holds back the rest.
    void join_silent(int qos = 1, RawOptions options = {}) {
        if (options.receive_maximum == 0) options.receive_maximum = 1;
        silent_ = std::make_unique<RawClient>(broker.port(), "silent", options);
        EXPECT_THAT(silent_->subscribe({"$share/g/t"}, static_cast<std::uint8_t>(qos)),
                    ::testing::ElementsAre(qos));
    }
    void give(const std::vector<Message>& messages) {
        Client& publisher = connect("publisher");
        publisher.publish(messages);
        publisher.disconnect();
    }
    // Each gets nothing of what was given before.
    std::vector<Client*> join(const std::vector<std::string>& ids) {
        const auto members = connect_all(ids);
        for (Client* member : members) EXPECT_EQ(member->subscribe("$share/g/t", 2), 2);
        settle();
        for (Client* member : members) EXPECT_THAT(member->messages(), ::testing::IsEmpty());
        return members;
    }
    RawClient& silent() { return *silent_; }
    void drop() {
        silent_.reset();
        settle();  // The broker has noticed.
    }
    void disconnect() {
        silent_->disconnect();
        settle();
    }
    // Acknowledges what the silent member gets until nothing more comes; what that was.
    std::vector<std::string> acknowledge_all() {
        std::vector<std::string> payloads;
        for (auto more = silent_->received(); !more.empty(); more = silent_->received()) {
            for (const auto& publish : more) {
                payloads.push_back(publish.payload);
                silent_->send(PacketType::puback, publish.identifier);
            }
        }
        return payloads;
    }
    // What is redispatched where the broker lets a plugin know: by 2.1 alone.
    static std::vector<std::string> on_21(std::vector<std::string> payloads) {
        return broker_is_20() ? std::vector<std::string>{} : payloads;
    }

  private:
    std::unique_ptr<RawClient> silent_;
};

}  // namespace integration
