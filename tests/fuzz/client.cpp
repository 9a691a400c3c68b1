#include "client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "../integration/broker.hpp"

namespace fuzz {

Client::Client(std::string id, std::string user_name)
    : id_(std::move(id)), user_name_(std::move(user_name)) {
    records_.emplace_back();
}

void Client::connect(std::uint16_t port, const Session& session) {
    taken_over_ = std::move(socket_);
    socket_ = integration::connect_to(port);
    fcntl(socket_.get(), F_SETFL, O_NONBLOCK);
    protocol_ = session.protocol;
    requested_ = session;
    is_stalled_ = withholds_ = is_ending_ = ended_by_broker_ = false;
    awaits_connack_ = true;
    pings_ = 0;
    input_.clear();
    sent_aliases_.clear();
    received_aliases_.clear();
    withheld_.clear();
    records_.emplace_back();
    output_ = connect_packet(session);
}

std::string Client::connect_packet(const Session& session) const {
    unsigned flags = session.clean_start ? 2 : 0;
    if (!user_name_.empty()) flags |= 0x80 | 0x40;
    std::string properties;
    std::string will;
    if (session.will) {
        const Message& message = *session.will;
        flags |= 4U | static_cast<unsigned>(message.qos) << 3 | (message.retain ? 0x20U : 0U);
        Properties list = message.properties;
        if (session.will_delay != 0) {
            list.push_back({.identifier = property::will_delay, .number = session.will_delay});
        }
        if (session.protocol == 5) will = encode(list);
        will += text(message.topic) + text(message.payload.substr(0, 65535));
    }
    if (session.protocol == 5) {
        Properties list;
        const auto add = [&](std::uint8_t identifier, std::uint32_t number) {
            if (number != 0) list.push_back({.identifier = identifier, .number = number});
        };
        add(property::session_expiry, session.expiry);
        add(property::receive_maximum, session.receive_maximum);
        add(property::maximum_packet_size, session.maximum_packet_size);
        add(property::topic_alias_maximum, session.topic_alias_maximum);
        properties = encode(list);
    }
    std::string body = text("MQTT") + byte(static_cast<unsigned>(session.protocol)) + byte(flags);
    body += two_bytes(0) + properties + text(id_) + will;
    if (!user_name_.empty()) body += text(user_name_) + text("secret");
    return frame(PacketType::connect, 0, body);
}

void Client::disconnect() {
    if (!is_connected()) return;
    send_last(frame(PacketType::disconnect, 0, ""));
}

void Client::send_last(std::string_view bytes) {
    output_ += bytes;
    is_ending_ = true;
    is_stalled_ = false;
    write_some();
    if (is_connected()) shutdown(socket_.get(), SHUT_WR);
}

void Client::close(Manner manner) {
    if (!is_connected()) return;
    write_some();
    if (manner == Manner::reset && is_connected()) {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ended();
    ended_by_broker_ = false;
}

void Client::ended() {
    socket_ = {};
    taken_over_ = {};
    ended_by_broker_ = !is_ending_;
    awaits_connack_ = is_ending_ = is_stalled_ = false;
    pings_ = 0;
    output_.clear();
    doubtful_.insert(doubtful_.end(), acknowledged_.begin(), acknowledged_.end());
    acknowledged_.clear();
}

void Client::subscribe(const std::vector<Subscription>& subscriptions, std::uint32_t identifier) {
    std::string body = two_bytes(next_identifier());
    if (protocol_ == 5) {
        body +=
            identifier == 0
                ? byte(0)
                : encode({{.identifier = property::subscription_identifier, .number = identifier}});
    }
    for (const auto& each : subscriptions) {
        body += text(each.filter) + byte(protocol_ == 5 ? each.options : each.options & 3U);
    }
    send(frame(PacketType::subscribe, 2, body));
}

void Client::unsubscribe(const std::vector<Subscription>& subscriptions) {
    std::string body = two_bytes(next_identifier());
    if (protocol_ == 5) body += byte(0);
    for (const auto& each : subscriptions) body += text(each.filter);
    send(frame(PacketType::unsubscribe, 2, body));
}

void Client::publish(Message message, std::uint16_t alias, bool is_held) {
    if (protocol_ == 5 && alias != 0) {
        message.properties.push_back({.identifier = property::topic_alias, .number = alias});
        auto& known = sent_aliases_[alias];
        if (known == message.topic) {
            message.topic.clear();
        } else {
            known = message.topic;
        }
    }
    if (message.qos > 0) {
        message.identifier = next_identifier();
        unacknowledged_[message.identifier] = message;
        if (is_held) held_.insert(message.identifier);
    }
    send(encode_publish(message, protocol_));
}

void Client::release() {
    for (const auto identifier : held_) {
        send(frame(PacketType::pubrel, 2, two_bytes(identifier)));
    }
    held_.clear();
}

// QoS 1 would be another message for the broker. An alias may not be valid any more.
void Client::resend() {
    for (const auto identifier : held_) {
        const auto found = unacknowledged_.find(identifier);
        if (found == unacknowledged_.end() || found->second.topic.empty()) continue;
        Message message = found->second;
        message.dup = true;
        std::erase_if(message.properties, [](const Property& each) {
            return each.identifier == property::topic_alias;
        });
        send(encode_publish(message, protocol_));
    }
}

void Client::acknowledge(std::size_t count) {
    if (count == 0) {
        withholds_ = false;
        count = withheld_.size();
    }
    count = std::min(count, withheld_.size());
    for (std::size_t i = 0; i < count; ++i) send(withheld_[i]);
    withheld_.erase(withheld_.begin(), withheld_.begin() + static_cast<std::ptrdiff_t>(count));
}

void Client::answer(PacketType type, std::uint16_t identifier, std::optional<Origin> origin) {
    Answer answer{frame(type, type == PacketType::pubrel ? 2 : 0, two_bytes(identifier)), origin};
    if (withholds_ && type != PacketType::pubrel) {
        withheld_.push_back(std::move(answer));
    } else {
        send(answer);
    }
}

void Client::send(const Answer& answer) {
    send(answer.packet);
    if (answer.origin) acknowledged_.push_back(*answer.origin);
}

void Client::ping() {
    ++pings_;
    send(frame(PacketType::pingreq, 0, ""));
}

std::uint16_t Client::next_identifier() {
    do {
        if (++last_identifier_ > 50000) last_identifier_ = 1;
    } while (held_.contains(last_identifier_));
    return last_identifier_;
}

short Client::events() const {
    return static_cast<short>(POLLIN | (output_.empty() ? 0 : POLLOUT));
}

std::size_t Client::pump(short events) {
    if ((events & POLLOUT) != 0) write_some();
    if ((events & (POLLIN | POLLHUP | POLLERR)) == 0) return 0;
    const bool goes_on = read_some();
    std::size_t count = 0;
    Packet packet;
    while (take_packet(input_, packet)) {
        if (packet.type == PacketType::pingresp) {
            if (pings_ > 0) --pings_;
            continue;
        }
        ++count;
        handle(packet);
    }
    if (!goes_on) {
        if (!is_ending_) record("closed by the broker");
        ended();
    } else {
        write_some();
    }
    return count;
}

bool Client::read_some() {
    std::array<char, 65536> buffer;
    const auto got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) input_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void Client::write_some() {
    while (is_connected() && !output_.empty()) {
        const auto sent = ::send(socket_.get(), output_.data(), output_.size(), MSG_NOSIGNAL);
        // That the connection has ended shows when it is read: what came before counts.
        if (sent < 0 && errno != EAGAIN && errno != EINTR) output_.clear();
        if (sent <= 0) return;
        output_.erase(0, static_cast<std::size_t>(sent));
    }
}

void Client::handle(const Packet& packet) {
    switch (packet.type) {
        case PacketType::publish:
            return handle_publish(packet);
        case PacketType::connack: {
            const bool is_present = !packet.body.empty() && (packet.body[0] & 1) != 0;
            record("CONNACK " + shown(packet.body.substr(0, 2)));
            awaits_connack_ = false;
            taken_over_ = {};
            // What is refused changes nothing.
            if (packet.body.size() < 2 || packet.body[1] != 0) return;
            is_new_session_ = !is_present;
            is_kept_ = requested_.expiry != 0;
            is_clean_start_ = requested_.clean_start;
            limits_packets_ = requested_.protocol == 5 && requested_.maximum_packet_size > 0;
            if (!is_present) {
                held_.clear();
                unacknowledged_.clear();
            }
            return;
        }
        case PacketType::suback:
        case PacketType::unsuback:
            codes_ = reason_codes(packet, protocol_);
            return record("SUBACK or UNSUBACK " + shown(packet.body.substr(2)));
        case PacketType::disconnect:
            return record("DISCONNECT " + shown(packet.body));
        case PacketType::pubrec:
            if (const auto identifier = identifier_of(packet); !held_.contains(identifier)) {
                unacknowledged_.erase(identifier);
                const bool is_refused =
                    packet.body.size() > 2 && static_cast<unsigned char>(packet.body[2]) >= 0x80;
                if (!is_refused) answer(PacketType::pubrel, identifier);
            }
            return;
        case PacketType::pubrel:
            return answer(PacketType::pubcomp, identifier_of(packet));
        default:
            return;
    }
}

void Client::handle_publish(const Packet& packet) {
    Message message = decode_publish(packet, protocol_);
    for (const auto& each : message.properties) {
        if (each.identifier != property::topic_alias) continue;
        auto& known = received_aliases_[static_cast<std::uint16_t>(each.number)];
        if (message.topic.empty()) {
            message.topic = known;
        } else {
            known = message.topic;
        }
    }
    if (message.qos == 1)
        answer(PacketType::puback, message.identifier, origin_of(message.payload));
    if (message.qos == 2) answer(PacketType::pubrec, message.identifier);
    records_.back().push_back({origin_of(message.payload), describe(message)});
    messages_.push_back(std::move(message));
}

}  // namespace fuzz
