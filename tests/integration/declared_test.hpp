// The fixture of the tests of declared groups: one of them, and a look at what it has collected.

#pragma once

#include <string>
#include <vector>

#include "restart_test.hpp"

namespace integration {

class DeclaredTest : public RestartTest {
  protected:
    static constexpr const char* declared = "plugin_opt_declare_group workers jobs/#";
    static constexpr const char* filter = "$share/workers/jobs/#";

    // The payloads of all that waits, as its next member gets it.
    std::vector<std::string> collect(const std::string& id, std::size_t count) {
        Client& member = connect(id);
        EXPECT_EQ(member.subscribe(filter, 2), 2);
        member.wait_for_messages(count);
        settle();
        auto payloads = member.payloads();
        member.disconnect();
        settle();
        return payloads;
    }
};

}  // namespace integration
