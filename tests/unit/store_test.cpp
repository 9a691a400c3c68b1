// What is written is what is loaded, all of it or nothing.
#include "store/store.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <limits>
#include <string>
#include <vector>

#include "store_fixture.hpp"

namespace shared_subscription {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kMaxJoined = std::numeric_limits<std::uint64_t>::max();
constexpr auto kMaxIdentifier = std::numeric_limits<std::uint32_t>::max();
constexpr auto kMaxId = std::numeric_limits<std::int64_t>::max();

// Names and bytes that a text could not carry through if it were handled as one.
const std::string kOdd("a\0b\xff'\"\n%\xf0\x9f\x90\x9d", 12);

const GroupName kGroup{.share_name = "g", .filter = "t/#"};
const GroupName kOther{.share_name = "g", .filter = "t/+"};

SavedMessage message(std::int64_t id, const GroupName& group = kGroup) {
    return {.id = id,
            .queued = 1'700'000'000 + id % 100,
            .group = group,
            .topic = "t/" + std::to_string(id),
            .payload = "payload",
            .properties = {{.identifier = 3, .name = {}, .value = "text/plain"}}};
}

SavedSession session(const std::string& client_id, const std::vector<std::string>& filters) {
    SavedSession saved{.client_id = client_id};
    for (const auto& filter : filters) {
        saved.uses.push_back({.filter = filter, .joined = saved.uses.size()});
    }
    return saved;
}

using StoreContent = StoreTest;

TEST_F(StoreContent, IsEmptyAtFirst) {
    const auto store = open();
    const auto state = load(*store);
    EXPECT_THAT(state.sessions, IsEmpty());
    EXPECT_THAT(state.groups, IsEmpty());
    EXPECT_THAT(state.messages, IsEmpty());
}

TEST_F(StoreContent, HasDeclaredGroups) {
    const GroupName first{"g", "t/#"};
    const GroupName second{kOdd, kOdd};
    write(*open(), {.declared = {{first}, {second}, {.name = {"h", "t"}}}});
    write(*open(), {.declared = {{.name = {"h", "t"}, .ended = true}, {first}}});
    EXPECT_THAT(load(*open()).declared, ::testing::UnorderedElementsAre(first, second));
}

TEST_F(StoreContent, HasStrategies) {
    write(*open(), {.strategies = {{"g", "sticky"}, {"", "random"}, {kOdd, "random"}}});
    write(*open(), {.strategies = {{"g", "hash_topic"}}});
    EXPECT_THAT(load(*open()).strategies,
                ::testing::UnorderedElementsAre(SavedStrategy{"", "random"},
                                                SavedStrategy{"g", "hash_topic"},
                                                SavedStrategy{kOdd, "random"}));
}

TEST_F(StoreContent, HasSessions) {
    const SavedSession first{
        .client_id = "",
        .uses = {{.filter = "t", .joined = 1},
                 {.filter = "t", .share_name = "g", .options = 255, .joined = 2},
                 {.filter = "t", .share_name = "", .identifier = kMaxIdentifier, .joined = 3}}};
    const SavedSession second{
        .client_id = kOdd,
        .uses = {{.filter = kOdd, .share_name = kOdd, .joined = std::uint64_t{1} << 62U}}};
    write(*open(), {.sessions = {second, first}});
    EXPECT_THAT(load(*open()).sessions, ElementsAre(first, second));
}

TEST_F(StoreContent, HasUsesInTheOrderTheyJoined) {
    const SavedUse first{.filter = "z", .joined = 1};
    const SavedUse second{.filter = "m", .joined = 9};
    const SavedUse third{.filter = "a", .joined = 10};
    const auto store = open();
    write(*store, {.sessions = {{.client_id = "c", .uses = {third, first, second}}}});
    EXPECT_THAT(load(*store).sessions[0].uses, ElementsAre(first, second, third));
}

TEST_F(StoreContent, KeepsAllBitsOfNumbers) {
    auto sent = message(kMaxId);
    sent.publisher = kMaxJoined;
    sent.qos = 2;
    const SavedSession saved{.client_id = "c", .uses = {{.filter = "t", .joined = kMaxJoined}}};
    const auto store = open();
    write(*store, {.sessions = {saved}, .queued = {sent}});
    EXPECT_THAT(load(*store).sessions, ElementsAre(saved));
    EXPECT_THAT(load(*store).messages, ElementsAre(sent));
}

TEST_F(StoreContent, HasOneUseOfEachNameInASession) {
    const auto store = open();
    const SavedUse first{.filter = "t", .options = 1};
    const SavedUse last{.filter = "t", .options = 2};
    write(*store, {.sessions = {{.client_id = "c", .uses = {first, last}}}});
    EXPECT_THAT(load(*store).sessions[0].uses, ElementsAre(last));
}

TEST_F(StoreContent, HasSessionsReplaced) {
    const auto store = open();
    auto changed = session("c", {"t"});
    write(*store, {.sessions = {changed, session("d", {"t"})}});
    changed.uses[0].options = 1;
    changed.uses[0].identifier = 7;
    changed.uses[0].joined = 5;
    write(*store, {.sessions = {changed}});
    EXPECT_THAT(load(*store).sessions, ElementsAre(changed, session("d", {"t"})));
}

TEST_F(StoreContent, HasNoSessionThatNeverUsedAnything) {
    const auto store = open();
    write(*store, {.sessions = {session("c", {})}});
    EXPECT_THAT(load(*store).sessions, IsEmpty());
}

TEST_F(StoreContent, HasGroups) {
    const SavedGroup group{.name = kGroup, .turn = "c"};
    const SavedGroup odd{.name = {.share_name = kOdd, .filter = kOdd}, .turn = kOdd};
    const SavedGroup empty{.name = kOther, .turn = ""};
    write(*open(), {.groups = {group, odd, empty}});
    EXPECT_THAT(load(*open()).groups, ElementsAre(odd, group, empty));
}

TEST_F(StoreContent, HasGroupsReplaced) {
    const auto store = open();
    write(*store, {.groups = {{.name = kGroup, .turn = "c"}, {.name = kOther, .turn = "c"}}});
    write(*store, {.groups = {{.name = kGroup, .turn = "d"}}});
    EXPECT_THAT(load(*store).groups, ElementsAre(SavedGroup{.name = kGroup, .turn = "d"},
                                                 SavedGroup{.name = kOther, .turn = "c"}));
}

TEST_F(StoreContent, HasMessagesByIdWithProperties) {
    const SavedMessage full{
        .id = 2,
        .group = {.share_name = kOdd, .filter = kOdd},
        .topic = kOdd,
        .payload = kOdd,
        .qos = 1,
        .publisher = 77,
        .properties = {{.identifier = 38, .name = kOdd, .value = kOdd},
                       {.identifier = 38, .name = "k", .value = ""},
                       {.identifier = 38, .name = "", .value = "v"},
                       {.identifier = 1, .name = {}, .value = std::string(1, '\0')}}};
    const SavedMessage bare{.id = -1, .group = kGroup, .topic = "", .payload = ""};
    write(*open(), {.queued = {message(9), full, bare}});
    EXPECT_THAT(load(*open()).messages, ElementsAre(bare, full, message(9)));
}

TEST_F(StoreContent, HasLargeMessages) {
    auto large = message(1);
    large.payload.assign(5'000'000, '\0');
    large.properties[0].value.assign(65'535, 'x');
    write(*open(), {.queued = {large}});
    EXPECT_TRUE(load(*open()).messages == std::vector{large});
}

TEST_F(StoreContent, HasNoMessageThatWasDequeued) {
    const auto store = open();
    write(*store, {.queued = {message(1), message(2), message(3)}});
    write(*store, {.dequeued = {2, 99}, .queued = {message(4), message(5)}});
    EXPECT_THAT(load(*store).messages, ElementsAre(message(1), message(3), message(4), message(5)));
    EXPECT_EQ(OtherProgram(file()).run("SELECT count(*) FROM properties"), "4");
}

// Somebody got it, and left it behind.
TEST_F(StoreContent, HasAMessageThatWasDequeuedAndCameBack) {
    const auto store = open();
    write(*store, {.queued = {message(1), message(2)}});
    write(*store, {.dequeued = {1}, .queued = {message(1)}});
    EXPECT_THAT(load(*store).messages, ElementsAre(message(1), message(2)));
}

TEST_F(StoreContent, IsNothingElseWhereAllIsWrittenAgain) {
    const auto store = open();
    write(*store, {.sessions = {session("a", {"t"}), session("b", {"t"})},
                   .groups = {{.name = kGroup, .turn = "a"}},
                   .queued = {message(1)},
                   .strategies = {{"g", "sticky"}}});
    write(*store, {.whole = true, .sessions = {session("b", {"u"})}, .queued = {message(2)}});
    const auto state = load(*store);
    EXPECT_THAT(state.sessions, ElementsAre(session("b", {"u"})));
    EXPECT_THAT(state.groups, IsEmpty());
    EXPECT_THAT(state.messages, ElementsAre(message(2)));
    EXPECT_THAT(state.strategies, IsEmpty());
}

TEST_F(StoreContent, HasAMessageReplacedWithItsProperties) {
    const auto store = open();
    auto again = message(1);
    again.properties.push_back(again.properties[0]);
    write(*store, {.queued = {again}});
    write(*store, {.queued = {message(1)}});
    EXPECT_THAT(load(*store).messages, ElementsAre(message(1)));
}

TEST_F(StoreContent, HasNothingOfAGroupThatEnded) {
    const auto store = open();
    const auto user = session("c", {kGroup.filter});
    write(*store, {.sessions = {user},
                   .groups = {{.name = kGroup, .turn = "c"}, {.name = kOther, .turn = "c"}},
                   .queued = {message(1), message(2, kOther), message(3)}});
    write(*store, {.ended = {kGroup, {.share_name = "unknown", .filter = "t"}}});
    const auto state = load(*store);
    EXPECT_THAT(state.sessions, ElementsAre(user));
    EXPECT_THAT(state.groups, ElementsAre(SavedGroup{.name = kOther, .turn = "c"}));
    EXPECT_THAT(state.messages, ElementsAre(message(2, kOther)));
    EXPECT_EQ(OtherProgram(file()).run("SELECT count(*) FROM properties"), "1");
}

TEST_F(StoreContent, HasAGroupThatEndedAndBeganAgainAtOnce) {
    const auto store = open();
    write(*store, {.groups = {{.name = kGroup, .turn = "c"}}, .queued = {message(1)}});
    write(*store,
          {.ended = {kGroup}, .groups = {{.name = kGroup, .turn = "d"}}, .queued = {message(2)}});
    EXPECT_THAT(load(*store).groups, ElementsAre(SavedGroup{.name = kGroup, .turn = "d"}));
    EXPECT_THAT(load(*store).messages, ElementsAre(message(2)));
}

/// All kinds of changes on top of what is there, the last of them in the way of `obstacle`.
class StoreFailure : public StoreTest {
  protected:
    void SetUp() override {
        store = open();
        write(*store, before);
    }

    void fails_without_trace(std::string_view why) {
        std::string problem;
        EXPECT_FALSE(store->write(changes, 2, problem));
        EXPECT_THAT(problem, HasSubstr("'" + file().string() + "': "));
        EXPECT_THAT(problem, HasSubstr(why));
        const auto state = load(*store);
        EXPECT_EQ(state.sessions, before.sessions);
        EXPECT_EQ(state.groups, before.groups);
        EXPECT_EQ(state.messages, before.queued);
    }

    void works_when_tried_again() {
        write(*store, changes, 3);
        const auto state = load(*store);
        EXPECT_THAT(state.sessions, SizeIs(2));
        EXPECT_THAT(state.sessions[0].uses, ElementsAre(SavedUse{.filter = "t", .left = true}));
        EXPECT_EQ(state.groups, changes.groups);
        EXPECT_THAT(state.messages, ElementsAre(message(2, kOther), changes.queued.back()));
    }

    static Changes make_changes() {
        Changes made{.ended = {kGroup},
                     .sessions = {session("c", {}), session("d", {"t"})},
                     .groups = {{.name = kOther, .turn = "d"}},
                     .queued = {message(2, kOther), message(3, kOther)}};
        made.queued.back().payload.assign(1'000'000, 'x');
        return made;
    }

    const Changes before{.sessions = {session("c", {"t"})},
                         .groups = {{.name = kGroup, .turn = "c"}},
                         .queued = {message(1)}};
    const Changes changes = make_changes();
    std::unique_ptr<Store> store;
};

TEST_F(StoreFailure, LeavesNothingHalfDone) {
    OtherProgram other(file());
    other.run(
        "CREATE TRIGGER obstacle BEFORE INSERT ON messages WHEN new.id = 3 "
        "BEGIN SELECT RAISE(FAIL, 'obstacle'); END");
    fails_without_trace("obstacle");
    other.run("DROP TRIGGER obstacle");
    works_when_tried_again();
}

TEST_F(StoreFailure, MayBeALackOfRoom) {
    // Files cannot grow beyond 200 kB: the log does not take what is written.
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit tight{.rlim_cur = 200'000, .rlim_max = limit.rlim_max};
    auto* const handler = signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
    fails_without_trace("see whether its disk has room and works.");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, handler);
    works_when_tried_again();
}

TEST_F(StoreFailure, MayBeAnotherProgramThatWrites) {
    OtherProgram other(file());
    other.run("BEGIN IMMEDIATE");
    fails_without_trace("another program is writing to it; end that one.");
    other.run("ROLLBACK");
    works_when_tried_again();
}

TEST_F(StoreFailure, OfReadingSaysWhy) {
    OtherProgram(file()).run("DROP TABLE turns");
    std::string problem;
    EXPECT_FALSE(store->load(std::nullopt, problem));
    EXPECT_THAT(problem, HasSubstr("no such table: turns"));
}

}  // namespace
}  // namespace shared_subscription
