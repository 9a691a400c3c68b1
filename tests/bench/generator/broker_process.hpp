// What the broker under load costs. It is on this machine.
#pragma once

#include <sys/types.h>
#include <ctime>

#include <cstdint>

namespace bench {

/// Of the calling process.
double own_cpu_seconds();

class BrokerProcess {
  public:
    explicit BrokerProcess(pid_t process);

    /// A stopped one takes no processor time, and goes on later where it was.
    void stop() const;
    void go_on() const;

    /// Of all its threads, in user and kernel mode, with the resolution of the scheduler.
    [[nodiscard]] double cpu_seconds() const;
    [[nodiscard]] std::uint64_t resident_bytes() const;

  private:
    pid_t process_;
    clockid_t clock_ = 0;
};

}  // namespace bench
