// The command line client against a real broker with the plugin: what persons see and change.

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "broker_test.hpp"
#include "process.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

using Words = std::vector<std::string>;

struct Ended {
    int status;
    std::string output;
};

Words operator+(Words first, const Words& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

class Ctrl : public BrokerTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.options = {"plugin_opt_control true"}});
    }

    std::vector<Client*> two_members() {
        auto members = connect_all({"a", "b"});
        for (Client* member : members) member->subscribe("$share/g/t", 1);
        return members;
    }
    Ended run_client(const Words& words) {
        return end({ctrl_client(), "-p", std::to_string(broker.port())}, words);
    }
    // mosquitto_ctrl of the broker's own release, which finds the module where it was built.
    Ended run_module(const Words& words) {
        const auto module = std::filesystem::path(ctrl_client()).parent_path().string();
        auto command = environment().broker_command;
        auto& program = command.back();
        program.replace(program.rfind("sbin/mosquitto"), std::string::npos, "bin/mosquitto_ctrl");
        if (command.size() == 1) {
            command = Words{"env", "LD_LIBRARY_PATH=" + module} + command;
        } else {  // <loader> --library-path <directories> <program>
            command[2] += ":" + module;
        }
        return end(command,
                   Words{"-p", std::to_string(broker.port()), "shared-subscription"} + words);
    }

  private:
    // Without the options file of the person who runs the tests.
    Ended end(const Words& command, const Words& words) {
        const auto output = broker.path("ctrl-" + std::to_string(++runs_));
        Process process(Words{"env", "XDG_CONFIG_HOME=/nowhere"} + command + words, output);
        const int status = process.wait();
        return {status, process.output()};
    }
    int runs_ = 0;
};

TEST_F(Ctrl, ListsGroups) {
    connect("a").subscribe("$share/g/t");
    connect("b").subscribe("$queue/u/#");
    const auto ended = run_client({"list"});
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.output, AllOf(HasSubstr("GROUP"), HasSubstr("g "), HasSubstr("$queue  u/#")));
}

TEST_F(Ctrl, ListsMoreGroupsThanOneAnswerHolds) {
    allow_seconds(300);
    Client& member = connect("a");
    constexpr int kGroups = 2100;
    for (int i = 0; i < kGroups; ++i) member.subscribe("$share/g" + std::to_string(i) + "/t");
    const auto ended = run_client({"list"});
    EXPECT_EQ(ended.status, 0);
    EXPECT_EQ(std::count(ended.output.begin(), ended.output.end(), '\n'), kGroups + 1);
}

TEST_F(Ctrl, ShowsMembersInTheOrderOfJoining) {
    connect("z").subscribe("$queue/t");
    connect("later").subscribe("$queue/t");
    const auto ended = run_client({"show", "$queue"});
    EXPECT_EQ(ended.status, 0);
    EXPECT_LT(ended.output.find("\nz "), ended.output.find("\nlater "));
}

TEST_F(Ctrl, PausesAndResumesAMember) {
    const auto members = two_members();
    EXPECT_EQ(run_client({"pause", "g", "a"}).status, 0);
    Client& publisher = connect("publisher");
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 4));

    EXPECT_EQ(run_client({"resume", "g", "a"}).status, 0);
    publisher.publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(2, 6));
}

TEST_F(Ctrl, RemovesAMember) {
    const auto members = two_members();
    EXPECT_EQ(run_client({"remove", "g", "a", "t"}).status, 0);
    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ElementsAre(0, 4));
}

TEST_F(Ctrl, ChangesAStrategy) {
    const auto members = two_members();
    EXPECT_EQ(run_client({"strategy", "sticky", "g"}).status, 0);
    EXPECT_THAT(run_client({"list"}).output, HasSubstr("sticky"));
    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(counts(members), ::testing::UnorderedElementsAre(0, 4));
}

TEST_F(Ctrl, CountsUntilItIsToldToBeginAnew) {
    connect("a").subscribe("$share/g/t", 1);
    connect("publisher").publish(numbered("t", 4, 1));
    settle();
    EXPECT_THAT(run_client({"stats"}).output, MatchesRegex("(.|\n)*dispatched +4\n(.|\n)*"));
    EXPECT_EQ(run_client({"stats", "reset"}).status, 0);
    EXPECT_THAT(run_client({"stats"}).output, MatchesRegex("(.|\n)*dispatched +0\n(.|\n)*"));
}

TEST_F(Ctrl, PrintsJson) {
    EXPECT_THAT(run_client({"version", "--json"}).output, HasSubstr("\"version\": \""));
}

TEST_F(Ctrl, SaysWhatThePluginRefuses) {
    const auto ended = run_client({"show", "no-such-group"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, HasSubstr("no-such-group"));
}

TEST_F(Ctrl, EndsWith2AfterWrongUsage) {
    EXPECT_EQ(run_client({"pause", "g"}).status, 2);
}

TEST_F(Ctrl, EndsWith3WithoutABroker) {
    broker.stop();
    EXPECT_EQ(run_client({"list"}).status, 3);
}

TEST_F(Ctrl, IsAModuleOfMosquittoCtrl) {
    connect("a").subscribe("$share/g/t");
    const auto listed = run_module({"list"});
    EXPECT_EQ(listed.status, 0);
    EXPECT_THAT(listed.output, HasSubstr("g "));
    EXPECT_EQ(run_module({"show", "no-such-group"}).status, 1);
    EXPECT_EQ(run_module({"pause", "g"}).status, 2);
    broker.stop();
    EXPECT_EQ(run_module({"list"}).status, 3);
}

// The library of 2.1 writes to an encrypted connection that it has shut down.
TEST_F(Ctrl, EndsWellAfterAnEncryptedConnection) {
    broker.stop();
    const auto certificate = broker.path("certificate");
    const auto key = broker.path("key");
    run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate},
        broker.path("openssl"));
    const ReservedPort encrypted;
    const auto port = std::to_string(encrypted.number());
    broker.start({.options = {"plugin_opt_control true"},
                  .after_plugin = {"listener " + port + " 127.0.0.1", "cafile " + certificate,
                                   "certfile " + certificate, "keyfile " + key}});
    for (const auto& ended : {run_client({"-p", port, "--cafile", certificate, "version"}),
                              run_module({"-p", port, "--cafile", certificate, "version"})}) {
        EXPECT_EQ(ended.status, 0);
        EXPECT_THAT(ended.output, HasSubstr("plugin "));
    }
    const auto ended = run_client({"-p", port, "version"});
    EXPECT_EQ(ended.status, 3);
    EXPECT_THAT(ended.output, HasSubstr("TLS"));
}

using CtrlUnderAccessControl = Ctrl;

TEST_F(CtrlUnderAccessControl, IsToldAtOnceThatItMayNot) {
    broker.stop();
    const auto rules = broker.write_file("acl", "topic readwrite t\n");
    broker.start({.before_plugin = {"acl_file " + rules}});
    const auto begin = std::chrono::steady_clock::now();
    const auto ended = run_client({"list"});
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(ended.output, HasSubstr("$CONTROL/shared-subscription/v1"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(CtrlUnderAccessControl, MayWhereTheTopicMayBeWritten) {
    broker.stop();
    const auto rules = broker.write_file("acl", "topic write $CONTROL/shared-subscription/v1\n");
    broker.start({.before_plugin = {"acl_file " + rules}});
    EXPECT_EQ(run_client({"list"}).status, 0);
}

}  // namespace
}  // namespace integration
