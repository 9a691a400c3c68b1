// How the plugin must answer so that everybody else's access control stays as it is. See
// docs/architecture.md, "Access control".
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "mosquitto/configuration.hpp"
#include "mosquitto/headers.hpp"
#include "options/options.hpp"

namespace shared_subscription {

/// Says which line to move if a `plugin` line stands before one of ours in the same chain; empty:
/// all is well.
[[nodiscard]] std::string find_misplaced(const Configuration& configuration,
                                         const std::filesystem::path& own, Generation generation);

/// Whether somebody else decides about access, and why that is thought.
struct Others {
    bool decide;
    std::string reason;
    bool is_known = true;  ///< otherwise somebody may, even before the plugin is asked
};

/// Looks at the chain that the `instance`-th initialisation of the plugin belongs to (from 0).
[[nodiscard]] Others find_others(const Configuration& configuration,
                                 const std::filesystem::path& own, Generation generation,
                                 std::size_t instance);

/// 2.1: whether somebody certainly says who may write what, to all clients. What other plugins are
/// for is not known, and a check from which all abstain is allowed there.
[[nodiscard]] bool certainly_controls_access(const Configuration& configuration);

/// 2.0, after a reload: whether the broker has an `acl_file` now. Its configuration does not tell:
/// after an error in it the broker keeps what it had, or takes a part (src/conf.c). But an
/// `acl_file` decides each check that it is asked (src/security_default.c), so the end of the chain
/// is reached only where there is none. The identifier must live longer, as long as no other plugin
/// decides.
class EndOfChain {
  public:
    /// What was found out, in the midst of a check or of look().
    using Report = std::function<void(bool has_acl_file)>;

    EndOfChain(mosquitto_plugin_id_t* identifier, Report report);
    ~EndOfChain();
    EndOfChain(const EndOfChain&) = delete;
    EndOfChain& operator=(const EndOfChain&) = delete;

    /// Begins to look; called in RELOAD, before the broker reads its `acl_file`. Until the report
    /// the plugin has to answer checks with DEFER: at the end of the chain they are allowed.
    void look();
    [[nodiscard]] bool is_looking() const noexcept { return state_ != State::idle; }

  private:
    enum class State : std::uint8_t {
        idle,
        looking,  ///< nothing was asked yet
        asked,    ///< the end is in place; a check that does not get there has been decided
    };

    static int on_check(int event, void* data, void* self) noexcept;
    static int on_end(int event, void* data, void* self) noexcept;
    void unregister() noexcept;

    mosquitto_plugin_id_t* identifier_;
    Report report_;
    State state_ = State::idle;
};

}  // namespace shared_subscription
