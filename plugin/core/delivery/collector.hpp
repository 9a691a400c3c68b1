// Messages for groups about which the broker may ask nobody, as no member of them stands in its
// tree: declared ones without members, and such as have none but direct members now. A publication
// shows all the same: what clients and bridges publish in MESSAGE, wills in their WRITE check
// alone. That a message of QoS 2 is released does not show: it is collected before, or kept for a
// group that may come to be like that until it is released.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/delivery/publications.hpp"
#include "core/model/registry.hpp"
#include "core/queue/backlog.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Collector {
  public:
    Collector(Registry& registry, Publications& publications, Backlog& backlog, Broker& broker,
              const BrokerTraits& traits)
        : registry_(registry),
          publications_(publications),
          backlog_(backlog),
          broker_(broker),
          traits_(traits) {}

    /// Whether there are such groups, or may be.
    [[nodiscard]] bool is_needed() const noexcept {
        return registry_.declared_count > 0 || registry_.has_direct_members();
    }
    /// The same of when a message that is received now may be released.
    [[nodiscard]] bool may_be_needed(std::uint8_t qos) const noexcept {
        return is_needed() || (qos == 2 && may_get_direct_members());
    }

    /// Whether a message to that topic may be for them. Allocates nothing once warm. `Topic`: a
    /// text in any form, whose length is not needed while it is the same.
    template <class Topic>
    [[nodiscard]] bool may_want(const Topic& topic) {
        if (!is_needed()) return false;
        if (!is_known(topic)) match(topic);
        return may_want_;
    }

    /// A WRITE check. If no MESSAGE follows, it is a will, or others have refused it.
    void announce(const Client& client, const Message& message);
    /// A MESSAGE event. Returns, for QoS 2, by which groups it is collected now: what the broker
    /// fans out after PUBREL is not for them. Others wait for that.
    Collected receive(const Client& client, const Message& message);
    /// The one whose topic is at that address is about to be fanned out: members of those others
    /// may have gone.
    void release(const char* topic);
    /// The same of all, in no fan-out's midst. `now`: as in Engine::tick.
    void tick(std::int64_t now) {
        sweeps_left_ = kSweepsInATurn;
        const bool may_change = seen_departures_ != registry_.departures || swept_ != now;
        if (publications_.has_unreleased() && may_change) collect_unreleased(now);
    }
    /// Its fan-out is over, or there was none.
    void conclude() {
        if (!expecting_.empty()) note_silence();
        if (pending_) collect();
    }

  private:
    static constexpr int kSweepsInATurn = 10;  // each looks at all that is unreleased

    template <class Topic>
    [[nodiscard]] bool is_known(const Topic& topic) const noexcept {
        return version_ == registry_.version() && is_same_text(topic_, topic);
    }
    [[nodiscard]] bool may_get_direct_members() const noexcept {
        return traits_.direct_from > 0 && !traits_.separate_leaves;
    }
    void match(std::string_view topic);
    /// Whether it is for any. `is_received`: it is of QoS 2 and will be released later.
    [[nodiscard]] bool find_groups(const Client& client, const Message& message,
                                   bool is_received = false);
    [[nodiscard]] bool collects(const Group& group, std::uint8_t qos, std::uint64_t publisher,
                                bool is_received) const noexcept;
    [[nodiscard]] Collected receive_unreleased(const Client& client, const Message& message);
    void collect_unreleased(std::int64_t now);
    /// What a publisher has sent before what is collected now.
    void collect_before();
    /// Answers whether groups still wait for it.
    bool collect_unasked(Publication& publication, Unreleased& unreleased);
    [[nodiscard]] bool has_seen_to(const Group& group) const noexcept;
    void note_silence();
    void keep(const Client& client, const Message& message);
    /// Whether it is one of QoS 2 that its publisher has sent again before it released it.
    [[nodiscard]] bool is_sent_again();
    void collect();

    Registry& registry_;
    Publications& publications_;
    Backlog& backlog_;
    Broker& broker_;
    const BrokerTraits& traits_;
    SharedMessage pending_;
    const char* received_ = nullptr;     // the address of its topic, if it is of QoS 2 and no will
    std::string publisher_id_;           // ... and whose it is
    std::vector<std::uint64_t> groups_;  // that want it, by Group::number
    /// Groups that would want it if the broker asked about nobody of them.
    std::vector<std::uint64_t> expecting_;
    std::uint64_t seen_departures_ = 0;  // of Registry, by collect_unreleased
    std::int64_t swept_ = -1;            // second of the last one
    int sweeps_left_ = kSweepsInATurn;
    std::uint64_t fan_out_ = 0;     // the last one before it
    std::vector<Filter*> filters_;  // that match `topic_`, while the registry's version holds
    std::string topic_;
    std::uint64_t version_ = 0;
    bool may_want_ = false;  // some of their groups do
};

}  // namespace shared_subscription
