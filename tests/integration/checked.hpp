// What a system call says.
#pragma once

#include <cerrno>
#include <system_error>

namespace integration {

/// Throws where it is an error; `what` was called.
inline int checked(long result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return static_cast<int>(result);
}

}  // namespace integration
