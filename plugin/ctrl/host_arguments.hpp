// The arguments that the program got which has loaded the module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shared_subscription::ctrl {

/// /proc/self/cmdline; empty if that cannot be read.
[[nodiscard]] std::vector<std::string> process_arguments();

/// What is between the program's name and the module's, and then the module's own words. `process`
/// may begin with a loader and its arguments; `own` are its last words, the module's name is before
/// them.
[[nodiscard]] std::vector<std::string> with_options_of_host(const std::vector<std::string>& process,
                                                            std::string_view program,
                                                            const std::vector<std::string>& own);

}  // namespace shared_subscription::ctrl
