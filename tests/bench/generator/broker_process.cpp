#include "broker_process.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <string>
#include <system_error>

namespace bench {
namespace {

double seconds_of(clockid_t clock) {
    timespec time{};
    if (clock_gettime(clock, &time) != 0)
        throw std::system_error(errno, std::generic_category(), "clock_gettime");
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void send_signal(pid_t process, int signal) {
    if (kill(process, signal) != 0) throw std::system_error(errno, std::generic_category(), "kill");
}

}  // namespace

double own_cpu_seconds() {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

BrokerProcess::BrokerProcess(pid_t process) : process_(process) {
    if (const int error = clock_getcpuclockid(process_, &clock_); error != 0)
        throw std::system_error(error, std::generic_category(), "clock_getcpuclockid");
}

void BrokerProcess::stop() const {
    send_signal(process_, SIGSTOP);
}

void BrokerProcess::go_on() const {
    send_signal(process_, SIGCONT);
}

double BrokerProcess::cpu_seconds() const {
    return seconds_of(clock_);
}

std::uint64_t BrokerProcess::resident_bytes() const {
    std::ifstream file("/proc/" + std::to_string(process_) + "/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    file >> size >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace bench
