// Sessions that have ended, but whose leaves the broker still has (2.1): it asks for them, in a
// ring instead of somebody who could answer. Until its next round or the one after, or, where a
// will is delayed, until they are taken out here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Ghosts {
  public:
    Ghosts(Registry& registry, Broker& broker) : registry_(registry), broker_(broker) {}

    /// This session ends.
    void leave(const Session& session);
    /// Another connection has that context now.
    void forget(Context context) { ghosts_.erase(context); }
    /// One round of the main loop is over, and nothing is fanned out.
    void tick();

    /// Whether it is one of them. A connection that is freed may leave its address to another,
    /// which resumes a session before it is announced.
    [[nodiscard]] bool has(const Client& client) const noexcept {
        if (ghosts_.empty()) return false;
        const auto found = ghosts_.find(client.context);
        return found != ghosts_.end() && found->second.client_id == client.id;
    }

    /// The broker asks for a leaf of that context, of which `has` is true, in that fan-out: the
    /// leaf's group, null if it is nobody's (any more). Nothing: not in this fan-out, as it has
    /// asked for all.
    [[nodiscard]] std::optional<Group*> ask(Context context, std::string_view topic,
                                            std::uint64_t publisher, std::uint64_t fan_out);

  private:
    struct Leaf {
        std::string_view share_name;  ///< empty: a non-shared subscription
        std::string_view filter;
        bool in_ring = false;
        bool no_local = false;
        std::uint64_t asked_in = 0;  ///< the last fan-out
    };
    /// Its leaves look into `text`, which stays where it is. A client may have very many of them.
    struct Ghost {
        std::string client_id;
        std::uint64_t key;  ///< Session::key
        std::vector<char> text{};
        std::vector<Leaf> leaves{};  ///< as the broker comes to them
        int ticks = 0;
    };
    [[nodiscard]] Group* group_of(const Leaf& leaf) const {
        return registry_.find_group(leaf.share_name, leaf.filter);
    }
    [[nodiscard]] bool ring_was_asked(const Leaf& leaf, std::uint64_t fan_out) const;
    [[nodiscard]] bool lingers(Context context, const Ghost& ghost) const;
    void take_out(const Ghost& ghost);

    Registry& registry_;
    Broker& broker_;
    std::unordered_map<Context, Ghost> ghosts_;
};

}  // namespace shared_subscription
