// Members come and go while messages are published.

#include <algorithm>
#include <map>
#include <random>

#include "broker_test.hpp"

namespace integration {
namespace {

using ::testing::IsEmpty;

constexpr int messages_of_a_round = 2000;
constexpr int messages_of_a_batch = 25;
constexpr std::size_t window = 20;  // max_inflight_messages

// How members with clean sessions leave. The persistent one always disconnects: what was under way
// to it is still its own when it is back.
enum class Leaving {
    // Unsubscribes, and disconnects when it has what had been given to it before.
    unsubscribing,
    // Disconnects while nothing is under way.
    disconnecting_at_rest,
    // Disconnects in the midst of what is published.
    disconnecting,
    // The connection just ends.
    dropping,
};

// What can be promised then.
struct ChurnRow {
    std::string name;
    Leaving leaving;
    // Every message is seen. Not on 2.0 where a connection ends while the broker writes to it:
    // nothing is redispatched.
    bool complete_on_20;
    bool complete_on_21;
    // No message is seen twice. Not where a connection ends before what was written is
    // acknowledged: that goes to another (2.1), who cannot know that the first has read it.
    bool single_on_20;
    bool single_on_21;
};
void PrintTo(const ChurnRow& row, std::ostream* stream) {
    *stream << row.name;
}

class Churn : public BrokerTest, public ::testing::WithParamInterface<ChurnRow> {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start();
        publisher_ = &connect("publisher");
        persistent_ = &connect("persistent", persistent());
        persistent_->subscribe(filter, 1);
        everyone_.push_back(persistent_);
    }

    void round() {
        for (int sent = 0; sent < messages_of_a_round; sent += messages_of_a_batch) {
            std::vector<int> packets;
            for (int i = 0; i < messages_of_a_batch; ++i) {
                packets.push_back(publisher_->start_publish(
                    {.topic = "t", .payload = std::to_string(++published_), .qos = 1}));
            }
            // Most of the batch is still under way, unless the row wants rest.
            const auto finish = [&] {
                for (const int packet : packets) publisher_->finish_publish(packet);
                packets.clear();
            };
            if (GetParam().leaving == Leaving::disconnecting_at_rest) {
                finish();
                wait_until_all_are_seen();
            }
            somebody_comes_or_goes();
            finish();
        }
        if (!persistent_->connected()) persistent_->connect();
        if (complete()) wait_until_all_are_seen();
        settle();
    }

    bool complete() const {
        return broker_is_20() ? GetParam().complete_on_20 : GetParam().complete_on_21;
    }
    bool single() const {
        return broker_is_20() ? GetParam().single_on_20 : GetParam().single_on_21;
    }
    void expect_what_is_promised() const {
        const auto times = times_seen();
        std::vector<std::string> missing;
        std::vector<std::string> doubled;
        for (const auto& number : numbers(1, published_)) {
            const auto found = times.find(number);
            if (found == times.end()) missing.push_back(number);
            if (found != times.end() && found->second > 1) doubled.push_back(number);
        }
        if (complete()) {
            EXPECT_THAT(missing, IsEmpty());
        } else if (!broker_is_20()) {
            // What was written and not read, as far as a window goes.
            EXPECT_LE(missing.size(), window * left_);
        }
        if (single()) {
            EXPECT_THAT(doubled, IsEmpty());
        }
        // The round was one: members came, went, and had their part.
        EXPECT_GT(left_, 10U);
        EXPECT_GT(persistent_->messages().size(), 100U);
    }

  private:
    static constexpr const char* filter = "$share/g/t";

    void somebody_comes_or_goes() {
        constexpr std::size_t most = 4;
        const auto chance = std::uniform_int_distribution(0, 5)(random_);
        if (chance == 0) {
            if (persistent_->connected()) {
                persistent_->disconnect();
            } else {
                EXPECT_TRUE(persistent_->connect());
            }
        } else if (members_.empty() || (chance < 4 && members_.size() < most)) {
            // Under a name of its own: on 2.0 one that is back in the same turn of the broker's
            // loop could be taken for the one that went.
            const std::string id = "member " + std::to_string(everyone_.size());
            members_.push_back(&connect(id, {.protocol = MQTT_PROTOCOL_V311}));
            members_.back()->subscribe(filter, 1);
            everyone_.push_back(members_.back());
        } else {
            const auto index =
                std::uniform_int_distribution<std::size_t>(0, members_.size() - 1)(random_);
            leave(*members_[index]);
            members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
            ++left_;
        }
    }
    void leave(Client& member) {
        if (GetParam().leaving == Leaving::dropping) {
            member.drop();
            return;
        }
        if (GetParam().leaving == Leaving::unsubscribing) {
            member.unsubscribe(filter);
            // What the broker holds back follows the acknowledgements of what is before it: when
            // PUBACK for the flush brings nothing, there is nothing.
            for (auto before = member.messages().size() + 1; before != member.messages().size();) {
                before = member.messages().size();
                member.flush();
            }
        }
        member.disconnect();
    }
    std::map<std::string, int> times_seen() const {
        std::map<std::string, int> result;
        for (const Client* client : everyone_) {
            for (const auto& message : client->messages()) ++result[message.payload];
        }
        return result;
    }
    // Only those who are there can see them: without one, the queue of the group has the rest.
    void wait_until_all_are_seen() {
        if (members_.empty() && !persistent_->connected()) return;
        loop.run_until(std::to_string(published_) + " messages to be seen", [&] {
            std::size_t total = 0;
            for (const Client* client : everyone_) total += client->messages().size();
            const auto published = static_cast<std::size_t>(published_);
            return total >= published && times_seen().size() == published;
        });
    }

    Client* publisher_ = nullptr;
    Client* persistent_ = nullptr;
    std::vector<Client*> members_;   // connected, with clean sessions
    std::vector<Client*> everyone_;  // and all that were
    std::size_t left_ = 0;
    int published_ = 0;
    std::mt19937 random_{20261124};
};

TEST_P(Churn, KeepsWhatCanBePromised) {
    const int rounds = long_runs() ? 20 : 1;
    if (long_runs()) allow_seconds(15 * 60);
    for (int number = 0; number < rounds; ++number) round();
    expect_what_is_promised();
}

INSTANTIATE_TEST_SUITE_P(
    , Churn,
    ::testing::Values(ChurnRow{"Unsubscribing", Leaving::unsubscribing, true, true, true, true},
                      ChurnRow{"DisconnectingAtRest", Leaving::disconnecting_at_rest, true, true,
                               true, true},
                      ChurnRow{"Disconnecting", Leaving::disconnecting, false, true, true, false},
                      ChurnRow{"Dropping", Leaving::dropping, false, true, true, false}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
