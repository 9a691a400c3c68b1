#include "mosquitto/runtime.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "control/requests.hpp"
#include "mosquitto/events.hpp"

namespace shared_subscription {
namespace {

// For fewer members it makes little difference.
constexpr std::size_t kRotatesFrom = 4;

// One for the process: `per_listener_settings` initialises the same file for each listener.
std::unique_ptr<Runtime>& running() {
    static std::unique_ptr<Runtime> runtime;
    return runtime;
}

std::filesystem::path find_own_path() {
    Dl_info info{};
    return dladdr(reinterpret_cast<const void*>(&find_own_path), &info) != 0 && info.dli_fname
               ? info.dli_fname
               : "";
}

RandomSource make_random_source() {
    return [engine = std::mt19937_64(std::random_device{}())]() mutable { return engine(); };
}

const char* name_of_answer(int answer) {
    if (answer == MOSQ_ERR_SUCCESS) return "SUCCESS";
    return answer == MOSQ_ERR_PLUGIN_DEFER ? "DEFER" : "IGNORE";
}

void log_error(const std::string& text) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "%s", ("Error: shared-subscription: " + text).c_str());
}

}  // namespace

Runtime::Runtime(Generation generation, Options options)
    : generation_(generation), options_(std::move(options)), own_path_(find_own_path()) {
    const bool is_2_1 = generation == Generation::v2_1;
    broker_.set_shows_properties(is_2_1);
    read_configuration();
    const BrokerTraits traits{
        .separate_leaves = is_2_1,
        .announces_sessions = is_2_1,
        .has_listener_settings = !is_2_1 && configuration_ && configuration_->per_listener_settings,
        .rotates_from = is_2_1 ? kRotatesFrom : 0,
        .direct_from = is_2_1 ? 0 : options_.direct_from,
        .removes_duplicates = removes_duplicates(configuration_)};
    engine_ = std::make_unique<Engine>(broker_, traits, options_.strategies, make_random_source());
    is_certainly_controlled_ = configuration_ && certainly_controls_access(*configuration_);
    has_had_acl_file_ = configuration_ && !configuration_->acl_files.empty();
    if (configuration_) {
        set_queue_limits(*configuration_);
        mount_points_ = MountPoints(configuration_->mount_points);
        broker_.set_upgrades_qos(configuration_->upgrade_outgoing_qos);
    } else {
        engine_->set_queue_limit(Configuration{}.max_queued_messages, false);
    }
    engine_->set_membership_limits(options_.membership);
    engine_->set_group_queue_limits(options_.queue);
    engine_->set_redispatch(options_.redispatch.value_or(true));
    for (const auto& name : options_.declared) engine_->declare(name);
    sys_topics_ = std::make_unique<SysTopics>(engine_->registry(), broker_);
    sys_topics_->set_interval(static_cast<std::int64_t>(options_.sys_interval));
    broker_.log(LogLevel::info, "version " PLUGIN_VERSION " on Mosquitto " +
                                    std::string(is_2_1 ? "2.1" : "2.0") + ".");
    for (const auto& option : options_.obsolete) {
        broker_.log(LogLevel::notice,
                    "plugin_opt_" + option + " has no effect any more: the line can be taken out.");
    }
}

Instance* Runtime::start(mosquitto_plugin_id_t* identifier, std::span<const Option> options) {
    std::string problem;
    auto parsed = parse_options(options, problem);
    if (!parsed) {
        log_error(problem);
        return nullptr;
    }
    auto& runtime = running();
    if (!runtime) runtime.reset(new Runtime(detect_generation(identifier), *parsed));
    auto& instances = runtime->instances_;
    auto& instance = *instances.emplace_back(
        std::make_unique<Instance>(Instance{*runtime, identifier, instances.size()}));
    runtime->broker_.name_plugin(identifier);
    const bool is_ready = runtime->check_options(*parsed) && runtime->place(instance) &&
                          (instance.number > 0 || runtime->open_persistence());
    if (is_ready && register_events(instance)) {
        const auto others = runtime->others_of(instance);
        runtime->set_answer(instance, runtime->neutral_answer(others), others.decide);
        runtime->say_answer(instance, others.reason);
        if (instance.number == 0) runtime->say_redispatch();
        if (instance.number == 0) runtime->say_direct();
        return &instance;
    }
    stop(instance);
    return nullptr;
}

void Runtime::stop(Instance& instance) {
    instance.end_of_chain.reset();
    unregister_events(instance);
    auto& runtime = running();
    std::erase_if(runtime->instances_,
                  [&instance](const auto& owned) { return owned.get() == &instance; });
    if (!runtime->instances_.empty()) return;
    runtime->persistence_.reset();
    runtime->broker_.write_log();
    runtime.reset();
}

