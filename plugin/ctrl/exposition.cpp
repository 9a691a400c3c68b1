#include "ctrl/exposition.hpp"

#include <map>
#include <string_view>

namespace shared_subscription::ctrl {
namespace {

constexpr std::string_view kPrefix = "mosquitto_shared_subscription_";

struct Family {
    const char* key;  // in the plugin's answer
    const char* name;
    const char* help;
};

// What ends in _total is counted.
constexpr Family kTotals[] = {
    {"groups", "groups", "Groups."},
    {"members", "members", "Members of all groups."},
    {"connected", "members_connected", "Members of all groups that are connected."},
    {"dispatched", "messages_dispatched_total", "Messages given to members, once for each group."},
    {"queued", "messages_queued", "Messages that wait for groups."},
    {"redispatched", "messages_redispatched_total",
     "Messages that a session left behind, given back to its group."},
    {"dropped", "messages_dropped_total", "Messages that no member of a group got."},
    {"expired", "messages_expired_total", "Messages that waited too long for a group."},
    {"abandoned", "messages_abandoned_total",
     "Messages of QoS 2 that were in flight when a session ended."},
};
constexpr Family kOfGroups[] = {
    {"members", "group_members", "Members of the group."},
    {"connected", "group_members_connected", "Members of the group that are connected."},
    {"dispatched", "group_dispatched_total", "Messages given to members of the group."},
    {"queued", "group_queued_messages", "Messages that wait for the group."},
    {"oldestMessageAge", "group_oldest_message_age_seconds",
     "How long the first message that waits for the group has waited; 0: none waits."},
    {"dropped", "group_dropped_total", "Messages that no member of the group got."},
};

bool is_control(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const auto second = static_cast<unsigned char>(text.size() > 1 ? text[1] : 0);
    return first < 0x20U || first == 0x7FU || (first == 0xC2U && second >= 0x80U && second < 0xA0U);
}

// It comes from JSON, so it is UTF-8. What a terminal would obey is replaced like what is none.
std::string escaped(std::string_view text) {
    std::string result;
    for (; !text.empty(); text.remove_prefix(1)) {
        if (text[0] == '\n') {
            result += "\\n";
        } else if (is_control(text)) {
            result += "\xEF\xBF\xBD";
            if (text[0] == '\xC2') text.remove_prefix(1);
        } else {
            if (text[0] == '\\' || text[0] == '"') result += '\\';
            result += text[0];
        }
    }
    return result;
}

std::string label(const char* name, const Json& value) {
    return std::string(name) + "=\"" + escaped(value.get_ref<const std::string&>()) + '"';
}

void describe(std::string& text, const Family& family) {
    const std::string_view name = family.name;
    text.append("# HELP ").append(kPrefix).append(name).append(" ").append(family.help) += '\n';
    if (!name.ends_with("_total"))
        text.append("# TYPE ").append(kPrefix).append(name).append(" gauge\n");
}

// What an older plugin does not say is left out.
void append_sample(std::string& text, const Family& family, const std::string& labels,
                   const Json& numbers) {
    const auto value = numbers.find(family.key);
    if (value == numbers.end() || !value->is_number()) return;
    text.append(kPrefix).append(family.name).append(labels).append(" ").append(value->dump()) +=
        '\n';
}

}  // namespace

std::string exposition(const Json& version, const Json& statistics, const Json& groups) {
    std::string text;
    constexpr Family kInfo{"", "info", "Which plugin it is; always 1."};
    describe(text, kInfo);
    append_sample(text, kInfo, '{' + label("version", version.at("version")) + '}', {{"", 1}});
    for (const auto& family : kTotals) {
        describe(text, family);
        append_sample(text, family, "", statistics);
    }
    std::map<std::string, const Json*> by_labels;
    for (const auto& group : groups) {
        by_labels['{' + label("group", group.at("group")) + ',' +
                  label("filter", group.at("filter")) + '}'] = &group;
    }
    for (const auto& family : kOfGroups) {
        describe(text, family);
        for (const auto& [labels, group] : by_labels) append_sample(text, family, labels, *group);
    }
    return text + "# EOF\n";
}

}  // namespace shared_subscription::ctrl
