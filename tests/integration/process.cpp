#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <stdexcept>

#include "checked.hpp"
#include "contents.hpp"
#include "deadline.hpp"

namespace integration {
namespace {

// Runs in the child: only what is safe between fork() and exec().
[[noreturn]] void become(const std::vector<char*>& arguments, int output, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

}  // namespace

Process::Process(std::vector<std::string> command, const std::filesystem::path& output)
    : output_(output) {
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const Descriptor file(checked(
        open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), output_.c_str()));
    const pid_t parent = getpid();
    process_ = checked(fork(), "fork");
    if (process_ == 0) become(arguments, file.get(), parent);
    descriptor_ = Descriptor(checked(syscall(SYS_pidfd_open, process_, 0), "pidfd_open"));
}

Process::~Process() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
}

int Process::wait() {
    std::array<pollfd, 1> events{{{descriptor_.get(), POLLIN, 0}}};
    Deadline(std::chrono::seconds(30)).poll(events, "the end of a program:\n" + output());
    int status = 0;
    checked(waitpid(process_, &status, 0), "waitpid");
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool Process::ended() const {
    pollfd event{descriptor_.get(), POLLIN, 0};
    return ::poll(&event, 1, 0) > 0;
}

std::string Process::output() const {
    return contents_of(output_);
}

std::string run(const std::vector<std::string>& command, const std::filesystem::path& output) {
    Process process(command, output);
    const int status = process.wait();
    if (status == 0) return process.output();
    throw std::runtime_error(command.front() + " ended with " + std::to_string(status) + ":\n" +
                             process.output());
}

}  // namespace integration
