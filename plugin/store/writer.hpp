// Changes, written with statements that are prepared once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared_subscription/state.hpp"
#include "store/database.hpp"
#include "store/store.hpp"

namespace shared_subscription {

class Writer {
  public:
    /// Writes nothing. See Database::unprepared() for whether all tables are there.
    explicit Writer(Database& database);

    /// As Store::write().
    [[nodiscard]] bool write(const Changes& changes, std::int64_t now, std::string& problem);
    /// As Store::forget_left_before(); the database says what failed.
    [[nodiscard]] bool forget_left_before(std::int64_t time);

  private:
    bool apply(const Changes& changes, std::int64_t now);
    bool clear();
    bool end(const GroupName& group);
    bool save(const SavedSession& session, std::int64_t now);
    bool save(const SavedUse& use, const std::string& client_id);
    bool save(const SavedGroup& group);
    bool queue(const SavedMessage& message);
    bool save(const SavedStrategy& strategy);
    bool save(const SavedDeclaration& declaration);
    bool count_left(const std::string& client_id, std::int64_t& count);
    bool limit_left();

    Database& database_;
    Statement end_turn_;
    Statement end_messages_;
    Statement leave_uses_;
    Statement count_left_;
    Statement save_use_;
    Statement limit_left_;
    Statement forget_left_;
    Statement save_turn_;
    Statement queue_message_;
    Statement add_property_;
    Statement dequeue_message_;
    Statement save_strategy_;
    Statement save_declaration_;
    Statement forget_declaration_;
    std::int64_t left_ = 0;  ///< uses that were left: counting them each time would take too long
};

}  // namespace shared_subscription