bool Runtime::check_options(const Options& options) {
    constexpr auto kLeastLoaded = Strategy::least_loaded;
    if (options.strategies.uses(kLeastLoaded) && !engine_->can_use(kLeastLoaded)) {
        log_error(
            "plugin_opt_strategy, plugin_opt_group_strategy: 'least_loaded' takes Mosquitto 2.1, "
            "as 2.0 shows no acknowledgements; allowed are the other strategies.");
        return false;
    }
    if (options == options_) return true;
    log_error(
        "plugin_opt_* lines differ between listeners; allowed are the same ones for each, as all "
        "share the groups.");
    return false;
}

bool Runtime::open_persistence() {
    const auto* configuration = configuration_ ? &*configuration_ : nullptr;
    const auto& file = options_.persistence_file;
    if (file.empty()) {
        if (configuration && configuration->persistence) {
            broker_.log(LogLevel::notice,
                        "a restart of the broker forgets groups, members and what waits for them, "
                        "although it keeps sessions; 'plugin_opt_persistence_file <path>' keeps "
                        "them, too.");
        }
        return true;
    }
    std::string problem;
    persistence_ = Persistence::open(file, configuration, generation_, *engine_, broker_, problem);
    if (persistence_) return true;
    log_error("plugin_opt_persistence_file " + problem);
    return false;
}

