// What a session still holds. The broker shows no acknowledgements, but it can be asked what it
// holds for a client (2.1: Broker::visit_held), so nothing is guessed of what it does not announce:
// what was acknowledged, has expired, or was dropped is not among that any more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/flow/holding.hpp"
#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Holdings {
  public:
    explicit Holdings(Broker& broker) : broker_(broker) {}

    /// Whether the broker can be asked at all.
    [[nodiscard]] bool can_ask() const noexcept { return broker_.can_visit_held(); }

    /// Calls `stays(Holding&, const Message&)` for each that the broker still holds for the client,
    /// those in flight first; no: the broker shall give it up. Whatever it does not hold any more
    /// is forgotten, but for what it may not have come to yet. Nothing happens where it cannot be
    /// asked about this client now. Not while it writes to the client.
    template <class Stays>
    void visit(Session& session, const Stays& stays) {
        if (!ask(session, stays)) return;
        auto& holdings = session.flow.holdings;
        auto next = is_kept_.begin();
        std::erase_if(holdings, [&](const Holding& holding) {
            const bool is_kept = *next++ != 0;
            return !is_kept && holding.is_settled();
        });
        session.flow.next_held = 0;
    }
    /// The same, and all stay. Returns how many others it holds, about; nothing where it cannot be
    /// asked.
    std::optional<std::size_t> prune(Session& session);
    /// The connection ends, and perhaps the session: what others would get of it. Nothing is
    /// forgotten, as what is not found may have moved to another connection.
    void keep_messages(Session& session) {
        for (auto& holding : session.flow.holdings) holding.message.reset();
        ask(session, [this](Holding& holding, const Message& message) {
            holding.message = keep(holding, message);
            return true;
        });
    }
    /// The broker has restored the session after a restart: what it holds of the session's groups
    /// is noted with its message. `first_id`: the first place in the order of publication that is
    /// taken; these come before.
    void adopt(Session& session, std::int64_t& first_id);
    /// Whether the broker showed it when it was asked last.
    [[nodiscard]] bool was_shown(const Holding& holding) const noexcept {
        return std::ranges::binary_search(shown_, holding.address);
    }
    /// The message, as it was published.
    [[nodiscard]] SharedMessage keep(const Holding& holding, const Message& message);

  private:
    template <class Stays>
    bool ask(Session& session, const Stays& stays) {
        auto& holdings = session.flow.holdings;
        if (index(holdings)) tell_twins_apart(session);
        return broker_.visit_held(session.context, [&](const Message& message) {
            const auto place = find(holdings, message);
            if (place == kNone) return true;
            const bool is_kept = stays(holdings[place], message);
            is_kept_[place] = is_kept ? 1 : 0;
            is_found_[place] = 1;
            return is_kept;
        });
    }
    /// Whether any two have the same address.
    [[nodiscard]] bool index(const HoldingList& holdings);
    void tell_twins_apart(Session& session);
    /// Fills `shown_`. How many messages the broker holds; nothing where it cannot be asked.
    [[nodiscard]] std::optional<std::size_t> ask_for_addresses(const Session& session);
    [[nodiscard]] std::size_t find(const HoldingList& holdings,
                                   const Message& message) const noexcept;

    static constexpr auto kNone = static_cast<std::size_t>(-1);

    Broker& broker_;
    // Of the session that is asked about; used again.
    std::vector<std::pair<const void*, std::size_t>> by_address_;  // and the place of each
    std::vector<std::uint8_t> is_found_;                           // by place
    std::vector<std::uint8_t> is_kept_;
    std::vector<const void*> shown_;  // addresses
};

}  // namespace shared_subscription
