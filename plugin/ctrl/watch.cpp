#include "ctrl/watch.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>

#include "ctrl/table.hpp"

namespace shared_subscription::ctrl {
namespace {

constexpr auto kInterval = std::chrono::seconds(1);

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) {
    interrupted = 1;
}

// SA_RESTART is not wanted: the loop shall look at once.
class Interrupts {
  public:
    Interrupts() {
        struct sigaction action {};
        action.sa_handler = interrupt;
        sigaction(SIGINT, &action, nullptr);
        sigaction(SIGTERM, &action, nullptr);
    }
    ~Interrupts() {
        std::signal(SIGINT, SIG_DFL);
        std::signal(SIGTERM, SIG_DFL);
    }
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;
};

// The alternate screen without a cursor, for as long as it lives.
class Screen {
  public:
    explicit Screen(bool wanted) : wanted_(wanted) {
        if (wanted_) std::cout << "\033[?1049h\033[?25l";
    }
    ~Screen() {
        if (wanted_) std::cout << "\033[?25h\033[?1049l" << std::flush;
    }
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

  private:
    bool wanted_;
};

std::string on_terminal(const std::string& text) {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        size.ws_row = 24;
        size.ws_col = 80;
    }
    return redraw(text, size.ws_row, size.ws_col);
}

std::string picture(const Json& statistics, const Json& groups, bool json, bool terminal) {
    if (json) return as_ascii({{"statistics", statistics}, {"groups", groups}}) + '\n';
    const auto text = shown_live(statistics, groups);
    return terminal ? on_terminal(text) : text + '\n';
}

}  // namespace

bool watch(Session& session, bool json, Failure& failure) {
    const bool terminal = !json && isatty(STDOUT_FILENO) != 0;
    std::string ignored;
    const auto list = parse_command(std::array{std::string("list")}, ignored);
    const auto statistics = parse_command(std::array{std::string("stats")}, ignored);

    const Interrupts interrupts;
    session.stop_when([] { return interrupted != 0; });
    const Screen screen(terminal);
    while (true) {
        const auto numbers = session.fetch(*statistics, failure);
        const auto groups = numbers ? session.fetch(*list, failure) : std::nullopt;
        // Ctrl-C is how it ends, and so is a reader that has read enough.
        if (!groups) return failure.code == kDone;
        std::cout << picture(*numbers, groups->at("groups"), json, terminal) << std::flush;
        if (!std::cout) return true;
        if (!session.idle(kInterval, failure)) return failure.code == kDone;
    }
}

}  // namespace shared_subscription::ctrl
