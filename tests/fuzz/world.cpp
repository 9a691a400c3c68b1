#include "world.hpp"

#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "../integration/environment.hpp"
#include "configurations.hpp"

namespace fuzz {
namespace {

using std::chrono::steady_clock;

// More than anything that a run asks for.
constexpr std::size_t flood = 5000;
constexpr int most_exchanges = 500;

// The broker's own time, so that a busy machine is no finding; far more than that is one all the
// same.
double most_cpu_seconds() {
    return integration::environment().broker_preload.empty() ? 1 : 5;
}
constexpr std::chrono::seconds most_patience{30};

constexpr std::uint8_t no_retained = 2 << 4;
constexpr std::uint8_t retain_as_published = 8;

}  // namespace

World::World(std::string configuration, bool with_plugin)
    : configuration_(std::move(configuration)), with_plugin_(with_plugin) {
    for (int number = 0; number < client_count; ++number) {
        const bool has_user = number == restricted_client && restricts(configuration_);
        clients_.emplace_back(client_id(number), has_user ? "bob" : "");
    }
    clients_.emplace_back("observer", "");
    clients_.emplace_back("administrator", "");
    for (int number = 0; number < healthy_count; ++number) {
        clients_.emplace_back("healthy " + std::to_string(number), "");
    }
    clients_.emplace_back("witness", "");
}

void World::start() {
    broker_.start(make_configuration(configuration_, broker_, with_plugin_));
    connect_judges();
}

void World::connect_judges() {
    observer().connect(port(), {});
    observer().subscribe(
        {{"#", no_retained | retain_as_published}, {"$x/#", no_retained | retain_as_published}}, 0);
    administrator().connect(port(), {});
    for (int number = 0; number < healthy_count; ++number) {
        healthy_member(number).connect(port(), {.protocol = number == 0 ? 4 : 5});
        settle();
        if (!with_plugin_) continue;
        const auto filter = std::string("$share/") + healthy_group + "/" + healthy_topics;
        healthy_member(number).subscribe({{filter, 2}}, 0);
        settle();
    }
    settle();
}

void World::restart(bool is_crash) {
    if (is_crash) {
        broker_.kill();
    } else {
        stop();
    }
    for (auto& client : clients_) client.close();
    start();
}

void World::stop() {
    int status = 0;
    try {
        status = broker_.stop();
    } catch (const std::exception& error) {
        throw Failure("the broker does not end", error.what());
    }
    if (status != 0) {
        throw Failure("the broker ends badly",
                      "with " + std::to_string(status) + ":\n" + last_log_lines());
    }
}

void World::settle() {
    received_ = 0;
    // Two more turns for what a plugin publishes in one.
    int quiet = 0;
    for (int time = 0; quiet < 3; ++time) {
        quiet = exchange() ? 0 : quiet + 1;
        if (time > most_exchanges || received_ > flood) {
            throw Failure("messages without end", std::to_string(received_) + " packets in " +
                                                      std::to_string(time) + " turns");
        }
    }
}

// A PINGREQ of each client goes around. The broker reads and writes to each in order, so what was
// sent to it before has been handled, and what came of it has been read. True if anything has.
bool World::exchange() {
    for (auto& client : clients_) {
        if (client.is_lively() && !client.awaits()) client.ping();
    }
    const auto begin = steady_clock::now();
    const auto cpu_begin = cpu_seconds();
    std::size_t count = 0;
    for (;;) {
        std::vector<pollfd> sockets;
        std::vector<Client*> owners;
        bool anybody_waits = false;
        for (auto& client : clients_) {
            if (!client.is_lively()) continue;
            anybody_waits = anybody_waits || client.awaits();
            sockets.push_back({client.socket(), client.events(), 0});
            owners.push_back(&client);
        }
        if (!anybody_waits) break;
        const int ready = ::poll(sockets.data(), sockets.size(), 200);
        for (std::size_t i = 0; i < sockets.size(); ++i) {
            if (sockets[i].revents != 0) count += owners[i]->pump(sockets[i].revents);
        }
        if (ready == 0 || received_ + count > flood) check_life(begin, cpu_begin);
        if (received_ + count > 2 * flood) break;
    }
    check_end();
    received_ += count;
    return count > 0;
}

// The sockets of a process are closed before it has ended.
void World::check_end() const {
    const auto end = steady_clock::now() + std::chrono::seconds(2);
    while (!broker_.has_ended()) {
        if (clients_[observer_index].is_connected() || steady_clock::now() > end) return;
        ::poll(nullptr, 0, 10);
    }
    throw Failure("the broker has ended", last_log_lines());
}

void World::check_life(steady_clock::time_point begin, double cpu_begin) const {
    if (broker_.has_ended()) throw Failure("the broker has ended", last_log_lines());
    const auto cpu = cpu_seconds() - cpu_begin;
    const auto time = steady_clock::now() - begin;
    if (cpu > most_cpu_seconds() || time > most_patience) {
        throw Failure("no PINGRESP",
                      "after " + std::to_string(cpu) + " s of the processor:\n" + last_log_lines());
    }
}

void World::wait(std::chrono::milliseconds time) {
    const auto end = steady_clock::now() + time;
    while (steady_clock::now() < end) {
        settle();
        ::poll(nullptr, 0, 50);
    }
    settle();
}

double World::cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(broker_.process()) + "/stat");
    std::string text;
    std::getline(file, text);
    // proc(5): utime and stime are the 12th and 13th behind the name in parentheses.
    std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string field;
    double ticks = 0;
    for (int i = 1; i <= 13 && fields >> field; ++i) {
        if (i >= 12) ticks += std::strtod(field.c_str(), nullptr);
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::size_t World::resident_kilobytes() const {
    std::ifstream file("/proc/" + std::to_string(broker_.process()) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("VmRSS:")) return std::strtoul(line.c_str() + 6, nullptr, 10);
    }
    return 0;
}

std::string World::last_log_lines() const {
    auto lines = broker_.log_lines();
    std::erase_if(lines, [](const auto& line) { return line.find(" PING") != line.npos; });
    if (lines.size() > 8) lines.erase(lines.begin(), lines.end() - 8);
    std::string result;
    for (const auto& line : lines) result += "    " + line.substr(0, 300) + "\n";
    return result;
}

}  // namespace fuzz
