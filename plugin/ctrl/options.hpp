// How to reach the broker, and how to print: the options of mosquitto_ctrl, by the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace shared_subscription::ctrl {

inline constexpr std::uint16_t kPlainPort = 1883, kEncryptedPort = 8883;

/// What is behind `--proxy socks5h://`.
struct Proxy {
    std::string host;
    std::uint16_t port = 1080;
    std::string username;
    std::string password;
    bool operator==(const Proxy&) const = default;
};

struct Options {
    std::string host = "localhost";     ///< or the path of a Unix domain socket, if the port is 0
    std::optional<std::uint16_t> port;  ///< none: 1883, or 8883 with TLS
    std::string bind_address;
    std::string id;
    std::string username;
    std::optional<std::string> password;
    std::string cafile;
    std::string capath;
    std::string cert;
    std::string key;
    std::string keyform;
    std::string ciphers;
    std::string tls_alpn;
    std::string tls_version;
    std::string tls_engine;
    std::string tls_engine_kpass_sha1;
    std::string psk;
    std::string psk_identity;
    bool insecure = false;
    bool use_os_certs = false;
    std::optional<Proxy> proxy;
    int protocol = 5;  ///< as in MQTT_PROTOCOL_V31, V311 and V5
    int qos = 1;
    std::string options_file;
    bool debug = false;
    bool json = false;
    bool help = false;
    bool version = false;

    /// The connection is encrypted.
    [[nodiscard]] bool tls() const {
        return use_os_certs || !cafile.empty() || !capath.empty() || !psk.empty();
    }
    [[nodiscard]] std::uint16_t effective_port() const {
        return port.value_or(tls() ? kEncryptedPort : kPlainPort);
    }
};

/// Applies the options at the beginning of the words, up to the first word that is none. How many
/// words that were; nothing, and `problem` says which option is wrong, if one is.
[[nodiscard]] std::optional<std::size_t> apply_options(std::span<const std::string> words,
                                                       Options& options, std::string& problem);

/// Applies a file of options, one a line; '#' begins a comment.
[[nodiscard]] bool apply_options_file(const std::string& path, Options& options,
                                      std::string& problem);

/// $XDG_CONFIG_HOME/mosquitto_ctrl or ~/.config/mosquitto_ctrl; empty if there is no such file.
[[nodiscard]] std::string default_options_file();

/// Whether the options make sense together.
[[nodiscard]] bool fit_together(const Options& options, std::string& problem);

}  // namespace shared_subscription::ctrl
