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
    /// 0: none is looked at, everything is 0.
    explicit BrokerProcess(pid_t process);

    /// Of all its threads, in user and kernel mode, with the resolution of the scheduler.
    [[nodiscard]] double cpu_seconds() const;
    [[nodiscard]] std::uint64_t resident_bytes() const;

  private:
    pid_t process_;
    clockid_t clock_ = 0;
};

}  // namespace bench
