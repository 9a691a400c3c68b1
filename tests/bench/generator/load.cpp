#include "load.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace bench {
namespace {

constexpr auto kSetUpTime = std::chrono::seconds(60);
constexpr auto kDrainTime = std::chrono::seconds(20);
constexpr double kSecondsForMessages = 600;  // under valgrind

Clock::duration seconds(double count) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(count));
}

std::uint64_t nanoseconds(Clock::time_point time) {
    return static_cast<std::uint64_t>(time.time_since_epoch() / std::chrono::nanoseconds(1));
}

std::vector<std::string> topics_of(const Scenario& scenario) {
    std::vector<std::string> topics;
    for (std::size_t i = 0; i < scenario.topics; ++i) {
        topics.push_back("bench/" + std::to_string(i % scenario.filters) + "/" + std::to_string(i));
    }
    return topics;
}

}  // namespace

Load::Load(const Scenario& scenario, const BrokerAddress& broker)
    : scenario_(scenario),
      on_packet_([this](ClientIndex client, const auto& packet) { received(client, packet); }),
      broker_(broker.process),
      fleet_(broker.port),
      publishers_(scenario.publishers),
      topics_(topics_of(scenario)),
      tally_(scenario.groups / scenario.filters) {
    const auto deadline = Clock::now() + kSetUpTime;
    fleet_.connect(scenario_.publishers, "publisher-", deadline);
    const auto subscribers = scenario_.groups * scenario_.members + scenario_.bystanders;
    first_subscriber_ = fleet_.connect(subscribers, "member-", deadline);
    subscribe(deadline);
    for (ClientIndex i = 0; i < publishers_.size(); ++i) ready_.push_back(i);
    broker_.stop();
}

std::string Load::filter_of(std::size_t group) const {
    const auto filter = "bench/" + std::to_string(group % scenario_.filters) + "/#";
    return scenario_.shared ? "$share/g" + std::to_string(group) + "/" + filter : filter;
}

void Load::add_subscription(ClientIndex client, const std::string& filter) {
    mqtt::add_subscribe(fleet_.output(client), 1, filter, scenario_.qos);
}

void Load::subscribe(Clock::time_point deadline) {
    auto client = first_subscriber_;
    for (std::size_t group = 0; group < scenario_.groups; ++group) {
        for (std::size_t i = 0; i < scenario_.members; ++i) {
            add_subscription(client++, filter_of(group));
        }
    }
    for (std::size_t i = 0; i < scenario_.bystanders; ++i) {
        add_subscription(client++, "$share/bystanders/elsewhere/#");
    }
    std::size_t missing = client - first_subscriber_;
    fleet_.turn_until([&] { return missing == 0; }, deadline,
                      [&](ClientIndex, const mqtt::Packet& packet) {
                          mqtt::check_suback(packet);
                          --missing;
                      },
                      "the broker did not answer all subscriptions in time");
}

void Load::warm_up() {
    if (scenario_.messages > 0) return;
    broker_.go_on();
    start_ = Clock::now();
    publish_until(start_ + seconds(scenario_.warm_up));
    wait_for_messages();
    broker_.stop();
}

void Load::measure(double time) {
    if (tally_.under_way() > 0 || has_published_all()) return;  // what is missing now is lost
    broker_.go_on();
    tally_.keep_latencies(scenario_.rate > 0);
    const auto received = tally_.received();
    const auto broker_cpu = broker_.cpu_seconds();
    const auto generator_cpu = own_cpu_seconds();
    start_ = Clock::now();
    due_ = 0;
    publish_until(start_ + seconds(scenario_.messages > 0 ? kSecondsForMessages : time));
    wait_for_messages();
    result_.seconds += std::chrono::duration<double>(Clock::now() - start_).count();
    result_.received += tally_.received() - received;
    result_.broker_cpu += broker_.cpu_seconds() - broker_cpu;
    result_.generator_cpu += own_cpu_seconds() - generator_cpu;
    broker_.stop();
}

Result Load::finish() {
    broker_.go_on();
    result_.resident = broker_.resident_bytes();
    wait_for_duplicates();
    for (ClientIndex i = 0; i < fleet_.size(); ++i) mqtt::add_disconnect(fleet_.output(i));
    fleet_.flush();
    result_.p50 = tally_.latency(0.5);
    result_.p99 = tally_.latency(0.99);
    result_.p999 = tally_.latency(0.999);
    result_.longest = tally_.latency(1);
    result_.published = tally_.published();
    result_.copies = tally_.published() * tally_.copies();
    result_.lost = tally_.under_way();
    result_.duplicates = tally_.duplicates();
    result_.unexpected = tally_.unexpected();
    return result_;
}

