// The client as `mosquitto_ctrl shared-subscription`: mosquitto_ctrl loads it by its file's name
// and calls ctrl_main (apps/mosquitto_ctrl/mosquitto_ctrl.c, the same in 2.0 and 2.1).
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "ctrl/client.hpp"
#include "ctrl/host_arguments.hpp"

namespace {

constexpr const char* kProgram = "mosquitto_ctrl shared-subscription";

}  // namespace

extern "C" {

// What mosquitto_ctrl made of its options is in a structure that no installed header describes and
// that differs between releases. So they are read again from the process' own arguments.
[[gnu::visibility("default")]] int ctrl_main(int argc, char* argv[], void* /*ctrl*/) {
    using namespace shared_subscription::ctrl;
    const std::vector<std::string> own(argv, argv + argc);
    const auto words = with_options_of_host(process_arguments(), program_invocation_name, own);
    const int code = run(words, kProgram);
    // It takes 0 as a request to be sent, negative as "done", and has no way to return our codes.
    if (code == kDone) return -1;
    std::cout.flush();
    std::exit(code);
}

[[gnu::visibility("default")]] void ctrl_help() {
    std::cout << shared_subscription::ctrl::usage(kProgram);
}
}
