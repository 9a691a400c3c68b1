// A process of its own for a part of a test, which waits for it through pipes.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace shared_subscription {

/// One byte a time, from one process to the other.
class Pipe {
  public:
    Pipe() {
        if (pipe(ends_) != 0) throw std::runtime_error("cannot make a pipe");
    }
    ~Pipe() {
        close(ends_[0]);
        close(ends_[1]);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    /// So that wait() ends, too, when the other process has.
    void only_wait() {
        close(ends_[1]);
        ends_[1] = -1;
    }
    bool signal() const {
        const char byte = '.';
        return ::write(ends_[1], &byte, 1) == 1;
    }
    bool wait() const {
        char byte = 0;
        return ::read(ends_[0], &byte, 1) == 1;
    }

  private:
    int ends_[2] = {-1, -1};
};

class ChildProcess {
  public:
    /// Runs `body` and ends with its result as the exit status.
    template <class Body>
    explicit ChildProcess(const Body& body) : id_(fork()) {
        if (id_ < 0) throw std::runtime_error("cannot fork");
        if (id_ == 0) std::_Exit(body());
    }
    ~ChildProcess() {
        if (id_ > 0) kill();
    }
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// As waitpid() gives it.
    int wait() {
        int status = 0;
        waitpid(id_, &status, 0);
        id_ = -1;
        return status;
    }
    int kill() {
        ::kill(id_, SIGKILL);
        return wait();
    }

  private:
    pid_t id_;
};

}  // namespace shared_subscription
