// What monitoring makes of the metrics: Prometheus' own checks, node_exporter and Prometheus with
// the dashboard's questions, and prometheus-mqtt-exporter beside the broker.

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "broker_test.hpp"
#include "contents.hpp"
#include "deadline.hpp"
#include "process.hpp"

namespace integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Json = nlohmann::json;

const std::string packaging = PACKAGING_DIRECTORY;
const std::string metric_prefix = "mosquitto_shared_subscription_";
constexpr const char* python = "/usr/bin/python3";  // The distribution's, which has the client.

// As hostile as a client can name them, in MQTT and as a label.
const std::string hostile = "a \"b\\n{}\u202e\u00fc=$%";
const std::string hostile_label = "{group=\"a \\\"b\\\\n{}\u202e\u00fc=$%\",filter=\"t/+\"}";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

// What is served there, or nothing as long as nobody listens.
std::string page(std::uint16_t port, const std::string& path = "/metrics") try {
    const Descriptor connection = connect_to(port);
    const auto request = "GET " + path + " HTTP/1.0\r\n\r\n";
    if (::write(connection.get(), request.data(), request.size()) < 0) return "";
    std::string text;
    const Deadline deadline;
    std::array<char, 65536> part;
    while (true) {
        std::array<pollfd, 1> events{{{connection.get(), POLLIN, 0}}};
        deadline.poll(events, "the rest of a page");
        const auto size = ::read(connection.get(), part.data(), part.size());
        if (size <= 0) return text;
        text.append(part.data(), static_cast<std::size_t>(size));
    }
} catch (const std::system_error&) {
    return "";
}

class Monitoring : public BrokerTest {
  protected:
    void SetUp() override {
        BrokerTest::SetUp();
        broker.start({.first = {"sys_interval 1"},
                      .options = {"plugin_opt_control true", "plugin_opt_sys_interval 1"}});
    }
    void join_groups() {
        auto& member = connect("member");
        member.subscribe("$share/" + hostile + "/t/+");
        member.subscribe("$queue/t/#");
        member.publish(numbered("t/1", 3, 1));
        settle();
    }
    std::string metrics() {
        return run({"env", "XDG_CONFIG_HOME=/nowhere", ctrl_client(), "-p",
                    std::to_string(broker.port()), "metrics"},
                   broker.path("metrics"));
    }
    // Asks again each second, with what the broker says of itself in each.
    void wait_until(const std::string& what, const std::function<bool()>& is_so) {
        auto& clock = connect("clock" + std::to_string(++clocks_));
        clock.subscribe("$SYS/broker/uptime");
        std::size_t seen = 0;
        loop.run_until(what, [&] {
            if (std::exchange(seen, clock.messages().size()) == clock.messages().size())
                return false;
            return is_so();
        });
    }
    Process& start(const std::vector<std::string>& command) {
        const auto log = broker.path("process" + std::to_string(processes_.size()));
        return *processes_.emplace_back(std::make_unique<Process>(command, log));
    }
    Process& start_exporter(const std::string& configuration, std::uint16_t port) {
        const auto text = replaced(contents_of(packaging + "/prometheus/" + configuration),
                                   "127.0.0.1:1883", "127.0.0.1:" + std::to_string(broker.port()));
        return start({"prometheus-mqtt-exporter", "-config", broker.write_file(configuration, text),
                      "-listen-address", "127.0.0.1", "-listen-port", std::to_string(port)});
    }

  private:
    int clocks_ = 0;
    std::vector<std::unique_ptr<Process>> processes_;
};

TEST_F(Monitoring, PrometheusHasNoComplaint) {
    join_groups();
    const auto text = metrics();
    EXPECT_THAT(text,
                AllOf(HasSubstr(metric_prefix + "group_dispatched_total" + hostile_label + " 3\n"),
                      HasSubstr(metric_prefix + "messages_dispatched_total 6\n")));
    EXPECT_THAT(run({"sh", "-c", "promtool check metrics <\"$0\"", broker.path("metrics")},
                    broker.path("promtool")),
                IsEmpty());
}

// So that what is behind `&&` does not take a part for the whole.
TEST_F(Monitoring, HalfATextIsAFailure) {
    Process process({"sh", "-c", "exec \"$0\" -p \"$1\" metrics >/dev/full", ctrl_client(),
                     std::to_string(broker.port())},
                    broker.path("full"));
    EXPECT_EQ(process.wait(), 3);
    EXPECT_THAT(process.output(), HasSubstr("could not be written"));
}

