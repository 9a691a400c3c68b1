// The plugin in the running broker: one engine for the process, and an instance for each time it is
// initialised (once, or for each listener under `per_listener_settings`).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "control/sys_topics.hpp"
#include "mosquitto/access_control.hpp"
#include "mosquitto/headers.hpp"
#include "mosquitto/mosquitto_broker.hpp"
#include "mosquitto/mount_points.hpp"
#include "mosquitto/persistence.hpp"
#include "options/options.hpp"
#include "shared_subscription/engine.hpp"

namespace shared_subscription {

class Runtime;

struct Instance {
    Runtime& runtime;
    mosquitto_plugin_id_t* identifier;
    std::size_t number;  ///< counted from 0 in the order of initialisation
    bool others_decide = true;
    int neutral =
        MOSQ_ERR_PLUGIN_DEFER;  ///< the answer that leaves an access check to everybody else
    bool has_tick = false;
    bool has_acted = false;                      ///< an event has come
    std::unique_ptr<EndOfChain> end_of_chain{};  ///< 2.0: whether an acl_file has come
};

class Runtime {
  public:
    /// Starts an instance; null, with the reason in the log, if the broker must not start like
    /// this.
    static Instance* start(mosquitto_plugin_id_t* identifier, std::span<const Option> options);
    static void stop(Instance& instance);

    /// Reads again what the broker has just read again.
    void reload();

    /// One round of the main loop; in how many milliseconds the next one is wanted at the latest,
    /// 0: whenever.
    [[nodiscard]] int tick();
    /// In an event in which nothing is fanned out: does of that what needs no TICK where there are
    /// none (2.0 with `per_listener_settings`, before 2.0.15).
    void pass() {
        if (!has_ticks_) save_and_publish(now());
    }

    [[nodiscard]] Engine& engine() noexcept { return *engine_; }
    [[nodiscard]] MosquittoBroker& broker() noexcept { return broker_; }
    /// The instance whose TICK counts.
    [[nodiscard]] Instance& first() noexcept { return *instances_.front(); }
    [[nodiscard]] Generation generation() const noexcept { return generation_; }
    /// The broker's own, on which everything happens.
    [[nodiscard]] std::thread::id thread() const noexcept { return thread_; }

    /// A request of somebody who may write it, as far as that is controlled; the answer.
    [[nodiscard]] std::string control(const Instance& instance, std::string_view request);

    [[nodiscard]] const MountPoints& mount_points() const noexcept { return mount_points_; }
    /// The filter of a membership that UNSUBSCRIBE names without the mount point; nothing: none.
    [[nodiscard]] std::optional<std::string> find_mounted(const Client& client,
                                                          const SubscriptionFilter& filter) const;

    /// 2.1, between the access check and the SUBSCRIBE event: a filter that everybody else was
    /// shown without its group.
    struct Judged {
        const char* filter = nullptr;
        std::string share_name{};
    };
    Judged judged;

  private:
    Runtime(Generation generation, Options options);

    /// Milliseconds of a clock that only goes forward.
    [[nodiscard]] static std::int64_t now();
    int save_and_publish(std::int64_t now);
    void read_configuration();
    void set_queue_limits(const Configuration& configuration);
    [[nodiscard]] bool place(const Instance& instance);
    [[nodiscard]] bool open_persistence();
    void set_answer(Instance& instance, int neutral, bool others_decide);
    /// What members leave behind goes to nobody, if that is so.
    void say_redispatch();
    /// There are no direct members, if that is so.
    void say_direct();
    void say_answer(const Instance& instance, const std::string& reason);
    [[nodiscard]] int neutral_answer(const Others& others) const;
    void look_for_acl_file(Instance& instance);
    void warn_of_lost_acl_file();
    void ask_others();
    bool check_options(const Options& options);
    [[nodiscard]] bool is_controlled(const Instance& instance) const;
    [[nodiscard]] Others others_of(const Instance& instance) const;
    [[nodiscard]] bool removes_duplicates(const std::optional<Configuration>& configuration) const;

    Generation generation_;
    std::thread::id thread_ = std::this_thread::get_id();
    Options options_;
    MosquittoBroker broker_;
    std::unique_ptr<Engine> engine_;
    std::filesystem::path own_path_;
    std::optional<Configuration> configuration_;  // at the start
    std::string unreadable_;                      // why there is no configuration
    bool has_ticks_ = false;
    bool has_warned_ = false;               // that it is not known who else decides
    bool is_certainly_controlled_ = false;  // 2.1
    bool has_had_acl_file_ = false;         // 2.0
    MountPoints mount_points_;
    std::unique_ptr<SysTopics> sys_topics_;
    std::unique_ptr<Persistence> persistence_;
    std::vector<std::unique_ptr<Instance>> instances_;
};

}  // namespace shared_subscription
