#include "ctrl/session.hpp"

#include <mqtt_protocol.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "control/protocol.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription::ctrl {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr auto kPatienceForAllPages = std::chrono::seconds(60);
constexpr std::size_t kMostBytes = 64'000'000;
constexpr int kFirstFailure = 128;  // [MQTT-5 2.4]

const char* text_or_null(const std::string& text) {
    return text.empty() ? nullptr : text.c_str();
}

std::string library_error(int code) {
    if (code != MOSQ_ERR_ERRNO) return mosquitto_strerror(code);
    // The library of 2.1 has closed the socket by then, and so forgotten the reason.
    return errno == EBADF ? "nothing answers there" : std::strerror(errno);
}

std::string no_answer() {
    return "no answer within 10 seconds. Is the plugin loaded (the broker's log says so at start), "
           "and may this user write to " +
           std::string(kControlTopic) + "?";
}

std::string refused(int reason) {
    return "the broker refused the request: " + std::string(mosquitto_reason_string(reason)) +
           ". Its access control must let this user write to " + kControlTopic + ".";
}

}  // namespace

Session::Session(const Options& options) : options_(options) {
    mosquitto_lib_init();
    client_.reset(mosquitto_new(text_or_null(options.id), true, this));
    if (!client_) throw std::bad_alloc();
}

Session::~Session() {
    mosquitto_disconnect(client_.get());
    client_.reset();
    mosquitto_lib_cleanup();
}

bool Session::configure(Failure& failure) {
    auto* const client = client_.get();
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, options_.protocol);
    auto password = options_.password;
    if (!options_.username.empty() && !password) {
        const char* typed = getpass(("Password for " + options_.username + ": ").c_str());
        if (typed == nullptr) {
            failure = {kUsage, "there is no terminal to ask for a password; say -P <password>"};
            return false;
        }
        password = typed;
    }
    if (password && mosquitto_username_pw_set(client, text_or_null(options_.username),
                                              password->c_str()) != MOSQ_ERR_SUCCESS) {
        failure = {kUsage, "the user name or the password cannot be used"};
        return false;
    }
    if (const auto& proxy = options_.proxy;
        proxy && mosquitto_socks5_set(client, proxy->host.c_str(), proxy->port,
                                      text_or_null(proxy->username),
                                      text_or_null(proxy->password)) != MOSQ_ERR_SUCCESS) {
        failure = {kUsage, "this libmosquitto cannot use --proxy"};
        return false;
    }
    return configure_tls(failure);
}

bool Session::configure_tls(Failure& failure) {
    auto* const client = client_.get();
    const auto set = [&](bool wanted, const char* names, auto function, auto... arguments) {
        if (!wanted) return true;
        const int code = function(client, arguments...);
        if (code == MOSQ_ERR_SUCCESS) return true;
        failure = {kUsage, "check " + std::string(names) + ": " +
                               (code == MOSQ_ERR_INVAL ? "not valid, or the file cannot be read"
                                                       : library_error(code))};
        return false;
    };
    const auto& o = options_;
    const bool files = !o.cafile.empty() || !o.capath.empty();
    return set(files, "--cafile, --capath, --cert and --key", mosquitto_tls_set,
               text_or_null(o.cafile), text_or_null(o.capath), text_or_null(o.cert),
               text_or_null(o.key), nullptr) &&
           set(o.use_os_certs && !files, "--tls-use-os-certs", mosquitto_int_option,
               MOSQ_OPT_TLS_USE_OS_CERTS, 1) &&
           set(o.insecure, "--insecure", mosquitto_tls_insecure_set, true) &&
           set(!o.tls_engine.empty(), "--tls-engine", mosquitto_string_option, MOSQ_OPT_TLS_ENGINE,
               o.tls_engine.c_str()) &&
           set(!o.keyform.empty(), "--keyform", mosquitto_string_option, MOSQ_OPT_TLS_KEYFORM,
               o.keyform.c_str()) &&
           set(!o.tls_engine_kpass_sha1.empty(), "--tls-engine-kpass-sha1", mosquitto_string_option,
               MOSQ_OPT_TLS_ENGINE_KPASS_SHA1, o.tls_engine_kpass_sha1.c_str()) &&
           set(!o.tls_alpn.empty(), "--tls-alpn", mosquitto_string_option, MOSQ_OPT_TLS_ALPN,
               o.tls_alpn.c_str()) &&
           set(!o.psk.empty(), "--psk and --psk-identity", mosquitto_tls_psk_set, o.psk.c_str(),
               o.psk_identity.c_str(), nullptr) &&
           set(!o.tls_version.empty() || !o.ciphers.empty(), "--tls-version and --ciphers",
               mosquitto_tls_opts_set, 1, text_or_null(o.tls_version), text_or_null(o.ciphers));
}

