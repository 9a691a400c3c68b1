// An engine with many groups in front of a quiet broker: what is measured is the engine alone.
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "generations.hpp"
#include "quiet_broker.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {

/// `groups` groups on a filter of their own each, `members` clients in each of them.
class Crowd {
  public:
    Crowd(BrokerTraits traits, Strategy strategy, std::size_t groups, std::size_t members)
        : engine(broker, traits, StrategyTable(strategy),
                 [state = std::uint64_t{1}]() mutable {
                     return state = state * 6364136223846793005U + 1442695040888963407U;
                 }),
          traits_(traits) {
        for (std::size_t group = 0; group < groups; ++group) {
            topics_.push_back("plant/" + std::to_string(group) + "/reading");
            auto& joined = members_.emplace_back();
            for (std::size_t number = 0; number < members; ++number) {
                joined.push_back(
                    client("worker-" + std::to_string(group) + "-" + std::to_string(number)));
                engine.subscribe(joined.back(),
                                 {FilterKind::shared, "workers", topics_.back(), nullptr}, {1});
            }
        }
        engine.tick(1);
    }

    /// A client of any connection; it is known to the engine once it acts.
    [[nodiscard]] Client client(const std::string& id) {
        const auto& kept = ids_.emplace_back(id);
        return {.context = &kept, .id = kept};
    }

    [[nodiscard]] Message message(std::size_t group, std::uint8_t qos = 0) const {
        return {.topic = topics_[group], .payload = "21.5", .payload_size = 4, .qos = qos};
    }

    /// What the broker asks for one message: WRITE, MESSAGE, READ for each member, and on 2.1
    /// MESSAGE_OUT. Throws if not one member gets it, as nothing that is measured then would mean
    /// anything.
    void fan_out(const Client& publisher, std::size_t group, std::uint8_t qos = 0) {
        const auto sent = message(group, qos);
        const auto shown = as_shown(sent);
        bool accepted = engine.may_write_at_once(publisher.context, shown.topic) ||
                        engine.may_write(publisher, sent);
        accepted =
            (engine.receive_at_once(publisher.context, shown) || engine.receive(publisher, sent)) &&
            accepted;
        int delivered = 0;
        for (const auto& member : members_[group]) {
            if (engine.loses_at_once(member.context, shown)) continue;
            const auto at_once = engine.may_read_at_once(member.context, member.id.data(), shown);
            const auto answer = at_once ? *at_once : engine.may_read(member, sent);
            if (answer == Answer::deny) continue;
            ++delivered;
            if (traits_.announces_sessions && !engine.sent_at_once(member.context, shown.topic))
                std::ignore = engine.sent(member, sent);
        }
        if (!accepted || delivered != 1)
            throw std::logic_error("a message did not go to exactly one member");
    }

    QuietBroker broker;
    Engine engine;

  private:
    BrokerTraits traits_;
    std::deque<std::string> ids_;
    std::deque<std::string> topics_;
    std::vector<std::vector<Client>> members_;
};

}  // namespace shared_subscription
