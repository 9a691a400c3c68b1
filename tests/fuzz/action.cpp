#include "action.hpp"

#include <algorithm>

namespace fuzz {
namespace {

std::string describe(const Session& session) {
    std::string result = session.protocol == 5 ? "MQTT 5" : "MQTT 3.1.1";
    if (session.clean_start) result += " clean";
    if (session.expiry != 0) result += " kept " + std::to_string(session.expiry) + " s";
    if (session.receive_maximum != 0) {
        result += " receive-maximum " + std::to_string(session.receive_maximum);
    }
    if (session.maximum_packet_size != 0) {
        result += " maximum-packet-size " + std::to_string(session.maximum_packet_size);
    }
    if (session.topic_alias_maximum != 0) {
        result += " topic-alias-maximum " + std::to_string(session.topic_alias_maximum);
    }
    if (session.will) {
        result +=
            " will after " + std::to_string(session.will_delay) + " s: " + describe(*session.will);
    }
    return result;
}

std::string describe_subscriptions(const Action& action) {
    std::string result;
    for (const auto& each : action.subscriptions) {
        result += " '" + shown(each.filter) + "'";
        if (action.kind != ActionKind::subscribe) continue;
        result += " QoS " + std::to_string(each.options & 3);
        if ((each.options & 4) != 0) result += " no-local";
        if ((each.options & 8) != 0) result += " retain-as-published";
        if ((each.options >> 4 & 3) != 0) {
            result += " retain-handling " + std::to_string(each.options >> 4 & 3);
        }
    }
    if (action.subscription_identifier != 0) {
        result += " identifier " + std::to_string(action.subscription_identifier);
    }
    return result;
}

std::string describe_publish(const Action& action) {
    return " " + describe(action.message) +
           (action.alias != 0 ? " alias " + std::to_string(action.alias) : "") +
           (action.is_held ? " without PUBREL" : "");
}

const char* name_of(ActionKind kind) {
    switch (kind) {
        case ActionKind::connect:
            return "connect";
        case ActionKind::disconnect:
            return "disconnect";
        case ActionKind::close:
            return "close";
        case ActionKind::reset:
            return "reset";
        case ActionKind::stall:
            return "stall";
        case ActionKind::resume:
            return "go on";
        case ActionKind::subscribe:
            return "subscribe";
        case ActionKind::unsubscribe:
            return "unsubscribe";
        case ActionKind::publish:
            return "publish";
        case ActionKind::release:
            return "release";
        case ActionKind::resend:
            return "send again";
        case ActionKind::withhold:
            return "withhold acknowledgements";
        case ActionKind::acknowledge:
            return "acknowledge";
        case ActionKind::raw:
            return "send bytes";
        case ActionKind::control:
            return "control request";
        case ActionKind::other_plugin:
            return "another plugin publishes";
        case ActionKind::reload:
            return "SIGHUP";
        case ActionKind::restart:
            return "restart";
        case ActionKind::crash:
            return "SIGKILL and start";
        case ActionKind::wait:
            return "wait";
    }
    return "";
}

}  // namespace

bool is_group_filter(std::string_view filter) {
    return filter.starts_with("$share") || filter.starts_with("$queue");
}

std::optional<GroupName> group_of(std::string_view filter) {
    constexpr std::string_view queue = "$queue/";
    constexpr std::string_view share = "$share/";
    GroupName result;
    if (filter.starts_with(queue)) {
        result = {"$queue", std::string(filter.substr(queue.size()))};
    } else if (filter.starts_with(share)) {
        filter.remove_prefix(share.size());
        const auto slash = filter.find('/');
        if (slash == filter.npos) return std::nullopt;
        result = {std::string(filter.substr(0, slash)), std::string(filter.substr(slash + 1))};
    }
    if (result.share_name.empty() || result.filter.empty()) return std::nullopt;
    if (result.share_name.find_first_of("+#") != std::string::npos) return std::nullopt;
    if (is_group_filter(result.filter)) return std::nullopt;
    return result;
}

bool matches(std::string_view filter, std::string_view topic) {
    if (topic.starts_with('$') != filter.starts_with('$')) return false;
    for (;;) {
        if (filter == "#") return true;
        const auto filter_end = std::min(filter.find('/'), filter.size());
        const auto topic_end = std::min(topic.find('/'), topic.size());
        const auto level = filter.substr(0, filter_end);
        if (level != "+" && level != topic.substr(0, topic_end)) return false;
        const bool filter_ends = filter_end == filter.size();
        if (topic_end == topic.size()) {
            return filter_ends || filter.substr(filter_end) == "/#";
        }
        if (filter_ends) return false;
        filter.remove_prefix(filter_end + 1);
        topic.remove_prefix(topic_end + 1);
    }
}

std::string describe(const Action& action) {
    std::string result = std::to_string(action.number) + ": ";
    if (action.client >= 0) result += "c" + std::to_string(action.client) + " ";
    result += name_of(action.kind);
    switch (action.kind) {
        case ActionKind::connect:
            return result + " " + describe(action.session);
        case ActionKind::subscribe:
        case ActionKind::unsubscribe:
            return result + describe_subscriptions(action);
        case ActionKind::publish:
            return result + describe_publish(action);
        case ActionKind::raw:
            return result + " " + shown(action.bytes);
        case ActionKind::control:
            return result + " " + shown(action.bytes, 200) + " GROUP " + action.group + " FILTER " +
                   shown(action.filter) + " " + std::to_string(action.count);
        case ActionKind::other_plugin:
            return result + " " + std::to_string(action.count) + " times" +
                   describe_publish(action);
        case ActionKind::acknowledge:
        case ActionKind::wait:
            return result + " " + std::to_string(action.count);
        default:
            return result;
    }
}

}  // namespace fuzz
