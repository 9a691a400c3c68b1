// What outlives a restart, as values: handed to a store, and got back from it. A store knows
// nothing of what they mean, the engine nothing of how they are stored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shared_subscription {

/// One use that a client makes of a topic filter.
struct SavedUse {
    std::string filter;
    std::optional<std::string> share_name{};  ///< none: a non-shared subscription
    std::uint8_t options = 0;      ///< of the subscription, as in SUBSCRIBE (MQTT 5, 3.8.3.1)
    std::uint32_t identifier = 0;  ///< subscription identifier; 0: none
    std::uint64_t joined = 0;      ///< members of a group are in this order
    bool left = false;  ///< loaded only: given up, but perhaps after the broker saved its own state
    bool operator==(const SavedUse&) const = default;
};

/// A client with all its uses.
struct SavedSession {
    std::string client_id;
    std::vector<SavedUse> uses{};
    bool operator==(const SavedSession&) const = default;
};

struct GroupName {
    std::string share_name;
    std::string filter;
    bool operator==(const GroupName&) const = default;
};

/// Where a group's strategy stands.
struct SavedGroup {
    GroupName name;
    std::string turn;  ///< client identifier: round_robin: who is next; sticky: who is the one
    bool operator==(const SavedGroup&) const = default;
};

/// A strategy that an administrator has set while the broker ran.
struct SavedStrategy {
    std::string share_name;  ///< empty: of groups that have none of their own
    std::string strategy;    ///< its name
    bool operator==(const SavedStrategy&) const = default;
};

/// A group that an administrator has declared while the broker ran.
struct SavedDeclaration {
    GroupName name;
    bool ended = false;  ///< no longer
    bool operator==(const SavedDeclaration&) const = default;
};

/// A property of a PUBLISH (MQTT 5, 3.3.2.3).
struct SavedProperty {
    int identifier = 0;
    std::string name{};   ///< of a User Property; empty for others
    std::string value{};  ///< its bytes; of one-byte properties that byte
    bool operator==(const SavedProperty&) const = default;
};

/// A message in the queue of a group.
struct SavedMessage {
    std::int64_t id = 0;      ///< unique; a group's messages are in this order
    std::int64_t queued = 0;  ///< when it began to wait, seconds since 1970; 0: not known
    GroupName group;
    std::string topic{};
    std::string payload{};
    std::uint8_t qos = 0;
    std::uint64_t publisher = 0;  ///< stable hash of the client identifier; 0: none
    std::vector<SavedProperty> properties{};
    bool operator==(const SavedMessage&) const = default;
};

/// All of it, as it was saved last.
struct State {
    std::vector<SavedSession> sessions{};
    std::vector<SavedGroup> groups{};
    std::vector<SavedMessage> messages{};  ///< by id
    std::vector<SavedStrategy> strategies{};
    std::vector<GroupName> declared{};
};

/// What has changed since the last time. To be applied in this order, as a whole or not at all.
struct Changes {
    bool whole = false;                    ///< nothing else that was saved stays
    std::vector<GroupName> ended{};        ///< these groups go with their turn and messages
    std::vector<SavedSession> sessions{};  ///< each replaces what was saved of that client
    std::vector<SavedGroup> groups{};      ///< each replaces what was saved of that group
    std::vector<std::int64_t> dequeued{};  ///< ids; unknown ones are none of the store's business
    std::vector<SavedMessage> queued{};    ///< perhaps one of those again
    std::vector<SavedStrategy> strategies{};  ///< each replaces what was saved for that name
    std::vector<SavedDeclaration> declared{};

    [[nodiscard]] std::size_t size() const noexcept {
        return ended.size() + sessions.size() + groups.size() + dequeued.size() + queued.size() +
               strategies.size() + declared.size();
    }
    [[nodiscard]] bool empty() const noexcept { return !whole && size() == 0; }
};

}  // namespace shared_subscription
