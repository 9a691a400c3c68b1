// A real broker in a temporary directory of its own, on a free port of the loopback interface.
//
// The process never outlives the tests: its destructor ends it, and the kernel does if the tests
// themselves die (PR_SET_PDEATHSIG).

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "descriptor.hpp"

namespace integration {

// The lines of mosquitto.conf that a test chooses, in the order in which they are written. The
// listener and `allow_anonymous true` come between `first` and `before_plugin`.
struct Configuration {
    std::vector<std::string> first = {};          // what has to precede a listener
    std::vector<std::string> before_plugin = {};  // security options, other plugins
    bool with_plugin = true;
    std::vector<std::string> options = {};  // plugin_opt_... of the plugin under test
    std::vector<std::string> after_plugin = {};
    bool allow_anonymous = true;
    std::string text = {};  // the whole configuration, instead of all the above
};

// A port that nobody else gets while this object lives, although nothing listens on it: bound, with
// SO_REUSEADDR, which lets the broker (that sets it too) listen.
class ReservedPort {
  public:
    ReservedPort();
    std::uint16_t number() const { return number_; }

  private:
    Descriptor socket_;
    std::uint16_t number_ = 0;
};

// A connection to the loopback port; throws std::system_error.
Descriptor connect_to(std::uint16_t port);

class Broker {
  public:
    Broker();
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    // A file beside the configuration, made before the start; returns its path.
    std::string write_file(const std::string& name, const std::string& text);
    std::string path(const std::string& name) const { return directory_ / name; }

    // Returns when the broker accepts connections. Throws with the log if it gives up instead. May
    // be called again after stop(): same port, same directory, the log goes on.
    void start(const Configuration& configuration = {});

    // Starts a broker that is expected to give up by itself; returns its exit status (-signal if
    // one ended it).
    int start_in_vain(const Configuration& configuration);

    // SIGHUP: the broker reads its configuration again, this one if it is given. Returns when it
    // has begun to; what a client sends from now on is answered afterwards.
    void reload();
    void reload(const Configuration& configuration);

    // SIGTERM; returns the exit status like start_in_vain().
    int stop();

    // SIGKILL, as a crash or a power failure would; returns when it has ended.
    void kill();

    bool running() const { return process_ > 0; }
    pid_t process() const { return process_; }
    // It was started, and has ended by itself; stop() tells how.
    bool has_ended() const;
    std::uint16_t port() const { return port_.number(); }
    // "<file>:<number>" of the first such line of a file beside the configuration, or of itself.
    std::string line_number(const std::string& line,
                            const std::string& file = "mosquitto.conf") const;

    std::string log() const;
    std::vector<std::string> log_lines() const;
    // The lines of the log with this text in them.
    std::vector<std::string> log_lines(std::string_view text) const;
    // Returns when there are that many such lines. Throws if the broker ends before that.
    void wait_for_log(std::string_view text, std::size_t times = 1);
    // Lines that no test may leave unexplained: errors, exceptions, reports of a sanitizer.
    std::vector<std::string> alarming_log_lines() const;

  private:
    void spawn(const Configuration& configuration);
    std::string configuration_text(const Configuration& configuration) const;
    std::string write_configuration(const Configuration& configuration);
    void wait_for_main_loop() const;
    void wake() const;
    int wait_for_exit();

    std::filesystem::path directory_;
    ReservedPort port_;
    pid_t process_ = -1;
    Descriptor process_descriptor_;
};

}  // namespace integration
