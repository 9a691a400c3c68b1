#include "store/writer.hpp"

#include <algorithm>

#include "shared_subscription/core_only.hpp"
#include "store/store.hpp"

namespace shared_subscription {
namespace {

constexpr const char* kSaveUse = R"(
INSERT INTO uses (client_id, filter, share_name, options, identifier, joined)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (client_id, filter, ifnull(share_name, x'')) DO UPDATE SET
    options = excluded.options, identifier = excluded.identifier, joined = excluded.joined,
    left_at = NULL
)";

constexpr const char* kLimitLeft = R"(
DELETE FROM uses WHERE rowid IN (
    SELECT rowid FROM uses WHERE left_at IS NOT NULL ORDER BY left_at, rowid LIMIT ?)
)";

// An id that is saved already is replaced, with its properties: the deletion cascades.
constexpr const char* kQueueMessage = R"(
INSERT OR REPLACE INTO messages
    (id, share_name, filter, topic, payload, qos, publisher, queued_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
)";

constexpr const char* kAddProperty = R"(
INSERT INTO properties (message_id, position, identifier, name, value) VALUES (?, ?, ?, ?, ?)
)";

// SQLite's integers are signed; the bits are kept.
std::int64_t to_signed(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

}  // namespace

Writer::Writer(Database& database)
    : database_(database),
      end_turn_(database, "DELETE FROM turns WHERE share_name = ? AND filter = ?"),
      end_messages_(database, "DELETE FROM messages WHERE share_name = ? AND filter = ?"),
      leave_uses_(database, "UPDATE uses SET left_at = ? WHERE client_id = ? AND left_at IS NULL"),
      count_left_(database,
                  "SELECT count(*) FROM uses WHERE client_id = ? AND +left_at IS NOT NULL"),
      save_use_(database, kSaveUse),
      limit_left_(database, kLimitLeft),
      forget_left_(database, "DELETE FROM uses WHERE left_at < ?"),
      save_turn_(database,
                 "INSERT OR REPLACE INTO turns (share_name, filter, turn) VALUES (?, ?, ?)"),
      queue_message_(database, kQueueMessage),
      add_property_(database, kAddProperty),
      dequeue_message_(database, "DELETE FROM messages WHERE id = ?"),
      save_strategy_(database,
                     "INSERT OR REPLACE INTO strategies (share_name, strategy) VALUES (?, ?)"),
      save_declaration_(database,
                        "INSERT OR REPLACE INTO declared (share_name, filter) VALUES (?, ?)"),
      forget_declaration_(database, "DELETE FROM declared WHERE share_name = ? AND filter = ?") {
    left_ = database.number("SELECT count(*) FROM uses WHERE left_at IS NOT NULL").value_or(0);
}

bool Writer::write(const Changes& changes, std::int64_t now, std::string& problem) {
    const auto left_before = left_;
    Transaction transaction(database_, Transaction::Kind::write);
    if (transaction.has_begun() && apply(changes, now) && transaction.commit()) return true;
    left_ = left_before;
    problem = database_.problem();
    return false;
}

bool Writer::forget_left_before(std::int64_t time) {
    if (!forget_left_.run(time)) return false;
    left_ -= database_.changed();
    return true;
}

bool Writer::apply(const Changes& changes, std::int64_t now) {
    const auto each = [](const auto& values, const auto& action) {
        return std::ranges::all_of(values, action);
    };
    return (!changes.whole || clear()) &&
           each(changes.ended, [this](const auto& group) { return end(group); }) &&
           each(changes.sessions, [&](const auto& session) { return save(session, now); }) &&
           limit_left() &&
           each(changes.groups, [this](const auto& group) { return save(group); }) &&
           each(changes.dequeued, [this](const auto& id) { return dequeue_message_.run(id); }) &&
           each(changes.queued, [this](const auto& message) { return queue(message); }) &&
           each(changes.strategies, [this](const auto& strategy) { return save(strategy); }) &&
           each(changes.declared, [this](const auto& each_one) { return save(each_one); });
}

bool Writer::clear() {
    left_ = 0;
    return database_.execute(
        "DELETE FROM uses; DELETE FROM turns; DELETE FROM messages; DELETE FROM strategies; "
        "DELETE FROM declared");
}

bool Writer::end(const GroupName& group) {
    return end_turn_.run(group.share_name, group.filter) &&
           end_messages_.run(group.share_name, group.filter);
}

bool Writer::save(const SavedSession& session, std::int64_t now) {
    std::int64_t before = 0;
    std::int64_t after = 0;
    // All are left, then those that are there come again.
    if (!count_left(session.client_id, before) || !leave_uses_.run(now, session.client_id)) {
        return false;
    }
    for (const auto& use : session.uses) {
        if (!save(use, session.client_id)) return false;
    }
    if (!count_left(session.client_id, after)) return false;
    left_ += after - before;
    return true;
}

bool Writer::save(const SavedUse& use, const std::string& client_id) {
    return save_use_.run(client_id, use.filter, use.share_name, use.options, use.identifier,
                         to_signed(use.joined));
}

bool Writer::save(const SavedGroup& group) {
    return save_turn_.run(group.name.share_name, group.name.filter, group.turn);
}

bool Writer::save(const SavedDeclaration& declaration) {
    auto& statement = declaration.ended ? forget_declaration_ : save_declaration_;
    return statement.run(declaration.name.share_name, declaration.name.filter);
}

bool Writer::save(const SavedStrategy& strategy) {
    return save_strategy_.run(strategy.share_name, strategy.strategy);
}

bool Writer::queue(const SavedMessage& message) {
    if (!queue_message_.run(message.id, message.group.share_name, message.group.filter,
                            message.topic, Blob{message.payload}, message.qos,
                            to_signed(message.publisher), message.queued)) {
        return false;
    }
    std::int64_t position = 0;
    for (const auto& property : message.properties) {
        if (!add_property_.run(message.id, ++position, property.identifier, property.name,
                               Blob{property.value})) {
            return false;
        }
    }
    return true;
}

bool Writer::count_left(const std::string& client_id, std::int64_t& count) {
    if (!count_left_.start(client_id) || !count_left_.next()) return false;
    count = count_left_.number(0);
    return !count_left_.next() && count_left_.ended();
}

bool Writer::limit_left() {
    if (left_ <= Store::kMaxLeft) return true;
    if (!limit_left_.run(left_ - Store::kMaxLeft)) return false;
    left_ -= database_.changed();
    return true;
}

}  // namespace shared_subscription
