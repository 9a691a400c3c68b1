// per_listener_settings: each listener has its own access control, and the groups are one.

#include "access_control_test.hpp"
#include "control_request.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Listeners : public AccessControlTest {
  protected:
    // The main listener is open; these lines belong to a second one.
    Configuration with_second(const std::vector<std::string>& lines) const {
        std::vector<std::string> second{"listener " + std::to_string(port_.number()) + " 127.0.0.1",
                                        "allow_anonymous true"};
        second.insert(second.end(), lines.begin(), lines.end());
        return {.first = {"per_listener_settings true"}, .after_plugin = second};
    }
    Client& connect_to_second(const std::string& name) {
        return connect(loopback(port_.number()), name);
    }
    std::string own() const { return "plugin " + environment().plugin; }
    std::string acl_file(const std::string& text) {
        return "acl_file " + broker.write_file("second", text + "pattern readwrite $fence/%c\n");
    }

    ReservedPort port_;
};

TEST_F(Listeners, ShareTheirGroups) {
    broker.start(with_second({own()}));
    const std::vector<Client*> members{&connect("a"), &connect_to_second("b"), &connect("c"),
                                       &connect_to_second("d")};
    for (Client* member : members) member->subscribe("$share/g/t");
    Client& near = connect("near");
    Client& far = connect_to_second("far");
    for (int i = 0; i < 4; ++i) {
        near.publish("t", "near", 1);
        far.publish("t", "far", 1);
    }
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 2, 2, 2));
}

TEST_F(Listeners, AnswerControlRequestsAlike) {
    auto configuration = with_second({own(), "plugin_opt_control true"});
    configuration.options = {"plugin_opt_control true"};
    broker.start(configuration);
    for (Client* client : {&connect("near"), &connect_to_second("far")})
        EXPECT_TRUE(ask(*client, {{"command", "getVersion"}}).contains("data"));
    EXPECT_THAT(broker.log_lines("no control"), IsEmpty());
}

TEST_F(Listeners, KeepTheirOwnAclFile) {
    broker.start(with_second({own(), acl_file("topic readwrite open/#\n")}));
    const std::vector<Client*> members{&connect("a"), &connect_to_second("b")};
    for (Client* member : members) {
        member->subscribe("$share/g/+/t");
        member->subscribe("#");
    }
    Client& near = connect("near");
    Client& far = connect_to_second("far");
    for (int i = 0; i < 4; ++i) {
        for (const auto* topic : {"secret/t", "secret/t", "open/t"}) near.publish(topic, "x", 1);
        EXPECT_EQ(far.publish("secret/t", "forbidden", 1), 135);
    }
    settle();
    EXPECT_THAT(members[1]->messages(), Each(Field(&Message::topic, "open/t")));
    const std::size_t lost = broker_can_be_asked() ? 0 : 4;  // half of b's turns
    EXPECT_THAT(all_payloads(members), AllOf(SizeIs(12 + 12 + 4 - lost), Each("x")));
    EXPECT_THAT(members[1]->messages(), SizeIs(Ge(5U)));
    EXPECT_EQ(times_passed_over("b"), broker_can_be_asked() ? 1U : 0U);
}

TEST_F(Listeners, SayTheirAnswersEach) {
    broker.start(with_second({own(), acl_file("topic readwrite open/#\n")}));
    const auto lines = broker.log_lines("access checks");
    ASSERT_THAT(lines, SizeIs(2));
    if (!broker_is_20()) return;
    EXPECT_THAT(lines[0], HasSubstr("SUCCESS"));
    EXPECT_THAT(lines[1], AllOf(HasSubstr("DEFER"), HasSubstr("acl_file")));
}

TEST_F(Listeners, KeepTheirOwnPlugin) {
    broker.write_file("rules", "read * secret/*\nsubscribe * closed/#\nwrite * frozen/*\n");
    broker.start(with_second(
        {own(), "plugin " RULES_V5_PLUGIN, "plugin_opt_rules " + broker.path("rules")}));
    const std::vector<Client*> members{&connect("a"), &connect_to_second("b")};
    for (Client* member : members) member->subscribe("$share/g/secret/t");
    EXPECT_EQ(members[0]->subscribe("$queue/closed/#"), 2);
    EXPECT_THAT(members[1]->subscribe("$queue/closed/#"), Ge(128));
    EXPECT_EQ(members[1]->publish("frozen/t", "x", 1), 135);

    Client& publisher = connect("publisher");
    publisher.publish(numbered("secret/t", 4, 1));
    publisher.publish(numbered("closed/t", 4, 1));
    settle();
    const std::size_t lost = broker_can_be_asked() ? 0 : 2;  // b's turns
    EXPECT_THAT(counts(members), ElementsAre(8 - lost, 0));
}

TEST_F(Listeners, KeepTheirAccessControlAtAReload) {
    const auto open = with_second({own()});
    const auto restricted = with_second({own(), acl_file("topic readwrite open/#\n")});
    broker.start(open);
    const std::vector<Client*> members{&connect("a"), &connect_to_second("b")};
    for (Client* member : members) member->subscribe("$share/g/t");
    Client& publisher = connect("publisher");
    const auto served = [&] {
        for (Client* member : members) member->take_messages();
        publisher.publish(numbered("t", 4, 1));
        settle();
        return counts(members);
    };
    EXPECT_THAT(served(), ElementsAre(2, 2));
    broker.reload(restricted);
    const std::size_t lost = broker_can_be_asked() ? 0 : 2;  // b's turns
    EXPECT_THAT(served(), ElementsAre(4 - lost, 0));
    broker.reload(open);  // 2.0 never takes a listener's acl_file away
    if (broker_is_20()) {
        EXPECT_THAT(served(), ElementsAre(4 - lost, 0));
    } else {
        EXPECT_THAT(served(), ElementsAre(2, 2));
    }
}

TEST_F(Listeners, NeedTheSameOptions) {
    expect_alarming_log("Error");
    EXPECT_GT(broker.start_in_vain(with_second({own(), "plugin_opt_strategy sticky"})), 0);
    EXPECT_THAT(broker.log_lines("Error: shared-subscription: "),
                ElementsAre(HasSubstr("plugin_opt_")));
}

// Where the plugin is not loaded, nothing is any different.
TEST_F(Listeners, WithoutThePluginAreNotTouched) {
    broker.start(with_second({acl_file("topic readwrite open/#\n")}));
    Client& far = connect_to_second("far");
    far.subscribe("#");
    Client& member = connect("member");
    member.subscribe("$share/g/#");
    for (const auto* topic : {"open/t", "secret/t"}) connect("publisher").publish(topic, topic, 1);
    settle();
    EXPECT_THAT(far.payloads(), ElementsAre("open/t"));
    EXPECT_THAT(member.payloads(), ElementsAre("open/t", "secret/t"));
}

TEST_F(Listeners, MayShareAGlobalPlugin) {
    if (broker_is_20()) return;  // knows no global_plugin
    auto configuration = with_second({acl_file("topic readwrite open/#\n")});
    configuration.with_plugin = false;
    configuration.before_plugin = {"global_" + own()};
    broker.start(configuration);
    const std::vector<Client*> members{&connect("a"), &connect_to_second("b")};
    for (Client* member : members) member->subscribe("$share/g/+/t");
    Client& publisher = connect("publisher");
    publisher.publish(numbered("open/t", 4, 1));
    publisher.publish(numbered("secret/t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(6, 2));
    EXPECT_THAT(members[1]->messages(), Each(Field(&Message::topic, "open/t")));
}

}  // namespace
}  // namespace integration
