// What administrators see of a group, wherever they look: by request, or below $SYS.
#pragma once

#include <cstdint>

#include "control/fields.hpp"
#include "core/model/group.hpp"

namespace shared_subscription {

/// Its name and filter.
[[nodiscard]] Json identify(const Group& group);

/// What there is to say in numbers, added to `data`. `now`: seconds since 1970.
void add_metrics(Json& data, const Group& group, std::int64_t now);

}  // namespace shared_subscription
