#include "client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "deadline.hpp"
#include "descriptor.hpp"

namespace integration {
namespace {

constexpr int keep_alive = 60;

void check(int result, const std::string& what) {
    if (result != MOSQ_ERR_SUCCESS) {
        throw std::runtime_error(what + ": " + mosquitto_strerror(result));
    }
}

// Discards what still comes.
void read_to_end(const Descriptor& socket, const std::string& what) {
    const Deadline deadline;
    std::array<char, 65536> discarded;
    do {
        std::array<pollfd, 1> events{{{socket.get(), POLLIN, 0}}};
        deadline.poll(events, what);
    } while (read(socket.get(), discarded.data(), discarded.size()) > 0);
}

void initialise_library() {
    static const int result = [] {
        std::signal(SIGPIPE, SIG_IGN);
        return mosquitto_lib_init();
    }();
    check(result, "mosquitto_lib_init");
}

}  // namespace

ClientOptions persistent(int protocol) {
    return {.protocol = protocol, .clean_start = false, .session_expiry = 3600};
}

void Loop::run_until(const std::string& what, const std::function<bool()>& done) {
    const Deadline deadline;
    while (!done()) {
        std::vector<pollfd> events;
        std::vector<Client*> polled;
        for (Client* client : clients_) {
            const int socket = mosquitto_socket(client->mosquitto_);
            if (socket < 0) continue;
            const bool writing = mosquitto_want_write(client->mosquitto_);
            events.push_back({socket, static_cast<short>(POLLIN | (writing ? POLLOUT : 0)), 0});
            polled.push_back(client);
        }
        deadline.poll(events, what);
        // Errors end the connection; the disconnect callback notes it.
        for (std::size_t i = 0; i < polled.size(); ++i) {
            if (events[i].revents & POLLOUT) mosquitto_loop_write(polled[i]->mosquitto_, 1);
            if (events[i].revents & ~POLLOUT) mosquitto_loop_read(polled[i]->mosquitto_, 1);
        }
    }
}

Client::Client(Loop& loop, Endpoint endpoint, std::string id, ClientOptions options)
    : loop_(loop),
      endpoint_(std::move(endpoint)),
      id_(std::move(id)),
      options_(std::move(options)) {
    initialise_library();
    mosquitto_ = mosquitto_new(id_.c_str(), options_.clean_start, this);
    if (mosquitto_ == nullptr) throw std::runtime_error("mosquitto_new " + id_);
    mosquitto_int_option(mosquitto_, MOSQ_OPT_PROTOCOL_VERSION, options_.protocol);
    mosquitto_int_option(mosquitto_, MOSQ_OPT_RECEIVE_MAXIMUM, options_.receive_maximum);
    mosquitto_int_option(mosquitto_, MOSQ_OPT_TCP_NODELAY, 1);
    if (!options_.username.empty()) {
        mosquitto_username_pw_set(mosquitto_, options_.username.c_str(), options_.password.c_str());
    }
    if (options_.will) set_will(*options_.will);
    set_callbacks();
    loop_.clients_.push_back(this);
}

Client::~Client() {
    std::erase(loop_.clients_, this);
    mosquitto_destroy(mosquitto_);
}

void Client::set_will(const Message& will) {
    PropertyList properties = to_list(will.properties);
    if (options_.will_delay != 0) {
        add_int32(properties, MQTT_PROP_WILL_DELAY_INTERVAL, options_.will_delay);
    }
    check(
        mosquitto_will_set_v5(mosquitto_, will.topic.c_str(), static_cast<int>(will.payload.size()),
                              will.payload.data(), will.qos, will.retain, properties.get()),
        "will of " + id_);
    // libmosquitto owns them now.
    [[maybe_unused]] const auto* owned = properties.release();
}

void Client::set_callbacks() {
    mosquitto_connect_v5_callback_set(
        mosquitto_, [](mosquitto*, void* self, int code, int flags, const mosquitto_property*) {
            auto* client = static_cast<Client*>(self);
            client->connack_ = code;
            client->session_present_ = (flags & 1) != 0;
            client->connected_ = code == 0;
        });
    mosquitto_disconnect_callback_set(mosquitto_, [](mosquitto*, void* self, int) {
        static_cast<Client*>(self)->connected_ = false;
    });
    mosquitto_subscribe_callback_set(
        mosquitto_, [](mosquitto*, void* self, int packet, int count, const int* codes) {
            static_cast<Client*>(self)->subacks_[packet].assign(codes, codes + count);
        });
    mosquitto_unsubscribe_callback_set(mosquitto_, [](mosquitto*, void* self, int packet) {
        static_cast<Client*>(self)->unsubacks_.push_back(packet);
    });
    mosquitto_publish_v5_callback_set(
        mosquitto_, [](mosquitto*, void* self, int packet, int code, const mosquitto_property*) {
            static_cast<Client*>(self)->published_[packet] = code;
        });
    mosquitto_message_v5_callback_set(
        mosquitto_, [](mosquitto*, void* self, const mosquitto_message* message,
                       const mosquitto_property* properties) {
            static_cast<Client*>(self)->on_message(*message, properties);
        });
}

void Client::on_message(const mosquitto_message& message, const mosquitto_property* properties) {
    std::string payload(static_cast<const char*>(message.payload),
                        static_cast<std::size_t>(message.payloadlen));
    // 2.0.11 leaves the mount point before the topics that it sends.
    if (message.topic == fence_topic() || message.topic == mount_point() + fence_topic()) {
        last_fence_ = std::move(payload);
    } else {
        messages_.push_back({.topic = message.topic,
                             .payload = std::move(payload),
                             .qos = message.qos,
                             .retain = message.retain,
                             .properties = from_list(properties)});
    }
}

PropertyList Client::connect_properties() const {
    PropertyList list;
    if (options_.protocol != MQTT_PROTOCOL_V5) return list;
    if (options_.session_expiry != 0) {
        add_int32(list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, options_.session_expiry);
    }
    if (options_.maximum_packet_size != 0) {
        add_int32(list, MQTT_PROP_MAXIMUM_PACKET_SIZE, options_.maximum_packet_size);
    }
    return list;
}

bool Client::connect() {
    connack_.reset();
    const PropertyList properties = connect_properties();
    check(mosquitto_connect_bind_v5(mosquitto_, endpoint_.host.c_str(), endpoint_.port, keep_alive,
                                    nullptr, properties.get()),
          "connect " + id_);
    loop_.run_until("CONNACK for " + id_, [&] { return connack_.has_value(); });
    if (!connected_) {
        throw std::runtime_error(id_ + " was refused: " + std::to_string(*connack_));
    }
    subscribe(fence_topic(), 1);
    return session_present_;
}

void Client::disconnect() {
    flush();
    // libmosquitto closes the socket behind DISCONNECT. With something unread in it the kernel
    // would reset the connection, and the broker might miss what it has not read yet.
    const Descriptor socket(dup(mosquitto_socket(mosquitto_)));
    check(mosquitto_disconnect(mosquitto_), "disconnect " + id_);
    loop_.run_until("the end of the connection of " + id_, [&] { return !connected_; });
    read_to_end(socket, "the broker to end the connection of " + id_);
}

void Client::drop() {
    flush();
    shutdown(mosquitto_socket(mosquitto_), SHUT_RDWR);
    loop_.run_until("the end of the connection of " + id_, [&] { return !connected_; });
}

void Client::wait_for(const std::string& what, const std::function<bool()>& done) {
    loop_.run_until(what, [&] { return done() || !connected_; });
    if (!done()) throw std::runtime_error(id_ + " lost its connection before " + what);
}

int Client::subscribe(const std::string& filter, int qos, int options, std::uint32_t identifier) {
    PropertyList properties;
    if (identifier != 0) add_varint(properties, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, identifier);
    int packet = 0;
    check(
        mosquitto_subscribe_v5(mosquitto_, &packet, filter.c_str(), qos, options, properties.get()),
        "subscribe " + filter);
    wait_for("SUBACK for " + filter, [&] { return subacks_.contains(packet); });
    return subacks_.extract(packet).mapped().at(0);
}

std::vector<int> Client::subscribe(const std::vector<std::string>& filters, int qos) {
    std::vector<std::string> copies = filters;
    std::vector<char*> pointers;
    for (auto& filter : copies) pointers.push_back(filter.data());
    int packet = 0;
    check(mosquitto_subscribe_multiple(mosquitto_, &packet, static_cast<int>(pointers.size()),
                                       pointers.data(), qos, 0, nullptr),
          "subscribe " + id_);
    wait_for("SUBACK for " + id_, [&] { return subacks_.contains(packet); });
    return subacks_.extract(packet).mapped();
}

void Client::unsubscribe(const std::string& filter) {
    int packet = 0;
    check(mosquitto_unsubscribe(mosquitto_, &packet, filter.c_str()), "unsubscribe " + filter);
    wait_for("UNSUBACK for " + filter,
             [&] { return std::ranges::find(unsubacks_, packet) != unsubacks_.end(); });
    std::erase(unsubacks_, packet);
}

int Client::start_publish(const Message& message) {
    int packet = 0;
    const PropertyList properties = to_list(message.properties);
    check(mosquitto_publish_v5(mosquitto_, &packet, message.topic.c_str(),
                               static_cast<int>(message.payload.size()), message.payload.data(),
                               message.qos, message.retain, properties.get()),
          "publish to " + message.topic);
    return packet;
}

int Client::finish_publish(int packet) {
    wait_for(id_ + " to have published", [&] { return published_.contains(packet); });
    return published_.extract(packet).mapped();
}

int Client::start_flush() {
    return start_publish({.topic = fence_topic(), .payload = "flush", .qos = 1});
}

int Client::publish(const Message& message) {
    return finish_publish(start_publish(message));
}

int Client::publish(const std::string& topic, const std::string& payload, int qos) {
    return publish({.topic = topic, .payload = payload, .qos = qos});
}

void Client::publish(const std::vector<Message>& messages) {
    std::vector<int> packets;
    for (const auto& message : messages) packets.push_back(start_publish(message));
    for (const int packet : packets) finish_publish(packet);
}

std::vector<std::string> Client::payloads() const {
    std::vector<std::string> result;
    for (const auto& message : messages_) result.push_back(message.payload);
    return result;
}

std::vector<Message> Client::take_messages() {
    return std::exchange(messages_, {});
}

std::vector<std::string> Client::take_payloads() {
    auto result = payloads();
    messages_.clear();
    return result;
}

void Client::wait_for_messages(std::size_t count) {
    wait_for(std::to_string(count) + " messages at " + id_,
             [&] { return messages_.size() >= count; });
}

void Client::wait_for_fence(const std::string& payload) {
    wait_for("the fence at " + id_, [&] { return last_fence_ == payload; });
}

}  // namespace integration