bool Session::connect(Failure& failure) {
    if (!configure(failure)) return false;
    auto* const client = client_.get();
    mosquitto_connect_v5_callback_set(
        client, [](mosquitto*, void* self, int reason, int, const mosquitto_property*) {
            static_cast<Session*>(self)->connected(reason);
        });
    mosquitto_publish_v5_callback_set(
        client, [](mosquitto*, void* self, int message, int reason, const mosquitto_property*) {
            static_cast<Session*>(self)->published(message, reason);
        });
    mosquitto_message_v5_callback_set(
        client, [](mosquitto*, void* self, const mosquitto_message* message,
                   const mosquitto_property*) { static_cast<Session*>(self)->received(*message); });
    if (options_.debug) {
        mosquitto_log_callback_set(client, [](mosquitto*, void*, int, const char* line) {
            std::fprintf(stderr, "%s\n", printable(line).c_str());
        });
    }
    constexpr int kKeepalive = 60;  // seconds
    const int code =
        mosquitto_connect_bind_v5(client, options_.host.c_str(), options_.effective_port(),
                                  kKeepalive, text_or_null(options_.bind_address), nullptr);
    if (code != MOSQ_ERR_SUCCESS) {
        failure = {kNoConnection, "no connection to " + place() + ": " + library_error(code)};
        if (code == MOSQ_ERR_TLS) failure.text += advice();
        return false;
    }
    const auto end = Clock::now() + kPatience;
    if (!serve_until([this] { return connect_reason_.has_value(); }, end, failure)) {
        failure.text += advice();
        return false;
    }
    if (connect_reason_ == 0) return true;
    failure = {kNoConnection, place() + " does not answer the connection; is it an MQTT broker?"};
    if (connect_reason_) {
        failure.text =
            place() + " refused the connection: " +
            (options_.protocol == MQTT_PROTOCOL_V5 ? mosquitto_reason_string(*connect_reason_)
                                                   : mosquitto_connack_string(*connect_reason_)) +
            std::string(" (who asks is said by -u, -P and -i)");
    }
    return false;
}

std::optional<Json> Session::ask(const Json& command, Failure& failure) {
    response_.reset();
    refusal_.reset();
    correlation_ = std::to_string(++asked_);
    const auto payload = request_payload(command, correlation_);
    const int code = mosquitto_publish_v5(client_.get(), &request_, kControlTopic,
                                          static_cast<int>(payload.size()), payload.data(),
                                          options_.qos, false, nullptr);
    if (code != MOSQ_ERR_SUCCESS) {
        failure = {kNoConnection, "the request cannot be sent: " + library_error(code)};
        return std::nullopt;
    }
    const auto answered = [this] {
        return response_.has_value() || refusal_.has_value() || received_ > kMostBytes;
    };
    const auto end = std::min(Clock::now() + kPatience, begin_ + kPatienceForAllPages);
    if (!serve_until(answered, end, failure)) return std::nullopt;
    if (received_ > kMostBytes) {
        failure = {kNoConnection, "the answer is too large; this client reads " +
                                      std::to_string(kMostBytes) + " bytes"};
        return std::nullopt;
    }
    if (response_) return data_of(*response_, failure);
    failure =
        refusal_ ? Failure{kRefused, refused(*refusal_)} : Failure{kNoConnection, no_answer()};
    return std::nullopt;
}

bool Session::idle(std::chrono::milliseconds time, Failure& failure) {
    return serve_until([] { return false; }, Clock::now() + time, failure);
}

bool Session::serve_until(const std::function<bool()>& is_so, Clock::time_point end,
                          Failure& failure) {
    using std::chrono::milliseconds;
    constexpr milliseconds kAtMost{1000};  // or keepalive would not be served
    while (!is_so()) {
        if (stopped_()) {
            failure = {};
            return false;
        }
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        if (left.count() <= 0) break;
        const int code =
            mosquitto_loop(client_.get(), static_cast<int>(std::min(left, kAtMost).count()), 1);
        if (code != MOSQ_ERR_SUCCESS && !is_so()) {
            failure = {kNoConnection,
                       "the connection to " + place() + " is lost: " + library_error(code)};
            return false;
        }
    }
    return true;
}

std::string Session::advice() const {
    return options_.tls() ? " (check --cafile, --capath, --cert, --key and --ciphers)"
                          : " (does it want TLS? Then say --cafile)";
}

std::string Session::place() const {
    const auto port = options_.effective_port();
    return port == 0 ? options_.host : options_.host + ':' + std::to_string(port);
}

void Session::connected(int reason) {
    connect_reason_ = reason;
}

void Session::published(int message, int reason) {
    if (message == request_ && reason >= kFirstFailure) refusal_ = reason;
}

void Session::received(const mosquitto_message& message) {
    if (std::strcmp(message.topic, kControlResponseTopic) != 0 || message.payload == nullptr)
        return;
    const std::string_view payload(static_cast<const char*>(message.payload),
                                   static_cast<std::size_t>(message.payloadlen));
    received_ += payload.size();
    if (received_ > kMostBytes) return;
    if (auto response = response_in(payload, correlation_)) response_ = std::move(response);
}

}  // namespace shared_subscription::ctrl
