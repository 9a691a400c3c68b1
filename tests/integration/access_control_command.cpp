#include "access_control_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "broker.hpp"
#include "checked.hpp"
#include "deadline.hpp"
#include "environment.hpp"

namespace integration {
namespace {

// Something else is where /proc was, for this process and what it becomes.
bool hide_proc() {
    return unshare(CLONE_NEWNS) == 0 &&
           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           mount("none", "/proc", "tmpfs", 0, nullptr) == 0;
}

std::vector<std::string> words_of(const Command& command) {
    auto words = environment().broker_command;
    const auto option = std::ranges::find(words, "--library-path");
    if (option != words.end() && !command.library_path.empty()) {
        option[1] = command.library_path + ":" + option[1];
    }
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    return words;
}

std::map<std::string, std::string> variables_of(const Command& command) {
    auto variables = command.variables;
    if (!command.library_path.empty()) variables["LD_LIBRARY_PATH"] = command.library_path;
    if (const auto& preload = environment().broker_preload; !preload.empty()) {
        variables["LD_PRELOAD"] = preload;
    }
    return variables;
}

}  // namespace

bool may_hide_proc() {
    const pid_t child = checked(fork(), "fork");
    if (child == 0) _exit(hide_proc() ? 0 : 1);
    int status = 0;
    checked(waitpid(child, &status, 0), "waitpid");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

CommandBroker::~CommandBroker() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
}

void CommandBroker::spawn(const Command& command) {
    auto words = words_of(command);
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto variables = variables_of(command);
    std::array<int, 2> ends{};
    checked(pipe2(ends.data(), O_CLOEXEC), "pipe2");
    log_pipe_ = Descriptor(ends[0]);
    log_.clear();
    const Descriptor output(ends[1]);  // ours goes at the end of this function
    const pid_t parent = getpid();
    process_ = checked(fork(), "fork");
    if (process_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || chdir(command.directory.c_str()) != 0) _exit(127);
        if (command.without_proc && !hide_proc()) _exit(127);
        dup2(output.get(), STDOUT_FILENO);
        dup2(output.get(), STDERR_FILENO);
        for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
}

bool CommandBroker::start(const Command& command) {
    spawn(command);
    if (wait_for_log(" running\n", 0)) return true;
    wait();
    return false;
}

void CommandBroker::reload() {
    const auto end = log_.size();
    checked(kill(process_, SIGHUP), "kill");
    wake();
    if (!wait_for_log("Reloading config.", end)) throw std::runtime_error("ended:\n" + log_);
}

int CommandBroker::stop() {
    checked(kill(process_, SIGTERM), "kill");
    wake();
    while (read_log()) {
    }
    return wait();
}

std::vector<std::string> CommandBroker::log_lines(std::string_view text) const {
    std::istringstream stream(log_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        if (line.find(text) != line.npos) lines.push_back(line);
    }
    return lines;
}

bool CommandBroker::read_log() {
    std::array<pollfd, 1> events{{{log_pipe_.get(), POLLIN, 0}}};
    Deadline().poll(events, "a line in the log:\n" + log_);
    std::array<char, 4096> buffer;
    const auto size = checked(read(log_pipe_.get(), buffer.data(), buffer.size()), "the log");
    log_.append(buffer.data(), static_cast<std::size_t>(size));
    return size > 0;
}

bool CommandBroker::wait_for_log(std::string_view text, std::size_t from) {
    while (log_.find(text, from) == log_.npos) {
        if (!read_log()) return false;
    }
    return true;
}

// 2.0 looks at its signals only when epoll_wait(2) returns.
void CommandBroker::wake() const {
    try {
        connect_to(port_);
    } catch (const std::system_error&) {
    }
}

int CommandBroker::wait() {
    int status = 0;
    checked(waitpid(process_, &status, 0), "waitpid");
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace integration
