// The queue of a group: messages that come while nobody is there, and go out when somebody is;
// in memory, and saved in a database as the plugin saves it, every 2,000 messages or turns.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/queue/stored_message.hpp"
#include "generations.hpp"
#include "quiet_broker.hpp"
#include "shared_subscription/engine.hpp"
#include "store/store.hpp"
#include "temporary_directory.hpp"

namespace shared_subscription {
namespace {

constexpr int kMessages = 100'000;
constexpr std::size_t kPayload = 256;  // bytes
constexpr int kMessagesInATurn = 20;

/// Keeps what the engine publishes to the one member, until that has acknowledged it.
class EchoBroker final : public QuietBroker {
  public:
    [[nodiscard]] bool can_visit_held() const noexcept override { return true; }
    bool visit_held(Context /*context*/,
                    const std::function<bool(const Message&)>& stays) override {
        for (const auto& copy : queue) std::ignore = stays(copy.message());
        return true;
    }
    const void* publish_to(std::string_view /*client_id*/, const Message& message,
                           const SubscriptionOptions& /*options*/) override {
        const auto* payload = static_cast<const char*>(message.payload);
        queue.push_back({.topic = std::string(message.topic),
                         .payload = std::string(payload, message.payload_size),
                         .qos = message.qos,
                         .properties = std::make_shared<char>()});  // known by their address only
        return queue.back().properties.get();
    }

    std::deque<StoredMessage> queue;
};

class Group {
  public:
    explicit Group(bool is_saved) {
        engine_.set_group_queue_limits({.messages = 0});
        engine_.set_queue_limit(0);
        if (is_saved) {
            std::string problem;
            store_ = Store::open(directory_.path() / "groups.db", problem);
            if (!store_ || !store_->load(std::nullopt, problem)) throw std::runtime_error(problem);
            engine_.restore({});
        }
        engine_.subscribe(member_, {FilterKind::shared, "g", "t", nullptr}, {1});
        turn();
        engine_.offline(member_);
        turn();
    }

    void enqueue() {
        const std::string payload(kPayload, 'x');
        const Message message{.topic = "t",
                              .payload = payload.data(),
                              .payload_size = static_cast<std::uint32_t>(payload.size()),
                              .qos = 1};
        for (int number = 0; number < kMessages; ++number) {
            if (!engine_.receive(publisher_, message) ||
                engine_.may_read(member_, message) != Answer::deny)
                throw std::logic_error("a message did not wait");
            if (number % kMessagesInATurn == 0) turn();
        }
        turn();
    }

    void drain() {
        engine_.connected(member_);
        // A round: what was published goes out, the TICK comes, then what is acknowledged is read.
        int got = 0;
        while (got < kMessages) {
            const auto written = static_cast<int>(broker_.queue.size());
            for (const auto& copy : broker_.queue)
                std::ignore = engine_.sent(member_, copy.message());
            turn();
            broker_.queue.erase(broker_.queue.begin(), broker_.queue.begin() + written);
            got += written;
        }
        turn();
    }

  private:
    void turn() {
        engine_.tick(++turns_);
        if (!store_ || !engine_.has_changes()) return;
        std::string problem;
        if (!store_->write(engine_.take_changes(1000, 2000), turns_, problem))
            throw std::runtime_error(problem);
    }

    TemporaryDirectory directory_;
    EchoBroker broker_;
    std::unique_ptr<Store> store_;
    Engine engine_{broker_, kBroker21, StrategyTable(), [] { return std::uint64_t{0}; }};
    Client member_{.context = &broker_, .id = "member"};
    Client publisher_{.context = &store_, .id = "publisher"};
    std::int64_t turns_ = 0;
};

void queue(benchmark::State& state, bool is_saved, bool is_drained) {
    double bytes = 0;
    for (auto unused : state) {
        (void)unused;
        using Clock = std::chrono::steady_clock;
        Group group(is_saved);
        const auto before = mallinfo2().uordblks;
        auto begin = Clock::now();
        group.enqueue();
        bytes = static_cast<double>(mallinfo2().uordblks - before) / kMessages;
        if (is_drained) {
            begin = Clock::now();
            group.drain();
        }
        state.SetIterationTime(std::chrono::duration<double>(Clock::now() - begin).count());
    }
    state.counters["messages"] =
        benchmark::Counter(kMessages, benchmark::Counter::kIsIterationInvariantRate);
    if (!is_drained) state.counters["bytes_per_message"] = bytes;
}

BENCHMARK_CAPTURE(queue, enqueue_in_memory, false, false)->UseManualTime();
BENCHMARK_CAPTURE(queue, drain_in_memory, false, true)->UseManualTime();
BENCHMARK_CAPTURE(queue, enqueue_saved, true, false)->UseManualTime();
BENCHMARK_CAPTURE(queue, drain_saved, true, true)->UseManualTime();

}  // namespace
}  // namespace shared_subscription
