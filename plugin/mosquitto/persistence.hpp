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
#include "store/slices.hpp"
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
    /// behind them in the next turn; the rest once a second, in slices.
    /// `milliseconds`: of any clock that only goes forward.
    void tick(std::int64_t milliseconds);
    /// In how many milliseconds it wants the next turn at the latest; 0: whenever.
    [[nodiscard]] int wanted_turn() const noexcept {
        return slices_.are_left() ? Slices::kMilliseconds : 0;
    }
    /// Whether something waits to be saved.
    [[nodiscard]] bool has_work() const noexcept { return engine_.has_changes(); }

  private:
    Persistence(std::unique_ptr<Store> store, std::filesystem::path broker_file, Engine& engine,
                Broker& broker)
        : store_(std::move(store)),
          broker_file_(std::move(broker_file)),
          engine_(engine),
          broker_(broker) {}

    /// False: the database refuses.
    bool save(Slice slice);
    void forget_left();

    std::unique_ptr<Store> store_;
    std::filesystem::path broker_file_;  // mosquitto.db; empty: not known
    Engine& engine_;
    Broker& broker_;
    Changes changes_;  // taken from the engine, not saved yet
    Slices slices_;
    std::int64_t forgot_ = 0;  // seconds since 1970
    std::int64_t complained_ = 0;
};

}  // namespace shared_subscription
