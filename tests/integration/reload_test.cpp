// SIGHUP: the broker reads its configuration again, and so does the plugin.

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "access_control_test.hpp"
#include "descriptor.hpp"

namespace integration {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class Reload : public AccessControlTest {
  protected:
    // Members of a group that have a non-shared subscription besides.
    void join_alice_and_bob() {
        bob_ = &connect_client("bob");
        alice_ = &connect_client("alice");
        publisher_ = &connect("publisher");
        for (Client* member : {bob_, alice_}) {
            member->subscribe("$share/g/secret/#");
            member->subscribe("secret/#");
        }
    }
    // How many of 4 messages bob and alice get, once by their group and once each.
    std::vector<std::size_t> served() {
        for (Client* member : {bob_, alice_}) member->take_messages();
        publisher_->publish(numbered("secret/t", 4, 1));
        settle();
        return counts({bob_, alice_});
    }
    // bob's turns are lost where the plugin cannot know that he may not read.
    static auto forbidden_to_bob() { return ElementsAre(0, broker_can_be_asked() ? 8 : 6); }
    std::vector<std::string> answers() const { return broker.log_lines("access checks"); }

    Client* bob_ = nullptr;
    Client* alice_ = nullptr;
    Client* publisher_ = nullptr;
};

TEST_F(Reload, OfTheSameConfigurationChangesNothing) {
    broker.start();
    join_alice_and_bob();
    EXPECT_THAT(served(), ElementsAre(6, 6));
    broker.reload();
    EXPECT_THAT(served(), ElementsAre(6, 6));
}

TEST_F(Reload, AddsAnAclFile) {
    const auto restricted = configuration(AccessControlKind::acl_file);
    broker.start();
    join_alice_and_bob();
    EXPECT_THAT(served(), ElementsAre(6, 6));

    broker.reload(restricted);
    EXPECT_THAT(served(), forbidden_to_bob());
    if (broker_is_20()) {
        EXPECT_THAT(answers(), ElementsAre(HasSubstr("SUCCESS"), HasSubstr("DEFER")));
    }
}

// On 2.0 the answer is not taken back before a restart: what nobody else allows is denied.
TEST_F(Reload, TakesAnAclFileAway) {
    broker.start(configuration(AccessControlKind::acl_file));
    join_alice_and_bob();
    EXPECT_THAT(served(), forbidden_to_bob());
    broker.reload(Configuration{});
    if (!broker_is_20()) {
        EXPECT_THAT(served(), ElementsAre(6, 6));
        return;
    }
    EXPECT_THAT(bob_->subscribe("another"), Ge(128));
    EXPECT_EQ(publisher_->publish("open/t", "x", 1), 135);
    EXPECT_THAT(broker.log_lines("until it restarts"), SizeIs(1));
    for (auto* client : {bob_, alice_, publisher_}) client->disconnect();
    EXPECT_EQ(broker.stop(), 0);
    broker.start();
    join_alice_and_bob();
    EXPECT_THAT(served(), ElementsAre(6, 6));
}

TEST_F(Reload, WithAnErrorBeforeAnAclFileChangesNothing) {
    expect_alarming_log("rror");  // the broker's own words about it
    const auto restricted = configuration(AccessControlKind::acl_file);
    broker.start();
    join_alice_and_bob();
    broker.reload({.after_plugin = {"nonsense true", restricted.after_plugin.front()}});
    EXPECT_THAT(served(), ElementsAre(6, 6));
    EXPECT_EQ(bob_->subscribe("another"), 2);
    if (broker_is_20()) {
        EXPECT_THAT(answers(), SizeIs(1));
    }
}

TEST_F(Reload, StrictAclFileDeniesTheRest) {
    broker.start();
    join_alice_and_bob();
    const auto acl = broker.write_file("acl",
                                       "topic readwrite $fence/#\nuser bob\n"
                                       "topic read secret/#\npattern readwrite $fence/%c\n");
    broker.reload({.after_plugin = {"acl_file " + acl}});
    EXPECT_THAT(served(), ElementsAre(0, 0));  // the publisher may not write
}

TEST_F(Reload, FindsTheConfigurationGone) {
    expect_alarming_log("onfig");  // the broker's own words about it
    const auto restricted = configuration(AccessControlKind::acl_file);
    broker.start(restricted);
    join_alice_and_bob();
    EXPECT_THAT(served(), forbidden_to_bob());

    std::filesystem::remove(broker.path("mosquitto.conf"));
    broker.reload();
    EXPECT_THAT(served(), forbidden_to_bob());
    EXPECT_THAT(broker.log_lines("cannot read"), Not(IsEmpty()));

    broker.reload(restricted);
    EXPECT_THAT(served(), forbidden_to_bob());
}

// The broker keeps what it had: with no access control configured, what was allowed stays allowed.
TEST_F(Reload, FindsTheConfigurationGoneWhereNobodyDecides) {
    expect_alarming_log("onfig");
    broker.start();
    join_alice_and_bob();
    std::filesystem::remove(broker.path("mosquitto.conf"));
    broker.reload();
    EXPECT_THAT(served(), ElementsAre(6, 6));
}

TEST_F(Reload, FindsTheConfigurationGoneAfterAccessControlNone) {
    expect_alarming_log("onfig");
    broker.start({.options = {"plugin_opt_access_control none"}});
    join_alice_and_bob();
    std::filesystem::remove(broker.path("mosquitto.conf"));
    broker.reload();
    EXPECT_THAT(served(), ElementsAre(6, 6));
}

// The broker loads and unloads no plugin while it runs: those that it started with decide.
TEST_F(Reload, WithoutThePluginThatDecidesOpensNothing) {
    for (const auto kind :
         {AccessControlKind::dynamic_security_by_default, AccessControlKind::plugin_v4}) {
        SCOPED_TRACE(static_cast<int>(kind));
        if (broker.running()) {
            restart(configuration(kind));
        } else {
            broker.start(configuration(kind));
        }
        join_alice_and_bob();
        EXPECT_THAT(served(), forbidden_to_bob());
        broker.reload(Configuration{});
        EXPECT_THAT(served(), forbidden_to_bob());
        EXPECT_THAT(bob_->subscribe("closed/#"), Ge(128));
    }
}

TEST_F(Reload, WithAPluginMoreClosesNothing) {
    broker.start();
    join_alice_and_bob();
    broker.reload({.after_plugin = {"plugin " ON_REQUEST_PLUGIN}});
    EXPECT_THAT(served(), ElementsAre(6, 6));
    EXPECT_EQ(bob_->subscribe("another"), 2);
}

TEST_F(Reload, WithAPluginBeforeChangesNothing) {
    expect_alarming_log("must be the first");  // it will not start again like this
    broker.start();
    join_alice_and_bob();
    broker.reload({.before_plugin = {"plugin " ON_REQUEST_PLUGIN}});
    EXPECT_THAT(served(), ElementsAre(6, 6));
}

// As of `mosquitto -c <(...)`: what was read from a pipe is gone. Safe is DEFER; the log says why.
TEST_F(Reload, CannotBeAskedOfAPipe) {
    std::filesystem::create_directory(broker.path("more"));
    const auto pipe = broker.path("more/a.conf");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const auto acl = configuration(AccessControlKind::acl_file).after_plugin;
    const Configuration with_pipe{.after_plugin = {"include_dir " + broker.path("more")}};
    if (!broker_reads_pipes()) {
        expect_alarming_log("Error");
        const Descriptor writer(open(pipe.c_str(), O_RDWR | O_CLOEXEC));  // or opening it blocks
        EXPECT_GT(broker.start_in_vain(with_pipe), 0);
        EXPECT_THAT(broker.log_lines("is not a file"), Not(IsEmpty()));
        return;
    }
    std::jthread writer([&] { std::ofstream(pipe) << acl.front() << '\n'; });
    broker.start(with_pipe);

    EXPECT_THAT(broker.log_lines("cannot"), Not(IsEmpty()));
    EXPECT_THAT(answers(), ElementsAre(HasSubstr("DEFER")));
    join_alice_and_bob();
    EXPECT_THAT(served(), forbidden_to_bob());
}

}  // namespace
}  // namespace integration