bool Load::has_published_all() const {
    return scenario_.messages > 0 && tally_.published() >= scenario_.messages;
}

void Load::publish_until(Clock::time_point end) {
    while (!has_published_all() && Clock::now() < end) {
        publish_what_is_due();
        auto until = end;
        if (scenario_.rate > 0 && !ready_.empty() && tally_.under_way() < scenario_.in_flight)
            until = std::min(end, start_ + seconds(static_cast<double>(due_) / scenario_.rate));
        fleet_.turn(until, on_packet_);
    }
}

void Load::publish_what_is_due() {
    const auto now = Clock::now();
    while (!ready_.empty() && !has_published_all() &&
           tally_.under_way() + tally_.copies() <= scenario_.in_flight) {
        auto due = now;
        if (scenario_.rate > 0) {
            due = start_ + seconds(static_cast<double>(due_) / scenario_.rate);
            if (due > now) return;
            ++due_;
        }
        publish(due);
    }
}

void Load::publish(Clock::time_point due) {
    const auto client = ready_.front();
    ready_.pop_front();
    auto& publisher = publishers_[client];
    const auto message = tally_.publish();
    payload_.clear();
    mqtt::add_number(payload_, message);
    mqtt::add_number(payload_, nanoseconds(due));
    payload_.resize(scenario_.payload, 'x');
    if (++publisher.last_packet_id == 0) ++publisher.last_packet_id;
    mqtt::add_publish(fleet_.output(client), topics_[message % topics_.size()],
                      {scenario_.qos, publisher.last_packet_id, payload_});
    publisher.ready = scenario_.qos == 0 || ++publisher.unacknowledged < scenario_.window;
    if (publisher.ready) ready_.push_back(client);
}

void Load::received(ClientIndex client, const mqtt::Packet& packet) {
    switch (packet.type) {
        case mqtt::Type::publish: {
            const auto publication = mqtt::read_publish(packet);
            if (publication.qos > 0) mqtt::add_puback(fleet_.output(client), publication.packet_id);
            const auto group = (client - first_subscriber_) / scenario_.members;
            const auto due = mqtt::read_number(publication.payload.substr(8));
            tally_.receive(mqtt::read_number(publication.payload), group / scenario_.filters,
                           nanoseconds(Clock::now()) - due);
            break;
        }
        case mqtt::Type::puback:
            acknowledged(client);
            break;
        case mqtt::Type::pingresp:
            --pings_;
            break;
        default:
            throw std::runtime_error("the broker sent a packet that nobody asked for");
    }
}

void Load::acknowledged(ClientIndex client) {
    auto& publisher = publishers_.at(client);
    --publisher.unacknowledged;
    if (publisher.ready) return;
    publisher.ready = true;
    ready_.push_back(client);
}

// What is still missing at the deadline is lost.
void Load::wait_for_messages() {
    const auto deadline = Clock::now() + kDrainTime;
    while (tally_.under_way() > 0 && Clock::now() < deadline) fleet_.turn(deadline, on_packet_);
}

// Behind the answer to a PINGREQ nothing comes that the broker had for the client by then, such as
// a second copy.
void Load::wait_for_duplicates() {
    for (int round = 0; round < 2; ++round) {
        pings_ = fleet_.size();
        for (ClientIndex i = 0; i < fleet_.size(); ++i) mqtt::add_pingreq(fleet_.output(i));
        fleet_.turn_until([&] { return pings_ == 0; }, Clock::now() + kDrainTime, on_packet_,
                          "the broker did not answer a PINGREQ in time");
    }
}

std::vector<Result> load(const Scenario& scenario) {
    std::deque<Load> loads;
    for (const auto& broker : scenario.brokers) loads.emplace_back(scenario, broker);
    for (auto& each : loads) each.warm_up();
    const auto slices = static_cast<int>(std::ceil(scenario.seconds / scenario.slice));
    for (int slice = 0; slice < slices; ++slice) {
        const bool backwards = slice % 2 != 0;
        for (std::size_t i = 0; i < loads.size(); ++i)
            loads[backwards ? loads.size() - 1 - i : i].measure(scenario.seconds / slices);
    }
    std::vector<Result> results;
    for (auto& each : loads) results.push_back(each.finish());
    return results;
}

}  // namespace bench
