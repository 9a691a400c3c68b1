#include "fleet.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t kReadSize = 1 << 18;
// The broker's listen(2) takes 100 connections that it has not accepted yet.
constexpr std::size_t kHalfOpen = 64;

int checked(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

void ignore(ClientIndex /*client*/, const mqtt::Packet& /*packet*/) {}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

Fleet::Fleet(std::uint16_t port)
    : port_(port),
      epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      buffer_(kReadSize) {}

ClientIndex Fleet::connect(std::size_t count, const std::string& prefix,
                           Clock::time_point deadline) {
    const auto first = clients_.size();
    std::size_t connected = 0;
    const auto on_packet = [&](ClientIndex, const mqtt::Packet& packet) {
        mqtt::check_connack(packet);
        ++connected;
    };
    while (connected < count) {
        const auto opened = clients_.size() - first;
        const auto more = std::min(count - opened, kHalfOpen - (opened - connected));
        for (std::size_t i = 0; i < more; ++i) open(prefix + std::to_string(opened + i));
        const auto before = connected;
        turn_until([&] { return connected > before; }, deadline, on_packet,
                   "the broker did not accept all connections in time");
    }
    return static_cast<ClientIndex>(first);
}

void Fleet::open(const std::string& client_id) {
    Descriptor socket(
        checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    const int on = 1;
    checked(setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result =
        ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (result < 0 && errno != EINPROGRESS) checked(result, "connect");
    const auto index = static_cast<ClientIndex>(clients_.size());
    auto& client = clients_.emplace_back();
    client.socket = std::move(socket);
    client.blocked = true;  // until it is connected
    mqtt::add_connect(client.out, client_id);
    watch(EPOLL_CTL_ADD, index, EPOLLIN | EPOLLOUT);
}

std::string& Fleet::output(ClientIndex client) {
    auto& sender = clients_[client];
    if (!std::exchange(sender.listed, true)) to_flush_.push_back(client);
    return sender.out;
}

void Fleet::flush() {
    for (const auto index : to_flush_) {
        clients_[index].listed = false;
        if (!clients_[index].blocked) write(index);
    }
    to_flush_.clear();
}

void Fleet::write(ClientIndex index) {
    auto& client = clients_[index];
    const auto sent =
        send(client.socket.number(), client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        throw std::system_error(errno, std::generic_category(), "send");
    if (sent > 0) client.out.erase(0, static_cast<std::size_t>(sent));
    const bool blocks = !client.out.empty();
    if (std::exchange(client.blocked, blocks) == blocks) return;
    watch(EPOLL_CTL_MOD, index, blocks ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Fleet::read(ClientIndex index, const OnPacket& on_packet) {
    auto& client = clients_[index];
    const auto size = recv(client.socket.number(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size == 0) throw std::runtime_error("the broker closed a connection");
    checked(static_cast<int>(size), "recv");
    std::string_view bytes(buffer_.data(), static_cast<std::size_t>(size));
    auto before = std::exchange(client.in, {});
    if (!before.empty()) {
        before.append(bytes);
        bytes = before;
    }
    while (const auto packet = mqtt::take_packet(bytes)) on_packet(index, *packet);
    client.in.assign(bytes);
}

void Fleet::turn(Clock::time_point until, const OnPacket& on_packet) {
    flush();
    const auto wait = std::max(until - Clock::now(), Clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (wait - seconds).count()};
    std::array<epoll_event, 256> events;
    const int count = epoll_pwait2(epoll_.number(), events.data(), static_cast<int>(events.size()),
                                   &timeout, nullptr);
    if (count < 0 && errno == EINTR) return;
    checked(count, "epoll_pwait2");
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const auto index = events[i].data.u32;
        if (events[i].events & EPOLLOUT) write(index);
        if (events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) read(index, on_packet);
    }
}

void Fleet::turn_until(const std::function<bool()>& done, Clock::time_point deadline,
                       const OnPacket& on_packet, const char* what) {
    while (!done()) {
        if (Clock::now() >= deadline) throw std::runtime_error(what);
        turn(deadline, on_packet ? on_packet : ignore);
    }
}

void Fleet::watch(int operation, ClientIndex index, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u32 = index;
    checked(epoll_ctl(epoll_.number(), operation, clients_[index].socket.number(), &event),
            "epoll_ctl");
}

}  // namespace bench
