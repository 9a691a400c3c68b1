// Uses that were given up, for as long as the broker may bring them back.
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"
#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kLeft = 100;  ///< when the use was left

class StoreLeft : public StoreTest {
  protected:
    void SetUp() override {
        store = open();
        write(*store, saved({kept, gone}), kLeft - 1);
        write(*store, saved({kept}), kLeft);
    }

    static Changes saved(const std::vector<SavedUse>& uses) {
        return {.sessions = {{.client_id = "c", .uses = uses}}};
    }
    [[nodiscard]] std::vector<SavedUse> uses(std::optional<std::int64_t> broker_saved) const {
        const auto state = load(*store, broker_saved);
        return state.sessions.empty() ? std::vector<SavedUse>{} : state.sessions[0].uses;
    }
    static SavedUse as_left(SavedUse use) {
        use.left = true;
        return use;
    }
    void forget_left_before(std::int64_t time) const {
        std::string problem;
        EXPECT_TRUE(store->forget_left_before(time, problem)) << problem;
    }

    const SavedUse kept{.filter = "t", .options = 1, .joined = 1};
    const SavedUse gone{.filter = "t", .share_name = "g", .identifier = 5, .joined = 2};
    std::unique_ptr<Store> store;
};

TEST_F(StoreLeft, ComesBackIfTheBrokerSavedBefore) {
    EXPECT_THAT(uses(kLeft - 1), ElementsAre(kept, as_left(gone)));
}

TEST_F(StoreLeft, ComesBackIfTheBrokerSavedInTheSameSecond) {
    EXPECT_THAT(uses(kLeft), ElementsAre(kept, as_left(gone)));
}

TEST_F(StoreLeft, ComesBackIfItIsUnknownWhenTheBrokerSaved) {
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept, as_left(gone)));
}

TEST_F(StoreLeft, IsForgottenIfTheBrokerSavedSince) {
    EXPECT_THAT(uses(kLeft + 1), ElementsAre(kept));
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept));
}

TEST_F(StoreLeft, OutlivesTheStore) {
    store.reset();
    store = open();
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept, as_left(gone)));
}

TEST_F(StoreLeft, KeepsTheTimeOfTheFirstWriteWithoutIt) {
    write(*store, saved({kept}), kLeft + 50);
    EXPECT_THAT(uses(kLeft + 1), ElementsAre(kept));
}

TEST_F(StoreLeft, MayBeAllOfASession) {
    write(*store, saved({}), kLeft + 50);
    EXPECT_THAT(uses(kLeft + 50), ElementsAre(as_left(kept)));
    EXPECT_THAT(uses(kLeft + 51), IsEmpty());
}

TEST_F(StoreLeft, MayComeAgain) {
    auto again = gone;
    again.options = 2;
    again.joined = 9;
    write(*store, saved({kept, again}), kLeft + 50);
    EXPECT_THAT(uses(kLeft + 1), ElementsAre(kept, again));
    write(*store, saved({kept}), kLeft + 60);
    EXPECT_THAT(uses(kLeft + 60), ElementsAre(kept, as_left(again)));
}

TEST_F(StoreLeft, StaysWhenItsGroupEnds) {
    write(*store, {.ended = {{.share_name = "g", .filter = "t"}}});
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept, as_left(gone)));
}

TEST_F(StoreLeft, IsForgottenWhenAsked) {
    forget_left_before(kLeft);
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept, as_left(gone)));
    forget_left_before(kLeft + 1);
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept));
}

TEST_F(StoreLeft, SaysWhyItCannotBeForgotten) {
    OtherProgram other(file());
    other.run("BEGIN IMMEDIATE");
    std::string problem;
    EXPECT_FALSE(store->forget_left_before(kLeft + 1, problem));
    EXPECT_THAT(problem, HasSubstr("another program is writing to it"));
    // Loading does not depend on it.
    EXPECT_THAT(uses(kLeft + 1), ElementsAre(kept));
}

/// One use was left already; then come so many that the oldest has to go.
class StoreLeftLimit : public StoreLeft {
  protected:
    void leave(std::int64_t count, std::int64_t now) const {
        SavedSession session{.client_id = "many"};
        for (std::int64_t index = 0; index < count; ++index) {
            session.uses.push_back({.filter = std::to_string(index)});
        }
        write(*store, {.sessions = {session}}, now);
        session.uses.clear();
        write(*store, {.sessions = {session}}, now);
    }
    [[nodiscard]] std::string count_left() const {
        return OtherProgram(file()).run("SELECT count(*) FROM uses WHERE left_at IS NOT NULL");
    }
};

TEST_F(StoreLeftLimit, IsNotReachedByThoseThatCameAgain) {
    write(*store, saved({kept, gone}), kLeft);
    leave(Store::kMaxLeft - 1, kLeft + 1);
    leave(Store::kMaxLeft - 1, kLeft + 2);
    write(*store, saved({kept}), kLeft - 50);
    EXPECT_EQ(count_left(), std::to_string(Store::kMaxLeft));
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept, as_left(gone)));
}

TEST_F(StoreLeftLimit, TakesTheOldest) {
    leave(Store::kMaxLeft, kLeft + 1);
    EXPECT_EQ(count_left(), std::to_string(Store::kMaxLeft));
    EXPECT_THAT(uses(std::nullopt), ElementsAre(kept));
}

TEST_F(StoreLeftLimit, CountsThoseOfAnEarlierStore) {
    leave(Store::kMaxLeft - 1, kLeft + 1);
    store.reset();
    store = open();
    EXPECT_THAT(uses(std::nullopt), SizeIs(2));
    write(*store, saved({}), kLeft + 2);
    EXPECT_EQ(count_left(), std::to_string(Store::kMaxLeft));
    EXPECT_THAT(uses(std::nullopt), ElementsAre(as_left(kept)));
}

}  // namespace
}  // namespace shared_subscription
