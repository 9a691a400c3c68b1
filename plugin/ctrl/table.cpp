#include "ctrl/table.hpp"

#include <algorithm>
#include <ctime>

#include "shared_subscription/text.hpp"

namespace shared_subscription::ctrl {
namespace {

using Rows = std::vector<std::vector<std::string>>;

bool continues(char character) {
    return (static_cast<unsigned char>(character) & 0xC0U) == 0x80U;
}

// In characters, as far as each takes one place.
std::size_t width(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues));
}

std::string_view cut(std::string_view text, std::size_t columns) {
    std::size_t end = 0;
    for (; end < text.size(); ++end) {
        if (!continues(text[end]) && columns-- == 0) break;
    }
    return text.substr(0, end);
}

void append_cell(std::string& line, const std::string& cell, const Column& column,
                 std::size_t wanted) {
    const std::string padding(wanted - width(cell), ' ');
    if (!line.empty()) line += "  ";
    line += column.number ? padding + cell : cell + padding;
}

// Numbers as they are; what the plugin does not know as "-".
std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return "-";
    if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string group_name(const Json& group) {
    return group.at("group");
}

std::string point_in_time(const Json& member) {
    const auto found = member.find("since");
    if (found == member.end() || !found->is_number()) return "-";
    const auto seconds = found->get<std::time_t>();
    std::tm local{};
    std::string text(32, '\0');
    if (localtime_r(&seconds, &local) == nullptr) return found->dump();
    text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local));
    return text;
}

std::string shown_groups(const Json& groups) {
    if (groups.empty()) return "There are no groups.\n";
    Rows rows;
    for (const auto& group : groups) {
        rows.push_back({group_name(group), group.at("filter"), text_of(group, "strategy"),
                        text_of(group, "members"), text_of(group, "connected"),
                        text_of(group, "dispatched"), text_of(group, "rate"),
                        text_of(group, "queued"), text_of(group, "oldestMessageAge")});
    }
    return table({{"GROUP"},
                  {"FILTER"},
                  {"STRATEGY"},
                  {"MEMBERS", true},
                  {"CONNECTED", true},
                  {"DISPATCHED", true},
                  {"RATE", true},
                  {"QUEUED", true},
                  {"AGE", true}},
                 rows);
}

std::string shown_members(const Json& group) {
    Rows rows;
    for (const auto& member : group.at("memberList")) {
        rows.push_back({member.at("clientid"), text_of(member, "state"),
                        text_of(member, "connected"), text_of(member, "paused"),
                        text_of(member, "dispatched"), text_of(member, "heldBack"),
                        point_in_time(member)});
    }
    return table({{"CLIENT ID"},
                  {"STATE"},
                  {"CONNECTED"},
                  {"PAUSED"},
                  {"DISPATCHED", true},
                  {"HELD BACK", true},
                  {"SINCE"}},
                 rows);
}

std::string shown_statistics(const Json& data) {
    Rows rows;
    for (const char* key : {"groups", "members", "connected", "dispatched", "queued",
                            "redispatched", "dropped", "expired", "abandoned"}) {
        rows.push_back({key, text_of(data, key)});
    }
    auto text = table({{""}, {"", true}}, rows);
    return text.substr(text.find('\n') + 1);
}

}  // namespace

std::string table(const std::vector<Column>& columns, const Rows& rows) {
    Rows all(1);
    for (const auto& column : columns) all.front().push_back(column.heading);
    for (const auto& row : rows) {
        auto& shown = all.emplace_back();
        std::ranges::transform(row, std::back_inserter(shown), printable);
    }
    std::vector<std::size_t> widths(columns.size());
    for (const auto& row : all) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            widths[i] = std::max(widths[i], width(row[i]));
        }
    }
    std::string text;
    for (const auto& row : all) {
        std::string line;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            append_cell(line, row[i], columns[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string shown(const Command& command, const Json& data) {
    switch (command.kind) {
        case Kind::list:
            return shown_groups(data.at("groups"));
        case Kind::show: {
            const auto& group = data.at("group");
            return shown_groups(Json::array({group})) + '\n' + shown_members(group);
        }
        case Kind::statistics:
            return shown_statistics(data);
        case Kind::version:
            return "plugin " + printable(text_of(data, "version")) +
                   ", client " CLIENT_VERSION "\n";
        default:
            return printable(command.done) + '\n';
    }
}

std::string shown_live(const Json& statistics, const Json& groups) {
    return printable(text_of(statistics, "groups") + " groups, " +
                     text_of(statistics, "connected") + " of " + text_of(statistics, "members") +
                     " members connected; messages: " + text_of(statistics, "dispatched") +
                     " dispatched, " + text_of(statistics, "queued") + " queued, " +
                     text_of(statistics, "redispatched") + " redispatched, " +
                     text_of(statistics, "dropped") + " dropped, " +
                     text_of(statistics, "expired") + " expired") +
           "\n\n" + shown_groups(groups);
}

std::string redraw(std::string_view text, std::size_t lines, std::size_t columns) {
    const auto count = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    const auto whole = count <= lines ? count : lines - 1;
    std::string drawn = "\033[H";
    const auto draw = [&](std::string_view line) {
        drawn += cut(line, columns);
        // Behind the last column this would erase what stands in it.
        if (width(line) < columns) drawn += "\033[K";
    };
    for (std::size_t line = 0; line < whole; ++line) {
        const auto end = text.find('\n');
        draw(text.substr(0, end));
        if (line + 1 < lines) drawn += '\n';
        text.remove_prefix(end + 1);
    }
    if (whole < count) draw("... and " + std::to_string(count - whole) + " more lines");
    return count < lines ? drawn + "\033[J" : drawn;
}

}  // namespace shared_subscription::ctrl
