// Listeners with a mount_point: a group there is the group on the filter below it.

#include "access_control_test.hpp"
#include "raw_client.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Ge;
using ::testing::SizeIs;

class MountPoints : public AccessControlTest {
  protected:
    void start(const std::string& mount_point, std::vector<std::string> lines = {}) {
        mount_point_ = mount_point;
        lines.push_back("listener " + std::to_string(port_.number()) + " 127.0.0.1");
        lines.push_back("mount_point " + mount_point);
        broker.start({.after_plugin = std::move(lines)});
    }
    Client& connect_below(const std::string& id, const ClientOptions& options = {}) {
        return connect({.port = port_.number(), .mount_point = mount_point_}, id, options);
    }
    std::uint16_t port() const { return port_.number(); }
    // 2.0.11 leaves the mount point before the topics that it sends.
    std::string received(const std::string& topic) const {
        return environment().broker == BrokerVersion::v20 ? mount_point_ + topic : topic;
    }

  private:
    std::string mount_point_;
    ReservedPort port_;
};

TEST_F(MountPoints, GroupsAreSharedBelowAndFromElsewhere) {
    start("site/");
    const std::vector<Client*> members{&connect_below("a"), &connect_below("b"), &connect("c")};
    EXPECT_EQ(members[0]->subscribe("$share/g/t/#"), 2);
    EXPECT_EQ(members[1]->subscribe("$share/g/t/#"), 2);
    EXPECT_EQ(members[2]->subscribe("$share/g/site/t/#"), 2);
    auto& non_shared = connect_below("ordinary");
    non_shared.subscribe("t/#");
    connect_below("publisher below").publish(numbered("t/u", 6, 1));
    connect("publisher").publish(numbered("site/t/u", 6, 1));
    connect("publisher above").publish(numbered("t/u", 6, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(4, 4, 4));
    EXPECT_THAT(non_shared.messages(), SizeIs(12));
    EXPECT_EQ(members[0]->messages()[0].topic, received("t/u"));
    EXPECT_EQ(members[2]->messages()[0].topic, "site/t/u");
}

TEST_F(MountPoints, QueueIsAGroupToo) {
    start("site/");
    const auto members = std::vector<Client*>{&connect_below("a"), &connect_below("b")};
    for (auto* member : members) EXPECT_EQ(member->subscribe("$queue/t"), 2);
    connect_below("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

// The broker leaves the mount point out of what it shows of an UNSUBSCRIBE.
TEST_F(MountPoints, MembersLeave) {
    start("s/");
    const auto members = std::vector<Client*>{&connect_below("a"), &connect_below("b")};
    auto& publisher = connect_below("publisher");
    for (const std::string prefix : {"$share/group/", "$queue/"}) {
        for (auto* member : members) member->subscribe(prefix + "t");
        members[0]->unsubscribe(prefix + "t");
        publisher.publish(numbered("t", 4, 1));
        settle();
        EXPECT_THAT(counts(members), ElementsAre(0, 4)) << prefix;
        members[1]->unsubscribe(prefix + "t");
        publisher.publish(numbered("t", 4, 1));
        settle();
        EXPECT_THAT(counts(members), ElementsAre(0, 4)) << prefix;
        members[1]->take_messages();
    }
}

TEST_F(MountPoints, LeavingIsRefusedWhereTheFilterWouldHaveToGrow) {
    start("a/long/mount/point/");
    RawClient member(port(), "member");
    member.subscribe({"$share/g/t"}, 1);
    const auto codes = member.unsubscribe({"$share/g/t"});
    connect_below("publisher").publish(numbered("t", 2, 1));
    settle();
    if (broker_is_20()) {
        EXPECT_THAT(codes, ElementsAre(Ge(0x80)));
        EXPECT_THAT(broker.log_lines("cannot leave group 'g' on 'a/long/mount/point/t'"),
                    SizeIs(1));
        EXPECT_THAT(member.received(), SizeIs(2)) << "it is a member";
    } else {
        EXPECT_THAT(codes, ElementsAre(0));
        EXPECT_THAT(member.received(), SizeIs(0));
    }
}

TEST_F(MountPoints, MayBeAnyText) {
    start("prefix");
    const auto members = std::vector<Client*>{&connect_below("a"), &connect_below("b")};
    for (auto* member : members) EXPECT_EQ(member->subscribe("$share/g/t"), 2);
    connect("publisher").publish(numbered("prefixt", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2));
}

TEST_F(MountPoints, MalformedGroupsAreRefusedBelowThemToo) {
    start("site/");
    RawClient client(port(), "client");
    EXPECT_THAT(
        client.subscribe(
            {"t", "$share/g", "$share//t", "$queue", "$share/g/$share/h/t", "$share/+/t"}, 1),
        ElementsAre(1, Ge(0x80), Ge(0x80), Ge(0x80), Ge(0x80), Ge(0x80)));
}

TEST_F(MountPoints, WhatWaitsGoesOutBelowThem) {
    start("site/");
    auto& member = connect_below("member", persistent());
    member.subscribe("$share/g/t", 1);
    leave({&member});
    connect_below("publisher").publish(numbered("t", 5, 1));
    settle();
    come_back({&member});
    EXPECT_THAT(member.payloads(), ElementsAreArray(numbers(1, 5)));
    EXPECT_EQ(member.messages()[0].topic, received("t"));
}

TEST_F(MountPoints, AccessIsJudgedByWhatItMeans) {
    start("site/", {"acl_file " + broker.write_file("acl",
                                                    "topic readwrite $fence/#\n"
                                                    "topic readwrite site/$fence/#\n"
                                                    "topic read site/open\n"
                                                    "topic write #\n")});
    auto& member = connect_below("member");
    member.subscribe("$share/g/open");
    member.subscribe("$share/g/closed");
    auto& publisher = connect_below("publisher");
    publisher.publish("closed", "x", 1);
    publisher.publish("open", "x", 1);
    settle();
    ASSERT_THAT(member.messages(), SizeIs(1));
    EXPECT_EQ(member.messages()[0].topic, received("open"));
}

}  // namespace
}  // namespace integration
