// One client with several uses of one filter, or of filters that overlap: a copy for each.

#include <algorithm>

#include "broker_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAreArray;

// On 2.0 they share a leaf of the broker's tree, and what is beyond one copy comes with the next
// turn of its main loop.
struct SeveralRow {
    std::string name;
    std::vector<std::string> filters;
};
void PrintTo(const SeveralRow& row, std::ostream* stream) {
    *stream << row.name;
}

class SeveralSubscriptions : public PluginTest,
                             public ::testing::WithParamInterface<std::tuple<SeveralRow, int>> {
  protected:
    const std::vector<std::string>& filters() const { return std::get<0>(GetParam()).filters; }
    int protocol() const { return std::get<1>(GetParam()); }
    // Each of "1", "2", "3" that often.
    static std::vector<std::string> three_times(std::size_t copies) {
        std::vector<std::string> result;
        for (std::size_t i = 0; i < copies; ++i) {
            for (const auto& number : numbers(1, 3)) result.push_back(number);
        }
        return result;
    }
};

TEST_P(SeveralSubscriptions, GetOneCopyEach) {
    Client& client = connect("client", {.protocol = protocol()});
    Client& publisher = connect("publisher");
    EXPECT_THAT(client.subscribe(filters(), 2), Each(2));
    for (const int qos : {0, 1, 2}) {
        publisher.publish(numbered("a/b", 3, qos));
        settle();
        EXPECT_THAT(client.take_payloads(),
                    UnorderedElementsAreArray(three_times(filters().size())))
            << "QoS " << qos;
    }
}

TEST_P(SeveralSubscriptions, ComeAndGoOneByOneInAnyOrder) {
    auto order = filters();
    Client& client = connect("client", {.protocol = protocol()});
    Client& publisher = connect("publisher");
    std::ranges::sort(order);
    do {
        for (std::size_t i = 0; i < order.size(); ++i) {
            client.subscribe(order[i], 1);
            publisher.publish(numbered("a/b", 3, 1));
            settle();
            EXPECT_THAT(client.take_payloads(), UnorderedElementsAreArray(three_times(i + 1)))
                << "after subscribing to " << order[i];
        }
        for (auto left = order.size(); left > 0; --left) {
            client.unsubscribe(order[order.size() - left]);
            publisher.publish(numbered("a/b", 3, 1));
            settle();
            EXPECT_THAT(client.take_payloads(), UnorderedElementsAreArray(three_times(left - 1)))
                << "after unsubscribing from " << order[order.size() - left];
        }
    } while (std::ranges::next_permutation(order).found);
}

TEST_P(SeveralSubscriptions, TakeTurnsInEachOfTheGroups) {
    const auto clients = connect_all({"a", "b"}, {.protocol = protocol()});
    for (Client* client : clients) client->subscribe(filters(), 1);

    connect("publisher").publish(numbered("a/b", 8, 1));
    settle();

    std::vector<std::string> expected;
    for (const auto& filter : filters()) {
        const std::size_t copies = filter.starts_with('$') ? 1 : clients.size();
        for (std::size_t copy = 0; copy < copies; ++copy) {
            for (const auto& number : numbers(1, 8)) expected.push_back(number);
        }
    }
    EXPECT_THAT(all_payloads(clients), UnorderedElementsAreArray(expected));
    EXPECT_EQ(clients[0]->messages().size(), clients[1]->messages().size());
}

INSTANTIATE_TEST_SUITE_P(
    , SeveralSubscriptions,
    ::testing::Combine(
        ::testing::Values(SeveralRow{"TwoGroups", {"$share/g1/a/b", "$share/g2/a/b"}},
                          SeveralRow{"GroupAndOrdinary", {"$share/g/a/b", "a/b"}},
                          SeveralRow{"GroupsAndOrdinary",
                                     {"$share/g1/a/b", "$share/g2/a/b", "$queue/a/b", "a/b"}},
                          SeveralRow{"GroupsOfDifferentFilters",
                                     {"$share/g/a/+", "$share/g/a/b", "$queue/#"}}),
        ::testing::Values(MQTT_PROTOCOL_V311, MQTT_PROTOCOL_V5)),
    [](const auto& row) {
        return std::get<0>(row.param).name + protocol_name(std::get<1>(row.param));
    });

using OneClient = PluginTest;

TEST_F(OneClient, LeavingAGroupLeavesTheOrdinarySubscriptionAndItsUnsubackIsNoFailure) {
    RawClient client(broker.port(), "client");
    client.subscribe({"t", "$share/g/t"}, 0);
    EXPECT_THAT(client.unsubscribe({"$share/g/t"}), ElementsAre(0));
    Client& publisher = connect("publisher");

    publisher.publish("t", "1", 1);
    settle();
    EXPECT_THAT(client.received(), SizeIs(1));

    EXPECT_THAT(client.unsubscribe({"t"}), ElementsAre(0));
    publisher.publish("t", "2", 1);
    settle();
    EXPECT_THAT(client.received(), IsEmpty());
}

}  // namespace
}  // namespace integration
