// The broker is killed: it starts again with what it and the plugin had written down.

#include <algorithm>
#include <random>
#include <set>

#include "restart_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

// What goes on when it happens.
enum class Moment { joining, publishing, queueing, returning };

// Three members of a group, all persistent.
class CrashTest : public RestartTest {
  protected:
    static constexpr int burst = 200;

    // The broker writes its sessions down after each change, or only when it is asked to end.
    void start(bool autosave) {
        configuration_ = remembering();
        if (autosave) {
            configuration_.first.insert(configuration_.first.end(),
                                        {"autosave_interval 1", "autosave_on_changes true"});
        }
        broker.start(configuration_);
        members_ = join({"a", "b", "c"});
        expect_exact();
    }

    void round(Moment moment) {
        if (moment == Moment::queueing || moment == Moment::returning) leave(members_);
        if (moment == Moment::joining) {
            for (Client* member : members_) member->unsubscribe(filter);
        }
        Client& publisher = connect(new_name());
        const auto packets = start_burst(publisher);
        switch (moment) {
            case Moment::joining:
                for (auto left = some() % members_.size() + 1; left > 0; --left) {
                    members_[left - 1]->subscribe(filter, 1);
                }
                break;
            case Moment::publishing:
                wait_for_some(some());
                break;
            case Moment::queueing:
                for (std::size_t left = some(); left > 0; --left) {
                    publisher.finish_publish(packets[left - 1]);
                }
                break;
            case Moment::returning:
                for (const int packet : packets) publisher.finish_publish(packet);
                for (Client* member : members_) member->connect();
                wait_for_some(some());
                break;
        }
        kill_under_clients();

        broker.start(configuration_);
        const std::string without = new_name();
        publish({{.topic = "t", .payload = without, .qos = 1}});
        for (Client* member : members_) member->connect();
        const std::string with = new_name();
        publish({{.topic = "t", .payload = with, .qos = 1}});
        expect_nothing_at_all_members();

        for (Client* member : members_) EXPECT_EQ(member->subscribe(filter, 1), 1);
        settle();
        expect_exact();
    }

    // From here on it is as if nothing had happened.
    void expect_exact() {
        drain();
        publish(numbered("t", 12, 1));
        EXPECT_THAT(counts(members_), ElementsAre(4, 4, 4));
        EXPECT_THAT(all_payloads(members_), UnorderedElementsAreArray(numbers(1, 12)));
        for (Client* member : members_) member->take_messages();
    }

    std::mt19937 random{20261124};

  private:
    static constexpr const char* filter = "$share/g/t";

    std::string new_name() { return "name " + std::to_string(++names_); }
    // How far a burst gets before the end.
    std::size_t some() { return std::uniform_int_distribution<std::size_t>(1, burst / 2)(random); }
    std::vector<int> start_burst(Client& publisher) {
        std::vector<int> packets;
        for (int i = 0; i < burst; ++i) {
            packets.push_back(
                publisher.start_publish({.topic = "t", .payload = new_name(), .qos = 1}));
        }
        return packets;
    }
    std::size_t total() const {
        std::size_t result = 0;
        for (const Client* member : members_) result += member->messages().size();
        return result;
    }
    void wait_for_some(std::size_t count) {
        loop.run_until(std::to_string(count) + " messages", [&] { return total() >= count; });
    }
    // Returns when nothing more comes of what was queued before.
    void drain() {
        for (std::size_t before = total() + 1; before != total();) {
            before = total();
            settle();
        }
        for (Client* member : members_) member->take_messages();
    }
    // A client may get again what it had, and another what the first had not yet acknowledged on
    // disk; but a group that was forgotten would give each message to each member.
    void expect_nothing_at_all_members() {
        std::vector<std::string> common = payloads_of(*members_[0]);
        for (const Client* member : members_) {
            std::vector<std::string> both;
            std::ranges::set_intersection(common, payloads_of(*member), back_inserter(both));
            common = both;
        }
        EXPECT_THAT(common, IsEmpty());
    }
    static std::vector<std::string> payloads_of(const Client& member) {
        const auto payloads = member.payloads();
        const std::set<std::string> sorted(payloads.begin(), payloads.end());
        return {sorted.begin(), sorted.end()};
    }

    Configuration configuration_;
    std::vector<Client*> members_;
    int names_ = 0;
};

struct CrashRow {
    std::string name;
    bool autosave;
    std::vector<Moment> moments;
};
void PrintTo(const CrashRow& row, std::ostream* stream) {
    *stream << row.name;
}

class Crash : public CrashTest, public ::testing::WithParamInterface<CrashRow> {};

TEST_P(Crash, LeavesTheGroupsExact) {
    start(GetParam().autosave);
    for (const Moment moment : GetParam().moments) {
        SCOPED_TRACE(static_cast<int>(moment));
        round(moment);
    }
}

INSTANTIATE_TEST_SUITE_P(
    , Crash,
    ::testing::Values(
        CrashRow{
            "SessionsWritten", true, {Moment::publishing, Moment::queueing, Moment::returning}},
        CrashRow{"SessionsLost", false, {Moment::joining, Moment::publishing, Moment::queueing}}),
    [](const auto& row) { return row.param.name; });

class ManyCrashes : public CrashTest, public ::testing::WithParamInterface<bool> {};

TEST_P(ManyCrashes, LeaveTheGroupsExact) {
    if (!long_runs()) return;
    constexpr int rounds = 50;
    allow_seconds(15 * 60);
    start(GetParam());
    for (int number = 0; number < rounds && !HasFailure(); ++number) {
        const auto moment = std::uniform_int_distribution(0, 3)(random);
        SCOPED_TRACE(::testing::Message() << "round " << number << ", moment " << moment);
        round(static_cast<Moment>(moment));
    }
}

INSTANTIATE_TEST_SUITE_P(, ManyCrashes, ::testing::Bool(), [](const auto& row) {
    return std::string(row.param ? "SessionsWritten" : "SessionsLost");
});

}  // namespace
}  // namespace integration
