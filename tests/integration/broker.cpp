#include "broker.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "checked.hpp"
#include "contents.hpp"
#include "deadline.hpp"
#include "environment.hpp"

namespace integration {
namespace {

sockaddr_in loopback_address(std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result.sin_port = htons(port);
    return result;
}

std::filesystem::path make_directory() {
    std::string name = std::filesystem::temp_directory_path() / "mosquitto-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
        throw std::system_error(errno, std::generic_category(), "mkdtemp");
    }
    return name;
}

// Runs in the child: only what is safe between fork() and exec().
[[noreturn]] void become_broker(const std::vector<char*>& arguments, int log, pid_t parent,
                                const char* preload) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    if (*preload != '\0') setenv("LD_PRELOAD", preload, 1);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

// Readable when the process has ended. (glibc 2.36 lacks extern "C" around its pidfd_open().)
Descriptor open_process(pid_t process) {
    return Descriptor(checked(syscall(SYS_pidfd_open, process, 0), "pidfd_open"));
}

void append(std::ostream& text, const std::vector<std::string>& lines) {
    for (const auto& line : lines) text << line << '\n';
}

std::size_t count(std::string_view haystack, std::string_view needle) {
    std::size_t result = 0;
    for (auto at = haystack.find(needle); at != haystack.npos; at = haystack.find(needle, at + 1)) {
        ++result;
    }
    return result;
}

bool alarming(std::string_view line) {
    // "1700000000: Error: ..." as the broker writes it, or without the time stamp.
    if (const auto stamp = line.find(": ");
        stamp != line.npos && line.find_first_not_of("0123456789") == stamp) {
        line.remove_prefix(stamp + 2);
    }
    return line.starts_with("Error") || line.starts_with("error") ||
           line.find("exception") != line.npos || line.find("runtime error:") != line.npos ||
           line.find("Sanitizer") != line.npos;
}

}  // namespace

