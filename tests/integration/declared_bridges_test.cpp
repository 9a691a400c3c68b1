// What bridges bring for a declared group, whichever broker opened the bridge.

#include "declared_test.hpp"

namespace integration {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct Row {
    std::string name;
    bool opened_here;  // by the broker under test, so that nobody is asked about what it brings
    int qos;
};

class DeclaredGroupsAndBridges : public DeclaredTest, public ::testing::WithParamInterface<Row> {
  protected:
    static std::vector<std::string> bridge_to(const Broker& other, const std::string& direction) {
        return {"connection there",
                "address 127.0.0.1:" + std::to_string(other.port()),
                "local_clientid bridge",
                "remote_clientid bridge",
                "notifications false",
                "topic jobs/# " + direction + " " + std::to_string(GetParam().qos)};
    }
    void start_both() {
        if (GetParam().opened_here) {
            far().start({.with_plugin = false});
            broker.start({.options = {declared}, .after_plugin = bridge_to(far(), "in")});
            far().wait_for_log("Sending SUBACK to bridge");
        } else {
            broker.start({.options = {declared}});
            far().start({.with_plugin = false, .after_plugin = bridge_to(broker, "out")});
            broker.wait_for_log("Sending CONNACK to bridge");
        }
        publisher_ = &connect_elsewhere(far(), "far");
    }
    // Returns when all of it has come.
    void publish_far(int first, int last) {
        for (const auto& number : numbers(first, last))
            publisher_->publish("jobs/a", number, GetParam().qos);
        published_ += static_cast<std::size_t>(last - first + 1);
        broker.wait_for_log(
            GetParam().qos == 2 ? "Sending PUBCOMP to bridge" : "Sending PUBACK to bridge",
            published_);
    }
    void TearDown() override {
        // Before the other one: it would try to connect again, in vain.
        if (GetParam().opened_here) {
            EXPECT_EQ(broker.stop(), 0);
        } else {
            EXPECT_EQ(far().stop(), 0);
        }
        DeclaredTest::TearDown();
    }

  private:
    Broker& far() { return far_ ? *far_ : *(far_ = &another_broker()); }

    Broker* far_ = nullptr;
    Client* publisher_ = nullptr;
    std::size_t published_ = 0;
};

TEST_P(DeclaredGroupsAndBridges, CollectBeforeTheFirstMemberAndAfterTheLast) {
    start_both();
    publish_far(1, 10);
    EXPECT_THAT(collect("first", 10), ElementsAreArray(numbers(1, 10)));
    publish_far(11, 15);
    EXPECT_THAT(collect("second", 5), ElementsAreArray(numbers(11, 15)));
    EXPECT_THAT(collect("third", 0), IsEmpty());
}

TEST_P(DeclaredGroupsAndBridges, AreServedAtOnceWhileThereAreMembers) {
    start_both();
    Client& non_shared = connect("ordinary");
    non_shared.subscribe("jobs/#", 2);
    publish_far(1, 6);
    const auto members = connect_all({"a", "b"});
    for (Client* member : members) member->subscribe(filter, 2);
    settle();
    publish_far(7, 12);
    settle();
    auto payloads = members[0]->payloads();
    const auto more = members[1]->payloads();
    payloads.insert(payloads.end(), more.begin(), more.end());
    EXPECT_THAT(payloads, ::testing::UnorderedElementsAreArray(numbers(1, 12)));
    EXPECT_THAT(non_shared.payloads(), ElementsAreArray(numbers(1, 12)));
    for (Client* member : members) member->disconnect();
    settle();
    publish_far(13, 14);
    EXPECT_THAT(collect("third", 2), ElementsAreArray(numbers(13, 14)));
}

INSTANTIATE_TEST_SUITE_P(, DeclaredGroupsAndBridges,
                         ::testing::Values(Row{"OpenedThereQos1", false, 1},
                                           Row{"OpenedThereQos2", false, 2},
                                           Row{"OpenedHereQos1", true, 1},
                                           Row{"OpenedHereQos2", true, 2}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace integration
