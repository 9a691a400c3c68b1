// What waits for a group: the order, what is tried, and what newer messages wait behind.
#include "core/queue/group_queue.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GroupQueueTest : public ::testing::Test {
  protected:
    void insert(std::int64_t id, const std::string& payload = "x", std::int64_t queued = 0) {
        queue.insert({.id = id,
                      .message = std::make_shared<const StoredMessage>(
                          StoredMessage{.topic = "t", .payload = payload, .qos = 1}),
                      .queued = queued});
    }
    std::vector<std::int64_t> take_all() {
        std::vector<std::int64_t> ids;
        while (const auto* entry = take_next()) ids.push_back(entry->id);
        return ids;
    }
    const GroupQueue::Entry* take_next() {
        const auto* entry = queue.next();
        if (entry) queue.take(entry->id);
        return entry;
    }
    std::vector<std::int64_t> save(std::size_t most) {
        std::vector<std::int64_t> ids;
        took_all = queue.save_entries([&](const auto& entry) {
            if (ids.size() == most) return false;
            ids.push_back(entry.id);
            return true;
        });
        return ids;
    }

    GroupQueue queue;
    bool took_all = false;
};

TEST_F(GroupQueueTest, IsEmptyAtFirst) {
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.is_moving());
    EXPECT_EQ(take_next(), nullptr);
    queue.remove(1);
    queue.put_back(1);
    queue.clear_until(1);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST_F(GroupQueueTest, GivesMessagesInTheOrderOfPublicationHoweverTheyCame) {
    for (const auto id : {3, 1, 4, 2}) insert(id);
    EXPECT_THAT(take_all(), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(take_all(), IsEmpty());
}

TEST_F(GroupQueueTest, DropsWhatHasWaitedSinceBeforeThatTime) {
    EXPECT_EQ(queue.drop_older(100), 0U);
    insert(1, "a", 10);
    insert(3, "ccc", 30);
    // Given to somebody before, and back.
    insert(2, "bb", 40);
    EXPECT_EQ(queue.drop_older(10), 0U);
    EXPECT_EQ(queue.drop_older(11), 1U);
    EXPECT_EQ(queue.bytes(), 7U) << "topics, too";
    EXPECT_EQ(queue.drop_older(31), 1U);
    EXPECT_THAT(take_all(), ElementsAre(2));
}

TEST_F(GroupQueueTest, DropsNothingThatIsUnderWay) {
    for (const auto id : {1, 2, 3, 4}) insert(id, "x", 10);
    queue.remove(1);
    EXPECT_EQ(take_next()->id, 2);
    EXPECT_EQ(queue.drop_older(20), 2U);
    EXPECT_TRUE(queue.is_moving());
    EXPECT_EQ(take_next(), nullptr);
    queue.put_back(2);
    EXPECT_EQ(queue.drop_older(20), 1U);
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
    insert(5, "x", 30);
    EXPECT_EQ(queue.drop_older(20), 0U);
    EXPECT_THAT(take_all(), ElementsAre(5));
}

TEST_F(GroupQueueTest, GoesOnBehindWhatHasBeenTried) {
    for (const auto id : {1, 2, 3, 4}) insert(id, "x", id);
    EXPECT_EQ(take_next()->id, 1);
    EXPECT_EQ(take_next()->id, 2);
    queue.put_back(1);
    EXPECT_EQ(queue.drop_older(2), 1U);
    EXPECT_THAT(take_all(), ElementsAre(3, 4));
}

TEST_F(GroupQueueTest, TellsAStoreWhatWasDropped) {
    for (const auto id : {1, 2, 3}) insert(id, "x", id);
    save(2);
    EXPECT_EQ(queue.drop_older(4), 3U);
    EXPECT_THAT(queue.gone(), ElementsAre(1, 2));
}

TEST_F(GroupQueueTest, CountsMessagesAndBytesUntilTheyAreRemoved) {
    insert(1, "four");
    insert(2, "");
    queue.insert({.id = 3,
                  .message = std::make_shared<const StoredMessage>(StoredMessage{
                      .topic = "t", .payload = "payload", .qos = 1, .properties_size = 1000})});
    EXPECT_EQ(queue.size(), 3U);
    EXPECT_EQ(queue.bytes(), 14U + 1000U);
    queue.remove(1);
    EXPECT_EQ(queue.size(), 2U);
    EXPECT_EQ(queue.bytes(), 9U + 1000U);
    queue.clear_until(2);
    EXPECT_EQ(queue.size(), 1U);
    queue.clear_until(3);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
}

TEST_F(GroupQueueTest, MovesWhileAnythingIsToBeTriedOrUnderWay) {
    insert(1);
    EXPECT_TRUE(queue.is_moving()) << "to be tried";
    EXPECT_THAT(take_all(), ElementsAre(1));
    EXPECT_TRUE(queue.is_moving()) << "under way";
    queue.put_back(1);
    EXPECT_FALSE(queue.is_moving()) << "tried in vain";
    queue.retry();
    EXPECT_TRUE(queue.is_moving());
    queue.give_up();
    EXPECT_FALSE(queue.is_moving());
    EXPECT_EQ(queue.size(), 1U);
}

TEST_F(GroupQueueTest, TriesNothingTwiceThatIsUnderWay) {
    insert(1);
    insert(2);
    EXPECT_EQ(take_next()->id, 1);
    queue.retry();
    EXPECT_THAT(take_all(), ElementsAre(2));
}

TEST_F(GroupQueueTest, TriesAgainFromAnOlderMessageThatComesBack) {
    insert(5);
    EXPECT_THAT(take_all(), ElementsAre(5));
    queue.put_back(5);
    insert(2);
    EXPECT_THAT(take_all(), ElementsAre(2, 5));
}

TEST_F(GroupQueueTest, PassesOverOneThatHasToWait) {
    for (const auto id : {1, 2}) insert(id);
    EXPECT_EQ(queue.next()->id, 1);
    queue.pass_over();
    EXPECT_THAT(take_all(), ElementsAre(2));
    queue.retry();
    EXPECT_THAT(take_all(), ElementsAre(1));
}

TEST_F(GroupQueueTest, LetsOneThatComesAgainWaitAgain) {
    insert(1);
    EXPECT_THAT(take_all(), ElementsAre(1));
    insert(1);
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_EQ(queue.bytes(), 2U);
    EXPECT_THAT(take_all(), ElementsAre(1));
}

TEST_F(GroupQueueTest, SavesEachMessageOnceAndNamesThoseThatAreGone) {
    for (const auto id : {1, 2, 3}) insert(id);
    EXPECT_THAT(save(2), ElementsAre(1, 2));
    EXPECT_FALSE(took_all);
    EXPECT_THAT(save(2), ElementsAre(3));
    EXPECT_TRUE(took_all);
    insert(4);
    queue.remove(2);
    queue.remove(4);
    EXPECT_THAT(queue.gone(), ElementsAre(2)) << "the last was never saved";
}

}  // namespace
}  // namespace shared_subscription
