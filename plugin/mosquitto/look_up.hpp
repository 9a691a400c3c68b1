// Functions that not every release of the broker exports.
#pragma once

#include <dlfcn.h>

namespace shared_subscription {

/// Null: there is none by that name. `Function` is the type of a pointer to it.
template <class Function>
Function look_up(const char* name, void* library = RTLD_DEFAULT) {
    return reinterpret_cast<Function>(dlsym(library, name));
}

}  // namespace shared_subscription
