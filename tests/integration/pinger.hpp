// Somebody else's view of the broker: how long it leaves a client alone.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "raw_client.hpp"

namespace integration {

// Sends PINGREQ after PINGREQ, each when the last was answered, from a thread of its own. There may
// be no other child process than the broker.
class Pinger {
  public:
    explicit Pinger(std::uint16_t port);
    ~Pinger() { end(); }
    Pinger(const Pinger&) = delete;
    Pinger& operator=(const Pinger&) = delete;

    // Ends it; the longest wait for a PINGRESP, without the time in which broker or thread were
    // ready to run and other programs had the processors. Throws if one did not come.
    std::chrono::milliseconds longest();

  private:
    void run();
    void end();

    RawClient client_;
    std::atomic<bool> ending_ = false;
    bool lost_ = false;
    std::chrono::nanoseconds longest_{};
    std::thread thread_;
};

}  // namespace integration
