// The options of the command line client, which are those of mosquitto_ctrl.
#include "ctrl/options.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <vector>

#include "ctrl/host_arguments.hpp"
#include "rows.hpp"
#include "temporary_directory.hpp"

namespace shared_subscription::ctrl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Words = std::vector<std::string>;

Options parse(const Words& words) {
    Options options;
    std::string problem;
    EXPECT_EQ(apply_options(words, options, problem), words.size()) << problem;
    return options;
}

struct ReadOptionsRow : Row {
    Words words;
    bool (*as_expected)(const Options&);
};
class CtrlOption : public ::testing::TestWithParam<ReadOptionsRow> {};

TEST_P(CtrlOption, IsApplied) {
    EXPECT_TRUE(GetParam().as_expected(parse(GetParam().words)));
}

using O = const Options&;
const ReadOptionsRow kReadOptions[] = {
    {{"None"}, {}, [](O o) { return o.host == "localhost" && o.effective_port() == 1883; }},
    {{"Host"}, {"-h", "b"}, [](O o) { return o.host == "b"; }},
    {{"LongHost"}, {"--host", "b"}, [](O o) { return o.host == "b"; }},
    {{"Port"}, {"--port", "65535"}, [](O o) { return o.port == 65535; }},
    {{"Unix"}, {"--unix", "/s"}, [](O o) { return o.host == "/s" && o.effective_port() == 0; }},
    {{"EmptyPassword"}, {"-u", "u", "-P", ""}, [](O o) { return o.password == ""; }},
    {{"Qos"}, {"-q", "2"}, [](O o) { return o.qos == 2; }},
    {{"Mqtt311"}, {"-V", "mqttv311"}, [](O o) { return o.protocol == 4; }},
    {{"Mqtt31"}, {"-V", "31"}, [](O o) { return o.protocol == 3; }},
    {{"CaFile"}, {"--cafile", "c"}, [](O o) { return o.effective_port() == 8883; }},
    {{"CaFileAndPort"}, {"--cafile", "c", "-p", "1"}, [](O o) { return o.port == 1; }},
    {{"Flags"},
     {"--insecure", "--json", "-v", "--quiet"},
     [](O o) { return o.insecure && o.json; }},
    {{"Url"},
     {"-L", "mqtt://u:p@b:1884/t"},
     [](O o) { return o.username == "u" && o.password == "p" && o.host == "b" && o.port == 1884; }},
    {{"PlainUrl"}, {"-L", "mqtt://b/"}, [](O o) { return o.host == "b" && o.port == 1883; }},
    {{"UrlWithTls"},
     {"-L", "mqtts://b/"},
     [](O o) { return o.port == 8883 && o.use_os_certs && o.tls(); }},
    {{"Proxy"},
     {"--proxy", "socks5h://u%3a:p%40%25@x:1081"},
     [](O o) {
         return o.proxy == Proxy{"x", 1081, "u:", "p@%"};
     }},
    {{"PlainProxy"},
     {"--proxy", "socks5h://x"},
     [](O o) {
         return o.proxy == Proxy{"x", 1080, "", ""};
     }},
};
INSTANTIATE_TEST_SUITE_P(All, CtrlOption, ::testing::ValuesIn(kReadOptions),
                         name_of<ReadOptionsRow>);

struct RefusedOptionsRow : Row {
    Words words;
    const char* problem;
};
class BadCtrlOption : public ::testing::TestWithParam<RefusedOptionsRow> {};

TEST_P(BadCtrlOption, IsNamed) {
    Options options;
    std::string problem;
    const auto used = apply_options(GetParam().words, options, problem);
    EXPECT_FALSE(used && fit_together(options, problem));
    EXPECT_THAT(problem, HasSubstr(GetParam().problem));
}