// The parser of OpenMetrics that its authors keep beside the specification.
TEST_F(Monitoring, IsOpenMetrics) {
    join_groups();
    metrics();
    const auto read =
        run({python, "-c",
             "import sys\n"
             "from prometheus_client.openmetrics.parser import "
             "text_string_to_metric_families\n"
             "for family in text_string_to_metric_families(open(sys.argv[1]).read()):\n"
             "    for sample in family.samples:\n"
             "        print(sample.name, sample.labels.get('group'), sample.value)\n",
             broker.path("metrics")},
            broker.path("parsed"));
    EXPECT_THAT(read, HasSubstr(metric_prefix + "group_dispatched_total " + hostile + " 3\n"));
    EXPECT_THAT(read, HasSubstr(metric_prefix + "group_members $queue 1\n"));
}

// Each question of the dashboard, for all groups and for the hostile one.
TEST_F(Monitoring, DashboardFindsItsFiguresInPrometheus) {
    const ReservedPort exporter, prometheus;
    const auto directory = broker.path("textfiles");
    std::filesystem::create_directory(directory);
    const auto write = [&] {
        std::ofstream(directory + "/new") << metrics();
        std::filesystem::rename(directory + "/new", directory + "/shared_subscription.prom");
    };
    join_groups();
    write();
    start({"prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
           "--collector.textfile.directory=" + directory,
           "--web.listen-address=127.0.0.1:" + std::to_string(exporter.number())});
    const auto address = "127.0.0.1:" + std::to_string(prometheus.number());
    start({"prometheus", "--web.listen-address=" + address, "--log.level=error",
           "--storage.tsdb.path=" + broker.path("prometheus"),
           "--config.file=" +
               broker.write_file("prometheus.yml",
                                 "scrape_configs: [{job_name: node, scrape_interval: 100ms, "
                                 "scrape_timeout: 100ms, static_configs: [{targets: "
                                 "['127.0.0.1:" +
                                     std::to_string(exporter.number()) + "']}]}]\n")});
    // Nothing: there is no such figure.
    const auto answer = [&](const std::string& question) {
        Process process({"promtool", "query", "instant", "http://" + address, question},
                        broker.path("answer"));
        const bool is_found =
            process.wait() == 0 && process.output().find("=> ") != std::string::npos;
        return is_found ? process.output() : "";
    };
    const auto group = "{group=" + Json(hostile).dump() + "}";
    wait_until("the figures in Prometheus",
               [&] { return !answer(metric_prefix + "group_members" + group).empty(); });
    EXPECT_THAT(answer("node_textfile_scrape_error"), HasSubstr("=> 0 @"));
    connect("publisher").publish(numbered("t/1", 3, 1));
    settle();
    write();
    wait_until("a rate", [&] {
        return !answer("rate(" + metric_prefix + "group_dispatched_total" + group + "[1m]) > 0")
                    .empty();
    });
    std::size_t questions = 0;
    const auto dashboard =
        Json::parse(contents_of(packaging + "/grafana/shared-subscriptions.json"));
    for (const auto& panel : dashboard.at("panels")) {
        for (const auto& target : panel.at("targets")) {
            auto question = target.at("expr").get<std::string>();
            for (const auto& [variable, value] :
                 {std::pair{"$instance", ".*"}, {"$group", ".*"}, {"$__rate_interval", "1m"}})
                question = replaced(question, variable, value);
            EXPECT_NE(answer(question), "") << question;
            ++questions;
        }
    }
    EXPECT_GE(questions, 14U);
}

// Both as packaged, but for the port.
TEST_F(Monitoring, MqttExporterShowsWhatIsPublished) {
    const ReservedPort totals, groups;
    const auto& of_totals = start_exporter("mqtt-exporter-totals.yaml", totals.number());
    const auto& of_groups = start_exporter("mqtt-exporter-groups.yaml", groups.number());
    join_groups();
    wait_until("the figures of all groups", [&] {
        const auto text = page(totals.number());
        return text.find(metric_prefix + "messages_dispatched_total{") != text.npos &&
               text.find("/messages/dispatched\"} 6\n") != text.npos &&
               text.find("/members/connected\"} 2\n") != text.npos;
    });
    const auto of_group = [&](const std::string& name, const std::string& value) {
        std::istringstream lines(page(groups.number()));
        std::size_t found = 0;
        for (std::string line; std::getline(lines, line);) {
            const bool is_it = line.starts_with(metric_prefix + name + "{sensor=\"");
            found += is_it && line.ends_with("\"} " + value) ? 1U : 0U;
        }
        return found;
    };
    wait_until("the figures of each group", [&] {
        return of_group("group_dispatched_total", "3") == 2 && of_group("group_members", "1") == 2;
    });
    EXPECT_FALSE(of_totals.ended());
    EXPECT_FALSE(of_groups.ended());
    EXPECT_THAT(of_groups.output(), ::testing::Not(HasSubstr("error")));
    EXPECT_THAT(of_totals.output(), ::testing::Not(HasSubstr("error")));
}

}  // namespace
}  // namespace integration
