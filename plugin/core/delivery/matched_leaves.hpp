// Which leaf of a client is meant. The broker names the client, not the leaf; but it asks about the
// leaves in the order of FilterTree::match, so the n-th question about a client is about the n-th
// of its leaves that match the topic.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/elector.hpp"
#include "core/delivery/publications.hpp"
#include "core/model/registry.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/subscription_filter.hpp"

namespace shared_subscription {

/// What one leaf in the broker's tree stands for.
struct Leaf {
    Subscription* subscription = nullptr;  ///< null: a leaf that is not known
    bool non_shared = false;
    std::span<const std::unique_ptr<Member>> members{};
};

/// The leaves that match the topic of one fan-out after the other. Allocates nothing once warm.
class MatchedLeaves {
  public:
    MatchedLeaves(Registry& registry, Broker& broker, const BrokerTraits& traits)
        : registry_(registry), broker_(broker), traits_(traits) {}

    /// What comes is about this topic. `topic_number`: Publications::topic_number, where the same
    /// one means the same topic; 0: it was not announced. What is known of the filters that match
    /// holds until it is another topic, or the registry has changed.
    void match(std::string_view topic, std::uint64_t topic_number);
    /// Of these, the broker asks in this fan-out. `publication`: tells whom it does not ask about
    /// for subscriptions with No Local, and stays where it is; null: nobody.
    void begin(std::uint64_t fan_out, const Publication* publication) noexcept {
        fan_out_ = fan_out;
        publication_ = publication;
    }

    /// The leaf that the client's question is about that comes after `index` others.
    [[nodiscard]] Leaf at(Session& session, std::size_t index) {
        if (const auto* sole = session.sole; sole && index == 0 && is_asked_about(*sole)) {
            auto& subscription = *sole->subscription;
            if (has(subscription.filter)) return {&subscription, false, subscription.members};
        }
        return traits_.merges_uses(topic_) ? merged_at(session, index)
                                           : separate_at(session, index);
    }
    /// Of a ring, the broker asks for one alone, after those of the filters before.
    [[nodiscard]] bool is_asked_about(const Member& member) const noexcept {
        const auto& ring = member.group->ring;
        if (!member.group->placement.rotates) return true;
        return ring.was_asked_in(fan_out_) ? ring.asked() == &member : member.stands;
    }
    /// Whether a ring of which the client is a member was asked about.
    [[nodiscard]] bool has_asked_ring(const Session& session);
    /// Whether the client has leaves that are not known here. 2.0 tells how many it had at most.
    [[nodiscard]] bool has_unknown(const Session& session) const;
    /// Whether a subscription of the client without a group matches.
    [[nodiscard]] bool has_non_shared(const Session& session);

    /// Whether the filter matches. Many topics have one alone, which need not be looked for.
    [[nodiscard]] bool has(const Filter& filter) {
        if (first_ == &filter) return true;
        if (!first_ && !is_searched_ && matches(filter.text, topic_)) {
            first_ = &filter;
            return true;
        }
        search();
        return filter.matched_in == match_number_;
    }
    /// All that match, in the broker's order; the same until the next `match`.
    [[nodiscard]] const std::vector<Filter*>& filters() {
        search();
        return filters_;
    }
    [[nodiscard]] const std::string& topic() const noexcept { return topic_; }

  private:
    /// No Local is about who published the message that the broker fans out.
    [[nodiscard]] bool is_asked_for(const Subscription& subscription) const noexcept {
        return !publication_ || wants(subscription, *publication_);
    }
    [[nodiscard]] Leaf merged_at(Session& session, std::size_t index);
    [[nodiscard]] Leaf pending_at(const Session& session, std::size_t index) const noexcept;
    [[nodiscard]] Leaf separate_at(Session& session, std::size_t index);
    [[nodiscard]] Leaf shared_from(Session& session, Session::LeafCursor from,
                                   std::size_t count) const noexcept;
    void search() {
        if (!is_searched_) look_for_filters();
    }
    void look_for_filters();

    Registry& registry_;
    Broker& broker_;
    const BrokerTraits& traits_;
    std::uint64_t fan_out_ = 0;
    const Publication* publication_ = nullptr;
    std::string topic_;
    std::uint64_t topic_number_ = 0;
    std::uint64_t version_ = 0;      // of the registry; 0: of another topic
    const Filter* first_ = nullptr;  // that was asked about, if it matches
    bool is_searched_ = false;
    std::uint64_t match_number_ = 0;
    std::vector<Filter*> filters_;  // if they have been looked for
};

}  // namespace shared_subscription
