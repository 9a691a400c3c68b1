#include "ctrl/client.hpp"

#include <array>
#include <csignal>
#include <exception>
#include <iostream>

#include "ctrl/exposition.hpp"
#include "ctrl/session.hpp"
#include "ctrl/table.hpp"
#include "ctrl/watch.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription::ctrl {
namespace {

ExitCode fail(std::string_view program, const Failure& failure) {
    std::cerr << program << ": " << printable(failure.text) << '\n';
    return failure.code;
}

std::optional<Json> fetch(Session& session, const char* word, Failure& failure) {
    std::string ignored;
    return session.fetch(*parse_command(std::array{std::string(word)}, ignored), failure);
}

// All or nothing: a file that holds a part would look like groups that are gone.
bool print_metrics(Session& session, Failure& failure) {
    const auto version = fetch(session, "version", failure);
    const auto statistics = version ? fetch(session, "stats", failure) : std::nullopt;
    const auto list = statistics ? fetch(session, "list", failure) : std::nullopt;
    if (!list) return false;
    std::cout << exposition(*version, *statistics, list->at("groups")) << std::flush;
    if (!std::cout) failure = {kNoConnection, "the metrics could not be written"};
    return failure.code == kDone;
}

bool carry_out(const Arguments& arguments, Failure& failure) {
    Session session(arguments.options);
    if (!session.connect(failure)) return false;
    if (arguments.command.kind == Kind::watch) {
        return watch(session, arguments.options.json, failure);
    }
    if (arguments.command.kind == Kind::metrics) return print_metrics(session, failure);
    const auto data = session.fetch(arguments.command, failure);
    if (!data) return false;
    if (arguments.options.json) {
        std::cout << as_ascii(*data, 2) << '\n';
    } else {
        std::cout << shown(arguments.command, *data);
    }
    return true;
}

ExitCode run_or_throw(std::span<const std::string> words, std::string_view program) {
    std::string problem;
    const auto arguments = parse_arguments(words, problem);
    if (!arguments) {
        const auto code = fail(program, {kUsage, problem});
        std::cerr << "Try: " << program << " help\n";
        return code;
    }
    if (arguments->command.kind == Kind::help) {
        std::cout << usage(program);
        return kDone;
    }
    Failure failure;
    return carry_out(*arguments, failure) ? kDone : fail(program, failure);
}

}  // namespace

ExitCode run(std::span<const std::string> words, std::string_view program) noexcept {
    // The library of 2.1 writes to connections that the broker has closed (TLS).
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return run_or_throw(words, program);
    } catch (const Json::exception& error) {
        return fail(program, {kNoConnection,
                              "the plugin's answer is not understood; is this client "
                              "older than the plugin? (" +
                                  std::string(error.what()) + ")"});
    } catch (const std::exception& error) {
        return fail(program, {kNoConnection, error.what()});
    }
}

}  // namespace shared_subscription::ctrl