Descriptor connect_to(std::uint16_t port) {
    Descriptor result(checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address = loopback_address(port);
    checked(connect(result.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
            "connect");
    const int on = 1;
    checked(setsockopt(result.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    return result;
}

ReservedPort::ReservedPort()
    : socket_(checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket")) {
    sockaddr_in address = loopback_address(0);
    socklen_t size = sizeof address;
    checked(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), "bind");
    checked(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size),
            "getsockname");
    // Only now, so that the kernel chose a port that no other reservation holds.
    const int on = 1;
    checked(setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    number_ = ntohs(address.sin_port);
}

Broker::Broker() : directory_(make_directory()) {}

Broker::~Broker() {
    if (running()) {
        ::kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

std::string Broker::write_file(const std::string& name, const std::string& text) {
    const std::filesystem::path file = directory_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    // mosquitto wants files with access rules to be nobody else's business.
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return file;
}

std::string Broker::line_number(const std::string& line, const std::string& file) const {
    std::ifstream stream(path(file));
    int number = 1;
    for (std::string read; std::getline(stream, read) && read != line;) ++number;
    return path(file) + ":" + std::to_string(number);
}

std::string Broker::configuration_text(const Configuration& configuration) const {
    if (!configuration.text.empty()) return configuration.text;
    std::ostringstream text;
    append(text, configuration.first);
    text << "log_dest stderr\n"
         << "log_type all\n"
         << "set_tcp_nodelay true\n";
    if (geteuid() == 0) text << "user root\n";
    text << "listener " << port() << " 127.0.0.1\n";
    if (configuration.allow_anonymous) text << "allow_anonymous true\n";
    append(text, configuration.before_plugin);
    if (configuration.with_plugin) {
        text << "plugin " << environment().plugin << '\n';
        append(text, configuration.options);
    }
    append(text, configuration.after_plugin);
    return text.str();
}

std::string Broker::write_configuration(const Configuration& configuration) {
    return write_file("mosquitto.conf", configuration_text(configuration));
}

void Broker::spawn(const Configuration& configuration) {
    if (running()) throw std::logic_error("the broker is running already");
    std::vector<std::string> command = environment().broker_command;
    command.insert(command.end(), {"-c", write_configuration(configuration)});
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const Descriptor log(checked(
        open(path("mosquitto.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
        "mosquitto.log"));

    const pid_t parent = getpid();
    process_ = checked(fork(), "fork");
    if (process_ == 0) {
        become_broker(arguments, log.get(), parent, environment().broker_preload.c_str());
    }
    process_descriptor_ = open_process(process_);
}

void Broker::start(const Configuration& configuration) {
    // What the broker writes once its listeners are open.
    const std::string_view accepting = " running\n";
    const auto earlier = count(log(), accepting);
    spawn(configuration);
    wait_for_log(accepting, earlier + 1);
    wait_for_main_loop();
}

// A signal that comes before the main loop is lost (src/loop.c: `run = 1`). A connection that ends
// at once is seen by nobody but the loop.
void Broker::wait_for_main_loop() const {
    const Descriptor connection = connect_to(port());
    checked(shutdown(connection.get(), SHUT_WR), "shutdown");
    std::array<pollfd, 1> events{{{connection.get(), POLLIN, 0}}};
    Deadline().poll(events, "the broker's main loop");
}

int Broker::start_in_vain(const Configuration& configuration) {
    spawn(configuration);
    return wait_for_exit();
}

int Broker::stop() {
    checked(::kill(process_, SIGTERM), "kill");
    wake();
    return wait_for_exit();
}

void Broker::kill() {
    checked(::kill(process_, SIGKILL), "kill");
    wait_for_exit();
}

bool Broker::has_ended() const {
    pollfd event{process_descriptor_.get(), POLLIN, 0};
    return running() && ::poll(&event, 1, 0) > 0;
}

void Broker::reload() {
    const std::string_view reloading = "Reloading config.\n";
    const auto earlier = count(log(), reloading);
    checked(::kill(process_, SIGHUP), "kill");
    wake();
    wait_for_log(reloading, earlier + 1);
}

void Broker::reload(const Configuration& configuration) {
    write_configuration(configuration);
    reload();
}

// mosquitto 2.0 looks at its signals only when epoll_wait(2) returns: a connection wakes it, unless
// it has ended already.
void Broker::wake() const {
    try {
        connect_to(port());
    } catch (const std::system_error&) {
    }
}

int Broker::wait_for_exit() {
    std::array<pollfd, 1> events{{{process_descriptor_.get(), POLLIN, 0}}};
    Deadline().poll(events, "the broker to end");
    int status = 0;
    checked(waitpid(process_, &status, 0), "waitpid");
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string Broker::log() const {
    return contents_of(path("mosquitto.log"));
}

std::vector<std::string> Broker::log_lines() const {
    std::istringstream text(log());
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> Broker::log_lines(std::string_view text) const {
    auto lines = log_lines();
    std::erase_if(lines, [&](const auto& line) { return line.find(text) == line.npos; });
    return lines;
}

void Broker::wait_for_log(std::string_view text, std::size_t times) {
    const Deadline deadline;
    const Descriptor watch(checked(inotify_init1(IN_CLOEXEC | IN_NONBLOCK), "inotify_init1"));
    checked(inotify_add_watch(watch.get(), path("mosquitto.log").c_str(), IN_MODIFY), "inotify");
    while (count(log(), text) < times) {
        std::array<pollfd, 2> events{
            {{watch.get(), POLLIN, 0}, {process_descriptor_.get(), POLLIN, 0}}};
        deadline.poll(events, "'" + std::string(text) + "' in the log:\n" + log());
        std::array<char, 4096> discarded;
        while (read(watch.get(), discarded.data(), discarded.size()) > 0) {
        }
        if (events[1].revents != 0 && count(log(), text) < times) {
            const int status = wait_for_exit();
            throw std::runtime_error("the broker ended with " + std::to_string(status) + ":\n" +
                                     log());
        }
    }
}

std::vector<std::string> Broker::alarming_log_lines() const {
    auto lines = log_lines();
    std::erase_if(lines, [](std::string_view line) { return !alarming(line); });
    return lines;
}

}  // namespace integration