const RefusedOptionsRow kRefusedOptions[] = {
    {{"Unknown"}, {"--nonsense", "x"}, "unknown option '--nonsense'"},
    {{"UnknownAtTheEnd"}, {"--nonsense"}, "unknown option '--nonsense'"},
    {{"Empty"}, {"-"}, "unknown option '-'"},
    {{"NoValue"}, {"-h"}, "nothing behind the option -h"},
    {{"PortIsText"}, {"-p", "x"}, "the port is 'x'"},
    {{"PortTooLarge"}, {"-p", "65536"}, "the port is '65536'"},
    {{"PortNegative"}, {"-p", "-1"}, "the port is '-1'"},
    {{"PortWithRest"}, {"-p", "1883x"}, "the port is '1883x'"},
    {{"Qos"}, {"-q", "3"}, "the QoS is '3'"},
    {{"Protocol"}, {"-V", "4"}, "'4' is unknown"},
    {{"Scheme"}, {"-L", "http://b/"}, "mqtt:// or mqtts://"},
    {{"UrlCutByMosquittoCtrl"}, {"-L", "mqtt://b"}, "put -L behind the module's name"},
    {{"UrlWithoutHost"}, {"-L", "mqtt:///"}, "no host"},
    {{"UrlWithoutUser"}, {"-L", "mqtt://:p@b/"}, "user name is empty"},
    {{"UrlWithoutPort"}, {"-L", "mqtt://b:/"}, "the port is ''"},
    {{"ProxyScheme"}, {"--proxy", "http://x"}, "socks5h://"},
    {{"CertWithoutKey"}, {"--cert", "c"}, "--cert and --key"},
    {{"PskAndCa"}, {"--psk", "1", "--cafile", "c"}, "exclude each other"},
    {{"PskWithoutIdentity"}, {"--psk", "1"}, "--psk-identity"},
};
INSTANTIATE_TEST_SUITE_P(All, BadCtrlOption, ::testing::ValuesIn(kRefusedOptions),
                         name_of<RefusedOptionsRow>);

TEST(CtrlOptions, EndWithTheFirstOtherWord) {
    Options options;
    std::string problem;
    EXPECT_EQ(apply_options(Words{"-p", "1", "list", "-h"}, options, problem), 2U);
}

class CtrlOptionsFile : public ::testing::Test {
  protected:
    bool apply(const std::string& text) {
        std::ofstream(path_) << text;
        return apply_options_file(path_, options, problem);
    }
    Options options;
    std::string problem;

  private:
    TemporaryDirectory directory_;
    std::string path_ = directory_.path() / "options";
};

TEST_F(CtrlOptionsFile, HasOneOptionInEachLine) {
    EXPECT_TRUE(apply("# of the test broker\n\n-h b\r\n  --insecure\n-P a password \n-p 1884"));
    EXPECT_EQ(options.host, "b");
    EXPECT_TRUE(options.insecure);
    EXPECT_EQ(options.password, "a password");
    EXPECT_EQ(options.port, 1884);
}

TEST_F(CtrlOptionsFile, SaysWhichLineIsWrong) {
    EXPECT_FALSE(apply("-h b\n-q 7\n"));
    EXPECT_THAT(problem, HasSubstr("options, line 2: the QoS is '7'"));
}

TEST_F(CtrlOptionsFile, TakesNoCommand) {
    EXPECT_FALSE(apply("list\n"));
    EXPECT_THAT(problem, HasSubstr("line 1: there is no place for 'list'"));
}

TEST_F(CtrlOptionsFile, MustBeThere) {
    EXPECT_FALSE(apply_options_file("/nowhere/at/all", options, problem));
    EXPECT_THAT(problem, HasSubstr("'/nowhere/at/all' cannot be read"));
}

TEST(HostArguments, GoBeforeTheModulesOwn) {
    EXPECT_THAT(with_options_of_host({"mosquitto_ctrl", "-p", "1", "shared-subscription", "list"},
                                     "mosquitto_ctrl", {"list"}),
                ElementsAre("-p", "1", "list"));
}

TEST(HostArguments, BeginBehindALoader) {
    EXPECT_THAT(with_options_of_host({"ld.so", "--library-path", "x", "/bin/mosquitto_ctrl", "-d",
                                      "shared-subscription", "show", "g"},
                                     "/bin/mosquitto_ctrl", {"show", "g"}),
                ElementsAre("-d", "show", "g"));
}

TEST(HostArguments, AreMissingWhereTheProcessDoesNotTell) {
    EXPECT_THAT(with_options_of_host({}, "mosquitto_ctrl", {"list"}), ElementsAre("list"));
}

}  // namespace
}  // namespace shared_subscription::ctrl