std::int64_t Runtime::now() {
    using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

int Runtime::save_and_publish(std::int64_t now) {
    if (persistence_) persistence_->tick(now);
    return sys_topics_->tick(now);
}

int Runtime::tick() {
    constexpr int kAtOnce = 1;  // milliseconds
    constexpr int kForFile = 100;
    constexpr int kInASecond = 1000;
    const auto milliseconds = now();
    has_ticks_ = true;
    broker_.free_dropped(milliseconds);
    const auto wanted = engine_->tick(milliseconds / 1000);
    const int for_metrics = save_and_publish(milliseconds);
    broker_.write_log(true);
    if (wanted == NextRound::at_once) return kAtOnce;
    if (for_metrics > 0) return for_metrics;
    if (persistence_ && persistence_->has_work()) return kForFile;
    const bool is_wanted = wanted == NextRound::in_a_second || options_.sys_interval > 0;
    return is_wanted || persistence_ ? kInASecond : 0;
}

// On 2.0 what all abstain from is denied, on 2.1 it is allowed.
bool Runtime::is_controlled(const Instance& instance) const {
    if (generation_ == Generation::v2_0) return instance.others_decide;
    return is_certainly_controlled_;
}

std::string Runtime::control(const Instance& instance, std::string_view request) {
    if (!options_.control.value_or(is_controlled(instance))) {
        return refuse_request(
            "control is off, as no access control is known to say who may use it; "
            "'plugin_opt_control true' switches it on all the same.");
    }
    return answer_request(request, *engine_, generation_ == Generation::v2_1,
                          {broker_.now(), now()});
}

std::optional<std::string> Runtime::find_mounted(const Client& client,
                                                 const SubscriptionFilter& filter) const {
    if (filter.kind != FilterKind::shared || engine_->is_member(client, filter)) return {};
    return mount_points_.find(filter.topic_filter, [&](const std::string& whole) {
        auto below = filter;
        below.topic_filter = whole;
        return engine_->is_member(client, below);
    });
}

void Runtime::set_queue_limits(const Configuration& configuration) {
    engine_->set_queue_limit(configuration.max_queued_messages,
                             !configuration.has_max_queued_bytes);
}

void Runtime::read_configuration() {
    const auto files = configuration_files(unreadable_);
    if (files.empty()) return;
    configuration_ = shared_subscription::read_configuration(files, generation_, unreadable_);
}

Others Runtime::others_of(const Instance& instance) const {
    if (options_.access_control == AccessControl::defer) {
        return {true, "plugin_opt_access_control is 'defer'"};
    }
    if (options_.access_control == AccessControl::first) {
        return {true, "plugin_opt_access_control is 'first'"};
    }
    if (options_.access_control == AccessControl::none) {
        return {false, "plugin_opt_access_control is 'none'"};
    }
    if (!configuration_) return {.decide = true, .reason = unreadable_, .is_known = false};
    return find_others(*configuration_, own_path_, generation_, instance.number);
}

bool Runtime::place(const Instance& instance) {
    const auto others = others_of(instance);
    if (!others.is_known && !std::exchange(has_warned_, true)) {
        broker_.log(LogLevel::warning,
                    "cannot see whether other access control is configured (" + others.reason +
                        "): access is left to it, and denied if there is none. "
                        "plugin_opt_access_control settles it: 'none' if nobody else decides, "
                        "'first' if this plugin is listed before all others, 'defer' otherwise.");
    }
    if (!configuration_) return true;
    const auto problem = find_misplaced(*configuration_, own_path_, generation_);
    if (!problem.empty()) {
        log_error(problem);
        return false;
    }
    if (options_.access_control == AccessControl::none && !configuration_->acl_files.empty()) {
        log_error(
            "plugin_opt_access_control 'none': an acl_file is configured, which this would "
            "switch off; allowed are 'auto', 'first' and 'defer'.");
        return false;
    }
    return true;
}

// 2.1: behind somebody who defers IGNORE would allow everything, as the last answer counts.
int Runtime::neutral_answer(const Others& others) const {
    if (generation_ == Generation::v2_0) {
        return others.decide ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_SUCCESS;
    }
    const bool may_be_behind = !others.is_known || options_.access_control == AccessControl::defer;
    return may_be_behind ? MOSQ_ERR_PLUGIN_DEFER : v2_1::kPluginIgnore;
}

void Runtime::set_answer(Instance& instance, int neutral, bool others_decide) {
    instance.neutral = neutral;
    instance.others_decide = others_decide;
    broker_.set_first(std::ranges::none_of(
        instances_, [](const auto& one) { return one->neutral == MOSQ_ERR_PLUGIN_DEFER; }));
    broker_.set_others_decide(
        std::ranges::any_of(instances_, [](const auto& one) { return one->others_decide; }));
}

void Runtime::say_answer(const Instance& instance, const std::string& reason) {
    broker_.log(LogLevel::info,
                std::string("access checks that are none of the groups' are answered with ") +
                    name_of_answer(instance.neutral) + ": " + reason + ".");
    if (instance.others_decide && !broker_.can_ask_others()) {
        broker_.log(LogLevel::notice,
                    "this build of the broker does not let a plugin ask what other access control "
                    "will say: a message elected to a member that may not read it is lost.");
    }
}

void Runtime::say_redispatch() {
    const bool is_wanted = options_.redispatch.value_or(generation_ == Generation::v2_1);
    if (!is_wanted || broker_.can_visit_held()) return;
    broker_.log(LogLevel::notice,
                "this broker does not let a plugin ask what a session still holds: what a member "
                "leaves behind when its session ends is lost for its group.");
}

void Runtime::say_direct() {
    if (generation_ == Generation::v2_1 || options_.direct_from == 0 || broker_.can_judge()) return;
    broker_.log(LogLevel::notice,
                "plugin_opt_direct_from has no effect: there is other access control, and this "
                "broker does not let a plugin ask what that lets a client read.");
}

// The broker neither loads nor unloads plugins while it runs, so that only an acl_file may come or
// go. What was left to others is left to them until the broker restarts.
void Runtime::reload() {
    std::string problem;
    const auto files = configuration_files(problem);
    auto read = files.empty() ? std::nullopt
                              : shared_subscription::read_configuration(std::span(files).last(1),
                                                                        generation_, problem);
    if (!read) {
        broker_.log(LogLevel::warning, "the configuration is as it was: " + problem + ".");
    } else {
        engine_->set_removes_duplicates(removes_duplicates(read));
        broker_.set_upgrades_qos(read->upgrade_outgoing_qos);
        set_queue_limits(*read);
    }
    const bool is_named = read && !read->acl_files.empty();
    if (generation_ == Generation::v2_0) {
        if (read && !is_named) warn_of_lost_acl_file();
        for (const auto& instance : instances_) look_for_acl_file(*instance);
        return;
    }
    if (is_named) ask_others();
    if (!read || !configuration_) return;
    read->plugins = configuration_->plugins;
    read->per_listener_settings = configuration_->per_listener_settings;
    is_certainly_controlled_ = is_certainly_controlled_ && certainly_controls_access(*read);
}

void Runtime::warn_of_lost_acl_file() {
    if (!has_had_acl_file_) return;
    broker_.log(LogLevel::warning,
                "the configuration names no acl_file any more: where the broker has given it up, "
                "access is left to others all the same until it restarts, and denied if there are "
                "none.");
}

// 2.1: its answer is right with and without an acl_file, but members have to be asked for first.
// Where the broker has not taken the file, they are asked for in vain.
void Runtime::ask_others() {
    for (const auto& instance : instances_) {
        if (instance->others_decide) continue;
        set_answer(*instance, instance->neutral, true);
        say_answer(*instance, "the configuration names an acl_file");
    }
}

void Runtime::look_for_acl_file(Instance& instance) {
    auto& end = instance.end_of_chain;
    if (instance.neutral == MOSQ_ERR_PLUGIN_DEFER && !(end && end->is_looking())) return;
    if (!end) {
        const auto report = [this, &instance](bool has_acl_file) {
            if (!has_acl_file) return set_answer(instance, MOSQ_ERR_SUCCESS, false);
            has_had_acl_file_ = true;
            say_answer(instance, "an acl_file is configured");
        };
        end = std::make_unique<EndOfChain>(instance.identifier, report);
    }
    set_answer(instance, MOSQ_ERR_PLUGIN_DEFER, true);
    end->look();
}

bool Runtime::removes_duplicates(const std::optional<Configuration>& configuration) const {
    const bool is_2_1 = generation_ == Generation::v2_1;
    if (!configuration) return !is_2_1;
    return !configuration->allow_duplicate_messages.value_or(
        is_2_1);  // src/conf.c, config__init_reload
}

}  // namespace shared_subscription
