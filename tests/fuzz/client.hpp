// One client of the broker that does as it is told, well-behaved or not, and keeps what it is sent.
// Never waits: who drives it polls its socket.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../integration/descriptor.hpp"
#include "action.hpp"
#include "plan.hpp"

namespace fuzz {

// What a client can tell of one packet.
struct Record {
    Origin origin;     // of a PUBLISH
    std::string text;  // comparable
    bool operator==(const Record&) const = default;
};

class Client {
  public:
    Client(std::string id, std::string user_name);

    // What is connected stays so until the broker answers: it takes the session over.
    void connect(std::uint16_t port, const Session& session);
    void disconnect();
    enum class Manner { fin, reset };
    void close(Manner manner = Manner::fin);
    void set_stalled(bool value) { is_stalled_ = value; }

    void subscribe(const std::vector<Subscription>& subscriptions, std::uint32_t identifier);
    void unsubscribe(const std::vector<Subscription>& subscriptions);
    void publish(Message message, std::uint16_t alias, bool is_held);
    void release();
    void resend();
    void withhold() { withholds_ = true; }
    void acknowledge(std::size_t count);  // 0: all, and whatever comes later
    void send(std::string_view bytes) { output_ += bytes; }
    // Nothing more will be sent; what comes is read until the broker ends the connection.
    void send_last(std::string_view bytes);

    void ping();
    bool is_connected() const { return static_cast<bool>(socket_); }
    bool is_lively() const { return is_connected() && !is_stalled_; }
    bool is_stalled() const { return is_stalled_; }
    bool has_kept_session() const { return is_kept_; }
    // The broker saves no session of a connection that began with it.
    bool has_clean_start() const { return is_clean_start_; }
    // The broker counts what is too large for the client among what it has in flight, for ever.
    bool limits_packets() const { return limits_packets_; }
    bool awaits() const { return pings_ > 0 || awaits_connack_ || is_ending_; }
    int socket() const { return socket_.get(); }
    short events() const;
    // Returns how many packets beside PINGRESP came.
    std::size_t pump(short events);

    bool was_ended_by_broker() const { return ended_by_broker_; }
    // Each is reset by being asked for.
    bool take_ended_by_broker() { return std::exchange(ended_by_broker_, false); }
    std::vector<int> take_codes() { return std::exchange(codes_, {}); }  // of SUBACK, UNSUBACK
    bool take_new_session() { return std::exchange(is_new_session_, false); }
    std::vector<Message> take_messages() { return std::exchange(messages_, {}); }
    // The QoS 1 messages that it has acknowledged since; those for which its connection has ended
    // meanwhile are doubtful.
    std::vector<Origin> take_acknowledged() { return std::exchange(acknowledged_, {}); }
    std::vector<Origin> take_doubtful() { return std::exchange(doubtful_, {}); }

    // By connection, in order.
    const std::vector<std::vector<Record>>& records() const { return records_; }
    const std::string& id() const { return id_; }

  private:
    void ended();
    bool read_some();
    void write_some();
    void handle(const Packet& packet);
    void handle_publish(const Packet& packet);
    void answer(PacketType type, std::uint16_t identifier, std::optional<Origin> origin = {});
    struct Answer {
        std::string packet;
        std::optional<Origin> origin;  // of what it acknowledges for good
    };
    void send(const Answer& answer);
    void record(std::string text) { records_.back().push_back({{}, std::move(text)}); }
    std::string connect_packet(const Session& session) const;
    std::uint16_t next_identifier();

    const std::string id_, user_name_;
    Session requested_;  // by the last CONNECT
    int protocol_ = 5;
    bool is_kept_ = false, is_clean_start_ = false, is_stalled_ = false, withholds_ = false;
    bool awaits_connack_ = false, is_ending_ = false, ended_by_broker_ = false;
    bool is_new_session_ = false, limits_packets_ = false;
    integration::Descriptor socket_, taken_over_;
    std::string input_, output_;
    int pings_ = 0;
    std::uint16_t last_identifier_ = 0;
    std::map<std::uint16_t, std::string> sent_aliases_, received_aliases_;
    std::set<std::uint16_t> held_;  // QoS 2 without PUBREL
    std::map<std::uint16_t, Message> unacknowledged_;
    std::vector<Answer> withheld_;
    std::vector<Origin> acknowledged_, doubtful_;
    std::vector<int> codes_;
    std::vector<Message> messages_;
    std::vector<std::vector<Record>> records_;
};

}  // namespace fuzz
