// Many MQTT clients in one thread: non-blocking sockets behind one epoll. What clients send is
// gathered and written once a turn.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;
using ClientIndex = std::uint32_t;

/// Closes what it owns.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    [[nodiscard]] int number() const noexcept { return number_; }

  private:
    int number_;
};

class Fleet {
  public:
    using OnPacket = std::function<void(ClientIndex, const mqtt::Packet&)>;

    explicit Fleet(std::uint16_t port);

    /// Connects so many more clients: `prefix` and a number make the identifier. Returns the first
    /// one's index.
    ClientIndex connect(std::size_t count, const std::string& prefix, Clock::time_point deadline);

    /// What the client sends next; written by `turn`, or by `flush`.
    std::string& output(ClientIndex client);
    /// Whether everything has left that the client was to send.
    [[nodiscard]] bool is_idle(ClientIndex client) const { return clients_[client].out.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return clients_.size(); }

    /// Writes what is to be sent, then waits for packets, until `until` at most, and hands them
    /// out.
    void turn(Clock::time_point until, const OnPacket& on_packet);
    void flush();

    /// Turns until `done` is true; throws std::runtime_error with `what` at the deadline.
    void turn_until(const std::function<bool()>& done, Clock::time_point deadline,
                    const OnPacket& on_packet, const char* what);

  private:
    struct Client {
        Descriptor socket;
        std::string in;        // the beginning of a packet
        std::string out;       // what the kernel has not taken yet
        bool listed = false;   // in `to_flush_`
        bool blocked = false;  // waits for EPOLLOUT
    };

    void open(const std::string& client_id);
    void write(ClientIndex index);
    void read(ClientIndex index, const OnPacket& on_packet);
    void watch(int operation, ClientIndex index, std::uint32_t events);

    std::uint16_t port_;
    Descriptor epoll_;
    std::vector<Client> clients_;
    std::vector<ClientIndex> to_flush_;
    std::vector<char> buffer_;
};

}  // namespace bench
