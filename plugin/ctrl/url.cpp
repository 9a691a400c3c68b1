#include "ctrl/url.hpp"

#include <charconv>
#include <system_error>

#include "shared_subscription/text.hpp"

namespace shared_subscription::ctrl {
namespace {

// [user[:password]@]host[:port]
struct Authority {
    std::string host;
    std::optional<std::uint16_t> port;
    std::string username;  // empty: none
    bool has_password = false;
    std::string password;
};

bool parse_authority(std::string_view text, Authority& result, std::string& problem) {
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        const auto user = text.substr(0, at);
        const auto colon = user.find(':');
        result.username = user.substr(0, colon);
        if (result.username.empty()) {
            problem = "the URL's user name is empty";
            return false;
        }
        result.has_password = colon != std::string_view::npos;
        if (result.has_password) result.password = user.substr(colon + 1);
        text.remove_prefix(at + 1);
    }
    const auto colon = text.find(':');
    result.host = text.substr(0, colon);
    if (colon != std::string_view::npos) {
        result.port = parse_port(text.substr(colon + 1), problem);
        if (!result.port) return false;
    }
    if (result.host.empty()) problem = "the URL names no host";
    return !result.host.empty();
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

std::string decoded(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        if (take_prefix(text, "%25")) {
            result += '%';
        } else if (take_prefix(text, "%3A") || take_prefix(text, "%3a")) {
            result += ':';
        } else if (take_prefix(text, "%40")) {
            result += '@';
        } else {
            result += text.front();
            text.remove_prefix(1);
        }
    }
    return result;
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text, std::string& problem) {
    std::uint16_t port = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    if (error == std::errc() && rest == end) return port;
    problem = "the port is " + quote(text) + "; it must be a number up to 65535";
    return std::nullopt;
}

bool apply_url(std::string_view url, Options& options, std::string& problem) {
    const bool encrypted = url.starts_with("mqtts://");
    auto rest = url;
    if (!take_prefix(rest, "mqtt://") && !take_prefix(rest, "mqtts://")) {
        problem = "the URL must begin with mqtt:// or mqtts://";
        return false;
    }
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) {
        // mosquitto_ctrl cuts a URL that it was given in pieces, before the module is loaded.
        problem =
            "the URL has no '/' behind the host (with mosquitto_ctrl put -L behind the module's "
            "name: mosquitto_ctrl shared-subscription -L <url> <command>)";
        return false;
    }
    Authority authority;
    if (!parse_authority(rest.substr(0, slash), authority, problem)) return false;
    options.host = authority.host;
    options.port = authority.port.value_or(encrypted ? kEncryptedPort : kPlainPort);
    if (!authority.username.empty()) options.username = authority.username;
    if (authority.has_password) options.password = authority.password;
    if (encrypted) options.use_os_certs = true;
    return true;
}

bool apply_proxy(std::string_view url, Options& options, std::string& problem) {
    if (!take_prefix(url, "socks5h://")) {
        problem = "the proxy must begin with socks5h://";
        return false;
    }
    Authority authority;
    if (!parse_authority(url, authority, problem)) return false;
    Proxy proxy;
    proxy.host = authority.host;
    if (authority.port) proxy.port = *authority.port;
    proxy.username = decoded(authority.username);
    proxy.password = decoded(authority.password);
    options.proxy = std::move(proxy);
    return true;
}

}  // namespace shared_subscription::ctrl
