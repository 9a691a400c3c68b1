// Which session is at which of the broker's addresses. The broker asks about one client after the
// other, in the same order for each message, so that who comes next is known without a look-up.
//
// An address may be another connection's from one round of the main loop to the next, and wherever
// connections come and go: until it has been verified, the identifier tells.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/model/records.hpp"
#include "core/prefetch.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {

/// Never follows an address of the broker's. Allocates nothing but in `fit`.
class AddressBook {
  public:
    /// There are so many sessions now, few of which shall share a place. More of them than before
    /// may take memory that there is not.
    void fit(std::size_t sessions) {
        if (4 * sessions > places_.size() && places_.size() < kMostPlaces) {
            places_ = Places(2 * places_.size());
        } else if (32 * sessions < places_.size() && places_.size() > kFewestPlaces) {
            places_.resize(places_.size() / 2);
            places_.shrink_to_fit();
            std::ranges::fill(places_, nullptr);
        }
    }

    /// Who comes next, if it is this client. Null: somebody else (`note`).
    [[nodiscard]] Session* next(const Client& client) noexcept {
        auto* next = predicted(client.context);
        if (!next || !is_same_text(next->id, client.id)) return nullptr;
        verify(*next);
        return last_ = next;
    }
    /// A look-up has told whose the address is.
    void note(Session& found, Context context) noexcept {
        if (found.context == context) verify(found);
        follow(found);
    }
    /// Who comes next, if it has been verified since `begin_period` at this address. Null: it has
    /// not, or somebody else comes next.
    [[nodiscard]] Session* next_verified(Context context) const noexcept {
        auto* next = predicted(context);
        return next && next->order.verified_in == period_ ? next : nullptr;
    }
    /// The same in any order, and where only the identifier (zero terminated) tells. Null: not seen
    /// yet.
    [[nodiscard]] Session* find_known(Context context, const char* client_id) noexcept {
        auto* known = predicted(context);
        if (!known) known = known_at(context);
        if (!known || known->context != context) return nullptr;
        const auto* next = known->order.followed_by;
        if (next) prefetch(next, 2 * kCacheLine);  // with its identifier
        if (known->order.verified_in != period_ && !is_same_text(known->id, client_id))
            return nullptr;
        known->order.verified_in = mark_;
        return known;
    }
    /// It is the one that was asked about, after the one before. `next` and `note` do that by
    /// themselves.
    void follow(Session& found) noexcept {
        if (last_) {
            last_->order.followed_by = &found;
            last_->order.followed_at = ended_;
        }
        last_ = &found;
    }
    /// The same of what `next_verified` has found.
    void has_found(Session& session) noexcept {
        last_ = &session;
        prefetch(session.order.followed_by);  // many may be asked about, one after the other
    }

    /// A round of the main loop begins: contexts are freed, and an address may be another
    /// connection's from now on.
    void begin_period() noexcept { mark_ = ++period_; }
    /// So it may where connections and subscriptions come and go.
    void break_period() noexcept {
        ++period_;
        if (mark_ > 0) mark_ = period_;
    }

    /// The session has another address from now on.
    void forget(Session& session) noexcept {
        session.order.verified_in = 0;
        auto*& known = known_at(session.context);
        if (known == &session) known = nullptr;
    }
    /// The session is about to be gone.
    void end(Session& session) noexcept {
        forget(session);
        ++ended_;
        last_ = nullptr;
    }
    /// How many sessions have ended. A pointer to one holds while that stays the same.
    [[nodiscard]] std::uint64_t ended() const noexcept { return ended_; }

  private:
    /// Who followed the client that was asked about last, if that was this address.
    [[nodiscard]] Session* predicted(Context context) const noexcept {
        if (!last_ || last_->order.followed_at != ended_) return nullptr;
        auto* next = last_->order.followed_by;
        return next && next->context == context ? next : nullptr;
    }
    void verify(Session& session) noexcept {
        session.order.verified_in = mark_;
        known_at(session.context) = &session;
    }
    /// The session that was seen at that address last, or at another that shares its place.
    [[nodiscard]] Session*& known_at(Context context) noexcept {
        return places_[address_place(context, std::countr_zero(places_.size()))];
    }

    using Places = std::vector<Session*>;  // a power of two
    static constexpr std::size_t kFewestPlaces = 1024, kMostPlaces = 65'536;

    Session* last_ = nullptr;  // that was asked about
    std::uint64_t ended_ = 0;
    Places places_ = Places(kFewestPlaces);
    std::uint64_t period_ = 1;
    std::uint64_t mark_ = 0;  // `period_`; 0 where no rounds are shown: nothing is verified then
};

}  // namespace shared_subscription
