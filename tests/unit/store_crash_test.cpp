// Whatever kills the broker, each write is there as a whole or not at all.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "child_process.hpp"
#include "store/store.hpp"
#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

constexpr int kRounds = 10;
constexpr std::int64_t kMessages = 20;  ///< of a batch
constexpr std::int64_t kBatches = 5;    ///< whose messages are there; older ones are dequeued
const GroupName kSavedGroup{.share_name = "g", .filter = "t"};

/// A batch changes everything: its number is the group's turn and the only use's identifier, and
/// part of its messages' ids.
Changes make_batch(std::int64_t number) {
    Changes changes{.groups = {{.name = kSavedGroup, .turn = std::to_string(number)}}};
    const SavedUse use{.filter = "t", .identifier = static_cast<std::uint32_t>(number)};
    changes.sessions = {{.client_id = "c", .uses = {use}}};
    for (std::int64_t index = 0; index < kMessages; ++index) {
        changes.queued.push_back({.id = number * kMessages + index,
                                  .group = kSavedGroup,
                                  .topic = "t",
                                  .payload = std::string(1'000, 'x'),
                                  .properties = {{.identifier = 1, .name = {}, .value = "1"}}});
        changes.dequeued.push_back((number - kBatches) * kMessages + index);
    }
    return changes;
}

/// The number of the last batch; 0: none.
std::int64_t check(const State& state) {
    if (state.groups.empty()) {
        EXPECT_TRUE(state.sessions.empty() && state.messages.empty());
        return 0;
    }
    const std::int64_t number = std::stoll(state.groups[0].turn);
    EXPECT_EQ(state.sessions, make_batch(number).sessions);
    const auto first = std::max<std::int64_t>(1, number - kBatches + 1) * kMessages;
    EXPECT_EQ(state.messages.size(), static_cast<std::size_t>((number + 1) * kMessages - first));
    auto id = first;
    for (const auto& message : state.messages) {
        EXPECT_EQ(message.id, id++);
        EXPECT_EQ(message.properties.size(), 1U);
    }
    return number;
}

/// Until it is killed.
int write_batches(const std::filesystem::path& file, std::int64_t number, const Pipe& progress) {
    std::string problem;
    const auto store = Store::open(file, problem);
    bool goes_on = store != nullptr;
    while (goes_on) {
        ++number;
        goes_on = store->write(make_batch(number), number, problem) && progress.signal();
    }
    return EXIT_FAILURE;
}

class StoreCrash : public StoreTest {};

TEST_F(StoreCrash, LeavesWholeBatches) {
    std::int64_t last = 0;
    for (int round = 0; round < kRounds; ++round) {
        Pipe progress;
        ChildProcess broker([&] { return write_batches(file(), last, progress); });
        progress.only_wait();
        // The first one is killed while it is starting, the others ever later.
        const int awaited = round * 7;
        for (int batch = 0; batch < awaited; ++batch) ASSERT_TRUE(progress.wait());
        const auto status = broker.kill();
        ASSERT_TRUE(WIFSIGNALED(status)) << status;
        const auto number = check(load(*open()));
        EXPECT_GE(number, last + awaited);
        last = number;
    }
    EXPECT_THAT(files(), ::testing::SizeIs(1));
}

}  // namespace
}  // namespace shared_subscription
