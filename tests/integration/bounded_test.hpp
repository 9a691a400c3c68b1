// The fixture of tests that may find a broker that hangs, or floods its clients: it ends either
// way, and says so. Their clients are bare ones: what nobody reads stops a flood.

#pragma once

#include <array>
#include <string>

#include "broker_test.hpp"
#include "deadline.hpp"
#include "raw_client.hpp"

namespace integration {

class BoundedTest : public BrokerTest {
  protected:
    // A broker that hangs does not hear SIGTERM.
    void TearDown() override {
        if (broker.running()) {
            const bool alive = answers();
            EXPECT_TRUE(alive) << "the broker hangs";
            if (!alive) broker.kill();
        }
        BrokerTest::TearDown();
    }

    // Whether somebody new is let in.
    bool answers() const {
        constexpr std::chrono::seconds patience(5);
        const std::string connect("\x10\x0F\0\4MQTT\4\2\0\x3C\0\3new", 17);
        const Descriptor connection = connect_to(broker.port());
        if (::write(connection.get(), connect.data(), connect.size()) < 0) return false;
        std::array<pollfd, 1> events{{{connection.get(), POLLIN, 0}}};
        try {
            Deadline(patience).poll(events, "CONNACK");
        } catch (const DeadlinePassed&) {
            return false;
        }
        char byte = 0;
        return ::read(connection.get(), &byte, 1) == 1;
    }

    // One message of QoS 1 by a client of its own; returns when it was fanned out.
    void publish_once(const std::string& topic, const std::string& payload) {
        RawClient publisher(broker.port(), "publisher");
        publisher.publish({.topic = topic, .payload = payload, .qos = 1, .identifier = 1});
        publisher.expect(PacketType::puback);
    }
};

}  // namespace integration
