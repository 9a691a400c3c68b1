// A connection to the broker, and one question to the plugin at a time.
#pragma once

#include <mosquitto.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "ctrl/answer.hpp"
#include "ctrl/options.hpp"

namespace shared_subscription::ctrl {

/// One thread: libmosquitto calls back from within these functions.
class Session {
  public:
    explicit Session(const Options& options);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] bool connect(Failure& failure);
    /// From now on everything ends early once it is so, with a failure that has no text.
    void stop_when(std::function<bool()> stopped) { stopped_ = std::move(stopped); }
    /// The data for a command, with all pages. Takes a minute at most.
    [[nodiscard]] std::optional<Json> fetch(const Command& command, Failure& failure) {
        begin_ = Clock::now();
        received_ = 0;
        return ctrl::fetch(
            command, [this](const Json& request, Failure& why) { return ask(request, why); },
            failure);
    }
    /// Serves the connection for that long.
    [[nodiscard]] bool idle(std::chrono::milliseconds time, Failure& failure);

  private:
    using Clock = std::chrono::steady_clock;

    /// The data of the plugin's answer.
    [[nodiscard]] std::optional<Json> ask(const Json& command, Failure& failure);
    [[nodiscard]] bool configure(Failure& failure);
    [[nodiscard]] bool configure_tls(Failure& failure);
    /// Ends when it is so, at that time, or when the connection is lost, which is a failure.
    [[nodiscard]] bool serve_until(const std::function<bool()>& is_so, Clock::time_point end,
                                   Failure& failure);
    [[nodiscard]] std::string place() const;
    /// Behind why there is no connection.
    [[nodiscard]] std::string advice() const;

    void connected(int reason);
    void published(int message, int reason);
    void received(const mosquitto_message& message);

    struct Deleter {
        void operator()(mosquitto* client) const { mosquitto_destroy(client); }
    };

    const Options& options_;
    std::unique_ptr<mosquitto, Deleter> client_;
    std::function<bool()> stopped_ = [] { return false; };
    std::optional<int> connect_reason_;
    std::optional<int> refusal_;  ///< the broker's reason not to take the request
    int request_ = 0;             ///< the message id
    unsigned asked_ = 0;
    std::string correlation_;
    Clock::time_point begin_;   ///< of the command
    std::size_t received_ = 0;  ///< bytes of answers to it
    std::optional<Json> response_;
};

}  // namespace shared_subscription::ctrl
