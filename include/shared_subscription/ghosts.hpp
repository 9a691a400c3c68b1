// Sessions that have ended, but whose leaves the broker still has (2.1): until its next turn, or
// the one after, it asks for them, in a ring instead of somebody who could answer.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shared_subscription/broker.hpp"
#include "shared_subscription/registry.hpp"

namespace shared_subscription {

class Ghosts {
  public:
    explicit Ghosts(Registry& registry) : registry_(registry) {}

    /// This session ends.
    void leave(const Session& session);
    /// Another connection has that context now.
    void forget(Context context) {
        std::erase_if(leaves_, [context](const Leaf& leaf) { return leaf.context == context; });
    }
    /// One turn of the main loop is over.
    void tick();

    [[nodiscard]] bool empty() const noexcept { return leaves_.empty(); }
    [[nodiscard]] bool has(Context context) const noexcept {
        return !empty() && std::ranges::find(leaves_, context, &Leaf::context) != leaves_.end();
    }
    /// The broker asks for a leaf of it in this fan-out: the leaf's group, null if it is nobody's
    /// (any more). Nothing: not in this fan-out, as it has asked for all of them.
    [[nodiscard]] std::optional<Group*> ask(Context context, std::string_view topic,
                                            std::uint64_t fan_out);

  private:
    struct Leaf {
        Context context;
        GroupName group;  ///< without a share name: an ordinary subscription
        bool in_ring = false;
        std::uint64_t asked_in = 0;  ///< the last fan-out
        int ticks = 0;
    };
    [[nodiscard]] static bool comes_before(const Leaf& one, const Leaf& other) noexcept;

    Registry& registry_;
    std::vector<Leaf> leaves_;  // those of one context as the broker comes to them
};

}  // namespace shared_subscription
