// What clients see of access control, and the ways to have some.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "access_control_command.hpp"
#include "access_control_test.hpp"

namespace integration {

using Lines = std::vector<std::string>;  // of a configuration

class AccessControlSeen;

// Somebody else who says no.
struct Denier {
    std::string name;
    std::function<Lines(AccessControlSeen&)> set_up;
    bool is_plugin = false;        // stands before or behind the plugin under test
    bool controls_access = false;  // not only who may connect
    std::function<bool()> is_possible = [] { return true; };  // with this broker
};

class AccessControlSeen : public AccessControlTest {
  public:
    // An acl_file, plugins, a password_file, and nobody.
    static std::vector<Denier> each_denier();

  protected:
    AccessControlSeen() : broker_(port_.number()) {}

    // What every configuration begins with.
    Lines base(const std::string& user = "root") const;

    std::string write(const std::string& name, const Lines& lines);
    Command command(const std::vector<std::string>& arguments) const {
        return {.arguments = arguments, .directory = broker.path("")};
    }
    // Fails the test if it does not start.
    void start(const Command& command);
    void stop();

    // A line for each thing that a client may do or not: connect, subscribe, publish, read.
    Lines seen();

    ReservedPort port_;
    CommandBroker broker_;
};

// One after the other.
Lines in_order(std::initializer_list<Lines> parts);
// What of that is not denied.
Lines allowed(Lines seen);

}  // namespace integration
