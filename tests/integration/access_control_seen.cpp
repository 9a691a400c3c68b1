#include "access_control_seen.hpp"

#include <unistd.h>

#include <filesystem>

namespace integration {
namespace {

namespace fs = std::filesystem;

// Of the user bob, whose password is "secret" (see access_control_test.cpp).
constexpr const char* passwords =
    "bob:$7$101$dHdlbHZlIGJ5dGVz$"
    "v/lj6L3NtZzRH+EyeyPkX06ZV2hBBVZqta7rtt0tD+UEtFehuQLthWWy1s9ZSdmRV5IZqoUymx/Udzry8Wtupw==\n";

const Lines seen_clients{"alice", "bob", "mallory"};
const Lines seen_filters{"#", "secret/#", "closed/#"};
const Lines seen_topics{"open/t", "secret/t", "closed/t", "other"};

// 2.1 has it.
fs::path acl_file_plugin() {
    return fs::path(environment().dynamic_security).parent_path() /
           "mosquitto/mosquitto_acl_file.so";
}

}  // namespace

std::vector<Denier> AccessControlSeen::each_denier() {
    using Test = AccessControlSeen;
    std::vector<Denier> result{
        {.name = "Nobody", .set_up = [](Test&) { return Lines{}; }},
        {.name = "PasswordFile",
         .set_up =
             [](Test& test) {
                 return Lines{"password_file " + test.broker.write_file("passwords", passwords)};
             }},
        {.name = "AclFilePlugin",
         .set_up =
             [](Test& test) {
                 test.configuration(AccessControlKind::acl_file);
                 return Lines{"plugin " + acl_file_plugin().string(),
                              "plugin_opt_acl_file " + test.broker.path("acl")};
             },
         .is_plugin = true,
         .controls_access = true,
         .is_possible = [] { return fs::exists(acl_file_plugin()); }}};
    for (const auto& [name, kind] : each_access_control()) {
        result.push_back(
            {.name = name,
             .set_up = [kind = kind](Test& test) { return test.configuration(kind).after_plugin; },
             .is_plugin = kind != AccessControlKind::acl_file,
             .controls_access = true});
    }
    return result;
}

Lines AccessControlSeen::base(const std::string& user) const {
    Lines lines{"log_dest stderr", "set_tcp_nodelay true"};
    if (geteuid() == 0) lines.push_back("user " + user);
    lines.push_back("listener " + std::to_string(port_.number()) + " 127.0.0.1");
    lines.push_back("allow_anonymous true");
    return lines;
}

std::string AccessControlSeen::write(const std::string& name, const Lines& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return broker.write_file(name, text);
}

void AccessControlSeen::start(const Command& command) {
    ASSERT_TRUE(broker_.start(command)) << broker_.log();
}

void AccessControlSeen::stop() {
    EXPECT_EQ(broker_.stop(), 0) << broker_.log();
}

// Each client does it to itself: what it is sent comes before the PUBACK.
Lines AccessControlSeen::seen() {
    Lines result;
    for (const auto& name : seen_clients) {
        ClientOptions options;
        if (name != "alice") options.username = name;
        if (name != "alice") options.password = name == "bob" ? "secret" : "wrong";
        Client client(loop, loopback(broker_.port()), name, options);
        try {
            client.connect();
        } catch (const std::runtime_error&) {
            result.push_back(name + " connects: denied");
            continue;
        }
        result.push_back(name + " connects");
        for (const auto& filter : seen_filters) {
            const bool is_granted = client.subscribe(filter, 1) < 128;
            result.push_back(name + " subscribes " + filter + (is_granted ? "" : ": denied"));
        }
        for (const auto& topic : seen_topics) {
            const bool is_accepted = client.publish(topic, "x", 1) < 128;
            result.push_back(name + " publishes " + topic + (is_accepted ? "" : ": denied"));
            const auto count = client.take_messages().size();
            result.push_back(name + " reads " + topic + " " + std::to_string(count) + " times" +
                             (count > 0 ? "" : ": denied"));
        }
    }
    return result;
}

Lines in_order(std::initializer_list<Lines> parts) {
    Lines result;
    for (const auto& part : parts) result.insert(result.end(), part.begin(), part.end());
    return result;
}

Lines allowed(Lines seen) {
    std::erase_if(seen, [](const auto& line) { return line.ends_with(": denied"); });
    return seen;
}

}  // namespace integration
