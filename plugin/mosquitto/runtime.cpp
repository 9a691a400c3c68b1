#include "mosquitto/runtime.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <random>

#include "mosquitto/events.hpp"

namespace shared_subscription {
namespace {

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

void log_error(const std::string& text) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "%s", ("Error: shared-subscription: " + text).c_str());
}

}  // namespace

Runtime::Runtime(Generation generation, Options options)
    : generation_(generation), options_(std::move(options)), own_path_(find_own_path()) {
    const bool is_2_1 = generation == Generation::v2_1;
    broker_.set_shows_properties(is_2_1);
    read_configuration();
    const BrokerTraits traits{.separate_leaves = is_2_1,
                              .announces_sessions = is_2_1,
                              .removes_duplicates = removes_duplicates()};
    engine_ = std::make_unique<Engine>(broker_, traits, options_.strategies, make_random_source());
    if (configuration_) engine_->set_queue_limit(configuration_->max_queued_messages);
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
    if (runtime->check_options(*parsed) && runtime->place(instance) && register_events(instance))
        return &instance;
    stop(instance);
    return nullptr;
}

void Runtime::stop(Instance& instance) {
    unregister_events(instance);
    auto& runtime = running();
    std::erase_if(runtime->instances_,
                  [&instance](const auto& owned) { return owned.get() == &instance; });
    if (runtime->instances_.empty()) runtime.reset();
}

bool Runtime::check_options(const Options& options) {
    if (options == options_) return true;
    log_error(
        "plugin_opt_* lines differ between listeners; allowed are the same ones for each, as all "
        "share the groups.");
    return false;
}

bool Runtime::read_configuration() {
    configuration_.reset();
    const auto file = configuration_file();
    if (file) {
        configuration_ = shared_subscription::read_configuration(*file, unreadable_);
    } else {
        unreadable_ = "the broker was started without a configuration file";
    }
    return configuration_.has_value();
}

Others Runtime::others_of(const Instance& instance) const {
    if (options_.access_control == AccessControl::defer)
        return {true, "plugin_opt_access_control is 'defer'"};
    if (!configuration_) return {true, unreadable_};
    auto others = find_others(*configuration_, own_path_, generation_, instance.number);
    if (options_.access_control == AccessControl::none && configuration_->acl_files.empty()) {
        others = {false, "plugin_opt_access_control is 'none'"};
    }
    return others;
}

bool Runtime::place(Instance& instance) {
    if (configuration_) {
        if (const auto problem = find_misplaced(*configuration_, own_path_, generation_);
            !problem.empty()) {
            log_error(problem);
            return false;
        }
        if (options_.access_control == AccessControl::none && !configuration_->acl_files.empty()) {
            log_error(
                "plugin_opt_access_control 'none': an acl_file is configured, which this would "
                "switch off; "
                "allowed are 'auto' and 'defer'.");
            return false;
        }
    } else {
        broker_.log(LogLevel::warning,
                    "cannot see whether other access control is configured (" + unreadable_ +
                        "): taken for granted. If there is none, 2.0 denies everything: say so "
                        "with 'plugin_opt_access_control none'.");
    }
    const auto others = others_of(instance);
    const bool is_2_0 = generation_ == Generation::v2_0;
    instance.others_decide = others.decide;
    instance.neutral = !is_2_0         ? v2_1::kPluginIgnore
                       : others.decide ? MOSQ_ERR_PLUGIN_DEFER
                                       : MOSQ_ERR_SUCCESS;
    broker_.set_others_decide(
        std::ranges::any_of(instances_, [](const auto& owned) { return owned->others_decide; }));

    const char* answer = !is_2_0 ? "IGNORE" : others.decide ? "DEFER" : "SUCCESS";
    broker_.log(LogLevel::info,
                std::string("access checks that are none of the groups' are answered with ") +
                    answer + ": " + others.reason + ".");
    if (others.decide && !broker_.can_ask_others()) {
        broker_.log(LogLevel::notice,
                    "this build of the broker does not let a plugin ask what other access control "
                    "will say: a message elected to a member that may not read it is lost.");
    }
    return true;
}

void Runtime::reload() {
    read_configuration();
    engine_->set_removes_duplicates(removes_duplicates());
    if (configuration_) engine_->set_queue_limit(configuration_->max_queued_messages);
    for (const auto& instance : instances_) {
        // The broker does not load plugins while it runs, so only the answer can change.
        if (!place(*instance)) {
            instance->others_decide = true;
            if (generation_ == Generation::v2_0) instance->neutral = MOSQ_ERR_PLUGIN_DEFER;
            broker_.set_others_decide(true);
        }
    }
}

bool Runtime::removes_duplicates() const {
    const bool is_2_1 = generation_ == Generation::v2_1;
    if (!configuration_) return !is_2_1;
    return !configuration_->allow_duplicate_messages.value_or(
        is_2_1);  // src/conf.c, config__init_reload
}

}  // namespace shared_subscription
