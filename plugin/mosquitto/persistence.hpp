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

    /// In each TICK. Memberships are saved at once, since the broker may save the subscriptions
    /// behind them in the next round; the rest once a second, a little at a time.
    /// `milliseconds`: of any clock that only goes forward.
    void tick(std::int64_t milliseconds);
    /// In how many milliseconds it wants the next round at the latest; 0: whenever.
    [[nodiscard]] int wanted_round() const noexcept {
        return changes_.empty() ? 0 : kMillisecondsBetween;
    }
    /// Whether something waits to be saved.
    [[nodiscard]] bool has_work() const noexcept {
        return !changes_.empty() || engine_.has_changes();
    }

  private:
    Persistence(std::unique_ptr<Store> store, std::filesystem::path broker_file, Engine& engine,
                Broker& broker)
        : store_(std::move(store)),
          broker_file_(std::move(broker_file)),
          engine_(engine),
          broker_(broker) {}

    static constexpr int kMillisecondsBetween = 20;  // from one part of a round to the next

    /// So many of the changes that were taken. False: the database refuses.
    bool save(std::size_t rows);
    bool save_all() { return changes_.empty() || save(changes_.size()); }
    void forget_left();

    std::unique_ptr<Store> store_;
    std::filesystem::path broker_file_;  // mosquitto.db; empty: not known
    Engine& engine_;
    Broker& broker_;
    Changes changes_;         // a round: taken from the engine, not saved yet
    bool is_behind_ = false;  // there was more than is taken at once
    std::int64_t round_ = 0;  // when it began, in seconds
    std::int64_t saved_ = 0;  // when its last part was saved, in milliseconds
    // In seconds since 1970.
    std::int64_t refused_ = 0;  // the database did so
    std::int64_t forgot_ = 0;
    std::int64_t complained_ = 0;
};

}  // namespace shared_subscription
