// What administrators see of a group, wherever they look: by request, or below $SYS.
#pragma once

#include "control/fields.hpp"
#include "control/moment.hpp"
#include "core/model/group.hpp"

namespace shared_subscription {

/// Its name and filter.
[[nodiscard]] Json identify(const Group& group);

/// How many messages in a second it gives to members, in tenths: an average since somebody looked
/// last, or it began; at least over five seconds, but for a group that is younger. `milliseconds`:
/// as Moment.
[[nodiscard]] double take_rate(Group& group, std::int64_t milliseconds);

/// What there is to say in numbers, added to `data`.
void add_metrics(Json& data, Group& group, const Moment& now);

}  // namespace shared_subscription
