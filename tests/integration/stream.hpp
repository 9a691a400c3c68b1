// What carries MQTT: the bytes of a TCP connection, or those inside WebSocket frames.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace integration {

class Stream {
  public:
    virtual ~Stream() = default;
    // What is sent after the other side has ended the connection is lost: receive() says so.
    virtual void send(std::string_view bytes) = 0;
    // Waits for exactly that many; false if the connection ends before.
    virtual bool receive(std::size_t count, std::string& bytes) = 0;
};

// Of the loopback interface; both throw if there is no connection.
std::unique_ptr<Stream> tcp_stream(std::uint16_t port);
std::unique_ptr<Stream> websocket_stream(std::uint16_t port);

}  // namespace integration
