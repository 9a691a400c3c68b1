// What each event of the broker ends, and what may be done when it comes: the one table.
//
// Each event says that whatever was fanned out before is through, and that nothing is expected any
// more of a client that resumed or subscribed (Engine::conclude). Only READ and MESSAGE_OUT may
// belong to what goes on; who is asked about, and when, tells that (FanOut).
//
//   event         generation  raised
//   write         both        by PUBLISH, by a will, for what a client resumes
//   message       both        by PUBLISH, straight after its WRITE; alone for what a bridge brings
//   subscribe     both        2.0: in the access check; a kick has it for each leaf again
//   unsubscribe   both        2.0: in the access check
//   administer    both        by $CONTROL, which is a MESSAGE of its own
//   connected     2.1         by CONNECT
//   offline       2.1         the connection has ended, the session stays
//   ended         2.1         the session has ended, or goes on in another connection
//   disconnected  2.0         either; what became of the session shows by the TICK of that round
#pragma once

#include <cstdint>

namespace shared_subscription {

enum class Event : std::uint8_t {
    write,
    message,
    subscribe,
    unsubscribe,
    administer,
    connected,
    offline,
    ended,
    disconnected,
};

struct Rule {
    /// A connection or its leaves come or go: an address may be another client's from now on.
    bool moves_addresses = false;
    /// What waits may go out, but on 2.0, where that is for TICK alone as long as there are TICKs.
    bool may_publish = false;
    /// No fan-out can be in its midst: leaves may be taken out and put back (2.1).
    bool may_place = false;
};

[[nodiscard]] constexpr Rule rule_of(Event event) noexcept {
    switch (event) {
        case Event::write:
        case Event::message:
        case Event::administer:
            return {.may_publish = true, .may_place = true};
        case Event::subscribe:
        case Event::unsubscribe:
            return {.moves_addresses = true, .may_publish = true, .may_place = true};
        case Event::connected:  // places when the session is known to be back
            return {.moves_addresses = true, .may_publish = true};
        case Event::offline:  // may come after what was published before has been drained
        case Event::ended:
        case Event::disconnected:
            break;
    }
    return {.moves_addresses = true};
}

}  // namespace shared_subscription
