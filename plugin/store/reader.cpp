#include "store/reader.hpp"

#include <limits>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

bool read_sessions(Database& database, std::int64_t left_since,
                   std::vector<SavedSession>& sessions) {
    Statement uses(database,
                   "SELECT client_id, filter, share_name, options, identifier, joined, left_at "
                   "FROM uses WHERE left_at IS NULL OR left_at >= ? "
                   "ORDER BY client_id, joined, rowid");
    if (!uses.start(left_since)) return false;
    while (uses.next()) {
        auto client_id = uses.bytes(0);
        if (sessions.empty() || sessions.back().client_id != client_id) {
            sessions.push_back({.client_id = std::move(client_id)});
        }
        auto& use = sessions.back().uses.emplace_back();
        use.filter = uses.bytes(1);
        if (!uses.is_null(2)) use.share_name = uses.bytes(2);
        use.options = static_cast<std::uint8_t>(uses.number(3));
        use.identifier = static_cast<std::uint32_t>(uses.number(4));
        use.joined = static_cast<std::uint64_t>(uses.number(5));
        use.left = !uses.is_null(6);
    }
    return uses.ended();
}

bool read_groups(Database& database, std::vector<SavedGroup>& groups) {
    Statement turns(database,
                    "SELECT share_name, filter, turn FROM turns ORDER BY share_name, filter");
    if (!turns.start()) return false;
    while (turns.next()) {
        groups.push_back({.name = {.share_name = turns.bytes(0), .filter = turns.bytes(1)},
                          .turn = turns.bytes(2)});
    }
    return turns.ended();
}

bool read_messages(Database& database, std::vector<SavedMessage>& messages) {
    Statement rows(database,
                   "SELECT id, share_name, filter, topic, payload, qos, publisher, queued_at "
                   "FROM messages ORDER BY id");
    if (!rows.start()) return false;
    while (rows.next()) {
        messages.push_back({.id = rows.number(0),
                            .queued = rows.number(7),
                            .group = {.share_name = rows.bytes(1), .filter = rows.bytes(2)},
                            .topic = rows.bytes(3),
                            .payload = rows.bytes(4),
                            .qos = static_cast<std::uint8_t>(rows.number(5)),
                            .publisher = static_cast<std::uint64_t>(rows.number(6))});
    }
    return rows.ended();
}

/// Both are in the order of the ids, so one pass gives each message its own.
bool read_properties(Database& database, std::vector<SavedMessage>& messages) {
    Statement rows(database,
                   "SELECT message_id, identifier, name, value FROM properties "
                   "ORDER BY message_id, position");
    if (!rows.start()) return false;
    auto message = messages.begin();
    while (rows.next()) {
        const auto id = rows.number(0);
        while (message != messages.end() && message->id < id) ++message;
        if (message == messages.end() || message->id != id) continue;
        message->properties.push_back({.identifier = static_cast<int>(rows.number(1)),
                                       .name = rows.bytes(2),
                                       .value = rows.bytes(3)});
    }
    return rows.ended();
}

bool read_declared(Database& database, std::vector<GroupName>& declared) {
    Statement rows(database, "SELECT share_name, filter FROM declared ORDER BY share_name, filter");
    if (!rows.start()) return false;
    while (rows.next()) declared.push_back({.share_name = rows.bytes(0), .filter = rows.bytes(1)});
    return rows.ended();
}

bool read_strategies(Database& database, std::vector<SavedStrategy>& strategies) {
    Statement rows(database, "SELECT share_name, strategy FROM strategies ORDER BY share_name");
    if (!rows.start()) return false;
    while (rows.next())
        strategies.push_back({.share_name = rows.bytes(0), .strategy = rows.bytes(1)});
    return rows.ended();
}

}  // namespace

std::optional<State> read_state(Database& database, std::optional<std::int64_t> broker_saved,
                                std::string& problem) {
    const auto left_since = broker_saved.value_or(std::numeric_limits<std::int64_t>::min());
    State state;
    Transaction transaction(database, Transaction::Kind::read);
    if (transaction.has_begun() && read_sessions(database, left_since, state.sessions) &&
        read_groups(database, state.groups) && read_messages(database, state.messages) &&
        read_properties(database, state.messages) && read_strategies(database, state.strategies) &&
        read_declared(database, state.declared) && transaction.commit()) {
        return state;
    }
    problem = database.problem();
    return std::nullopt;
}

}  // namespace shared_subscription
