// Who of a group gets one message: the strategy chooses among those who can take it, No Local and
// other access control are heard, and whoever may not have it is left out for this message.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/delivery/publications.hpp"
#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

/// Not so where the client published it, and asked for No Local.
[[nodiscard]] inline bool wants(const Subscription& subscription, const Publication& publication) {
    return !(subscription.no_local && subscription.session.key == publication.publisher());
}

/// For one message after the other. Allocates nothing once warm.
class Elector {
  public:
    Elector(Registry& registry, Broker& broker) : registry_(registry), broker_(broker) {}

    /// What comes is about this message, until `end`. `message` and `publication` stay where they
    /// are. `number`: of the fan-out, or whatever else is counted by Registry::fan_out.
    /// `may_wait`: for somebody who has room.
    void begin(const Message& message, const Publication& publication, std::uint64_t number,
               bool may_wait) noexcept {
        message_ = &message;
        publication_ = &publication;
        number_ = number;
        may_wait_ = may_wait;
        others_decide_ = broker_.others_decide();
        ballot_ = {};
    }
    /// Those that were left out count again.
    void end() {
        for (auto* member : excluded_) registry_.refresh(*member);
        excluded_.clear();
    }

    /// Whether the broker is sure to hold back what it cannot write at once: it says nothing where
    /// it drops it.
    void set_holds_back(bool holds_back) noexcept { holds_back_ = holds_back; }

    /// Null: nobody can have it now.
    [[nodiscard]] Member* choose(Group& group);
    /// The same in turn for what waits for the group, which no ring shows.
    [[nodiscard]] Member* choose_from_queue(Group& group);

    /// Whether others let the member read it, as far as they can be asked.
    [[nodiscard]] bool may_read(Member& member) {
        return !others_decide_ || is_judged(member) || judge(member);
    }
    /// Whether others have let it read the message, by this very connection.
    [[nodiscard]] bool is_judged(const Member& member) const noexcept {
        return member.let_read_in == number_ && member.subscription->session.moved_in < number_;
    }
    /// This member cannot have it.
    void exclude(Member& member);
    /// Whether anybody in the group may take it later. Not so if all are there and may not read it.
    [[nodiscard]] bool may_want(const Group& group) const noexcept;

  private:
    template <class Choose>
    [[nodiscard]] Member* choose(Group& group, Candidate::Fitness least, const Choose& choose_next);
    void fill_ballot(Strategy strategy) noexcept;
    /// As StoredMessage::size.
    [[nodiscard]] std::size_t size() const {
        return message_->topic.size() + message_->payload_size +
               (message_->properties ? broker_.size_of_properties(message_->properties) : 0);
    }
    [[nodiscard]] bool judge(Member& member);
    [[nodiscard]] bool may_have_no_local(const Member& member) const;

    Registry& registry_;
    Broker& broker_;
    const Message* message_ = nullptr;
    const Publication* publication_ = nullptr;
    std::uint64_t number_ = 0;
    bool may_wait_ = false;
    bool others_decide_ = false;  // other access control
    bool holds_back_ = true;
    Ballot ballot_;
    std::vector<Member*> excluded_;
};

/// For the log.
[[nodiscard]] std::string describe(const Member& member);

}  // namespace shared_subscription
