#include "stream.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "broker.hpp"
#include "deadline.hpp"

namespace integration {
namespace {

class TcpStream : public Stream {
  public:
    explicit TcpStream(std::uint16_t port) : socket_(connect_to(port)) {}

    void send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    bool receive(std::size_t count, std::string& bytes) override {
        const Deadline deadline;
        bytes.resize(count);
        for (std::size_t have = 0; have < count;) {
            std::array<pollfd, 1> events{{{socket_.get(), POLLIN, 0}}};
            deadline.poll(events, "a packet");
            const auto got = recv(socket_.get(), bytes.data() + have, count - have, 0);
            if (got <= 0) return false;
            have += static_cast<std::size_t>(got);
        }
        return true;
    }

  private:
    Descriptor socket_;
};

std::size_t number(std::string_view bytes) {
    std::size_t result = 0;
    for (const char byte : bytes) result = result << 8 | static_cast<unsigned char>(byte);
    return result;
}

// RFC 6455, as little of it as MQTT needs: a binary frame for each send(), and any for receive().
class WebSocketStream : public Stream {
  public:
    explicit WebSocketStream(std::uint16_t port) : tcp_(port) {
        tcp_.send(
            "GET /mqtt HTTP/1.1\r\n"
            "Host: localhost\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: mqtt\r\n"
            "\r\n");
        std::string header;
        std::string byte;
        while (!header.ends_with("\r\n\r\n") && tcp_.receive(1, byte)) header += byte;
        if (!header.starts_with("HTTP/1.1 101"))
            throw std::runtime_error("no WebSocket: " + header);
    }

    void send(std::string_view bytes) override {
        constexpr char binary = '\x82';
        constexpr unsigned masked = 0x80;
        std::string frame(1, binary);
        const auto append = [&](std::size_t value, int count) {
            for (int i = count - 1; i >= 0; --i) frame += static_cast<char>(value >> 8 * i & 0xFF);
        };
        if (bytes.size() < 126) {
            append(masked | bytes.size(), 1);
        } else {
            append(masked | 127, 1);
            append(bytes.size(), 8);
        }
        append(0, 4);  // The mask: it changes nothing.
        tcp_.send(frame.append(bytes));
    }

    bool receive(std::size_t count, std::string& bytes) override {
        while (buffer_.size() < count) {
            if (!read_frame()) return false;
        }
        bytes = buffer_.substr(0, count);
        buffer_.erase(0, count);
        return true;
    }

  private:
    bool read_frame() {
        constexpr std::size_t close = 8;
        std::string bytes;
        if (!tcp_.receive(2, bytes)) return false;
        const bool closing = (number(bytes.substr(0, 1)) & 0x0F) == close;
        std::size_t size = number(bytes.substr(1)) & 0x7F;
        if (size >= 126) {
            if (!tcp_.receive(size == 126 ? 2 : 8, bytes)) return false;
            size = number(bytes);
        }
        if (!tcp_.receive(size, bytes) || closing) return false;
        buffer_ += bytes;
        return true;
    }

    TcpStream tcp_;
    std::string buffer_;
};

}  // namespace

std::unique_ptr<Stream> tcp_stream(std::uint16_t port) {
    return std::make_unique<TcpStream>(port);
}
std::unique_ptr<Stream> websocket_stream(std::uint16_t port) {
    return std::make_unique<WebSocketStream>(port);
}

}  // namespace integration
