// Messages for declared groups about which the broker may ask nobody, as no member of them stands
// in its tree. A publication shows all the same: what clients and bridges publish in MESSAGE, wills
// in their WRITE check alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/registry.hpp"
#include "core/queue/backlog.hpp"
#include "shared_subscription/broker.hpp"

namespace shared_subscription {

class Collector {
  public:
    Collector(Registry& registry, Backlog& backlog, Broker& broker)
        : registry_(registry), backlog_(backlog), broker_(broker) {}

    /// Whether there are declared groups.
    [[nodiscard]] bool is_needed() const noexcept { return registry_.declared_count > 0; }

    /// A WRITE check. If no MESSAGE follows, it is a will, or others have refused it.
    void announce(const Client& client, const Message& message);
    /// A MESSAGE event. Returns, for QoS 2, by which groups it is collected now: what the broker
    /// fans out after PUBREL is not for them.
    std::vector<std::uint64_t> receive(const Client& client, const Message& message);
    /// Its fan-out is over, or there was none.
    void conclude() {
        if (pending_) collect();
    }

  private:
    /// Whether it is for any.
    [[nodiscard]] bool find_groups(const Message& message);
    void keep(const Client& client, const Message& message);
    /// Whether it is one of QoS 2 that its publisher has sent again before it released it.
    [[nodiscard]] bool is_sent_again();
    void collect();

    Registry& registry_;
    Backlog& backlog_;
    Broker& broker_;
    SharedMessage pending_;
    const char* received_ = nullptr;     // the address of its topic, if it is of QoS 2 and no will
    std::string publisher_id_;           // ... and whose it is
    std::vector<std::uint64_t> groups_;  // that want it, by Group::number
    std::uint64_t fan_out_ = 0;          // the last one before it
    std::vector<Filter*> filters_;       // used again
};

}  // namespace shared_subscription
