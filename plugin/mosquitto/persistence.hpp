// What the engine knows, kept in `plugin_opt_persistence_file`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "mosquitto/access_control.hpp"
#include "mosquitto/configuration.hpp"
#include "shared_subscription/broker.hpp"
#include "shared_subscription/engine.hpp"
#include "store/background_writer.hpp"
#include "store/store.hpp"

namespace shared_subscription {

class Persistence {
  public:
    /// Opens the file and gives the engine what is in it. Null, and `problem` says why for a
    /// person, if it cannot be used. `configuration`: the broker's, if it can be read.
    static std::unique_ptr<Persistence> open(const std::filesystem::path& file,
                                             const Configuration* configuration,
                                             Generation generation, Engine& engine, Broker& broker,
                                             std::string& problem);
    ~Persistence();
    Persistence(const Persistence&) = delete;
    Persistence& operator=(const Persistence&) = delete;

    /// In each TICK. Memberships are saved before this returns, since the broker may save the
    /// subscriptions behind them in the next round, unless the disk is slow; the rest a few times
    /// each second. `milliseconds`: of any clock that only goes forward.
    void tick(std::int64_t milliseconds);
    /// Whether something waits to be saved.
    [[nodiscard]] bool has_work() const noexcept { return is_whole_ || engine_.has_changes(); }

  private:
    Persistence(std::unique_ptr<Store> store, const std::filesystem::path& file,
                std::filesystem::path broker_file, Engine& engine, Broker& broker)
        : file_(file),
          writer_(std::move(store), file),
          broker_file_(std::move(broker_file)),
          engine_(engine),
          broker_(broker) {}

    void save_memberships();
    void save_some();
    void hand_over(std::size_t most_groups, std::size_t most_messages);
    void forget_left();
    void say_problem();

    const std::filesystem::path file_;
    BackgroundWriter writer_;
    std::filesystem::path broker_file_;  // mosquitto.db; empty: not known
    Engine& engine_;
    Broker& broker_;
    bool is_whole_ = false;    // the file has been lost: what goes there next is all
    bool is_behind_ = false;   // there was more than is taken at once
    std::int64_t round_ = 0;   // when the last one began, in milliseconds
    std::int64_t looked_ = 0;  // when the writer was looked at, in milliseconds
    std::int64_t forgot_ = 0;  // in seconds since 1970
    std::string problem_;      // that the log says
};

}  // namespace shared_subscription
