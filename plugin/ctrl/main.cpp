// mosquitto_shared_subscription_ctrl: the client by itself.
#include <string>
#include <vector>

#include "ctrl/client.hpp"

int main(int argc, char* argv[]) {
    using namespace shared_subscription::ctrl;
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return run(words, "mosquitto_shared_subscription_ctrl");
}
