// A broker that is started in another way than Broker does it: with any command line, as another
// user, or without /proc.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "descriptor.hpp"

namespace integration {

struct Command {
    std::vector<std::string> arguments;  // behind the program's name
    std::string directory;               // where it runs
    std::string library_path = {};       // where it finds plugins without a directory
    std::map<std::string, std::string> variables = {};
    bool without_proc = false;  // takes root, see may_hide_proc()
};

// Whether a process of this user may be started without /proc.
bool may_hide_proc();

class CommandBroker {
  public:
    explicit CommandBroker(std::uint16_t port) : port_(port) {}
    ~CommandBroker();
    CommandBroker(const CommandBroker&) = delete;
    CommandBroker& operator=(const CommandBroker&) = delete;

    // Returns when it accepts connections, or, false, when it has given up. The log begins anew.
    bool start(const Command& command);
    // SIGHUP; what a client sends from now on is answered afterwards.
    void reload();
    // SIGTERM; returns the exit status, or -signal.
    int stop();

    std::uint16_t port() const { return port_; }
    const std::string& log() const { return log_; }
    std::vector<std::string> log_lines(std::string_view text) const;

  private:
    void spawn(const Command& command);
    bool read_log();  // false at its end
    bool wait_for_log(std::string_view text, std::size_t from);
    void wake() const;
    int wait();

    std::uint16_t port_;
    pid_t process_ = -1;
    Descriptor log_pipe_;
    std::string log_;
};

}  // namespace integration
