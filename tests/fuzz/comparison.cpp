// What is not compared, and why:
//   - Clients that are ever in a group: they get something else, that is what the plugin is for.
//   - What depends on the time (origin 'x'): the clocks of two runs differ.
//   - Wills of members: the plugin's and the broker's ways to end a session differ ("removeMember"
//     disconnects on 2.0), so one may come elsewhere, or not at all.
//   - Packet identifiers and topic aliases: they say nothing to an application.
//   - Messages of different publishers against each other: no order is promised there.
//   - Acknowledgements of what a client publishes: "no matching subscribers" (0x10) is another
//   thing
//     where members are subscribed.
//   - How much of a Message Expiry Interval is left.

#include "comparison.hpp"

#include <algorithm>

namespace fuzz {
namespace {

using Records = std::vector<Record>;

bool is_compared(const Record& record) {
    const auto& origin = record.origin;
    if (origin.kind == 'x') return false;
    return origin.kind != 'w' || origin.client < first_member;
}

// By publisher: messages without an origin, and other packets, count as one.
std::map<int, std::vector<std::string>> sequences(const Records& records) {
    std::map<int, std::vector<std::string>> result;
    for (const auto& record : records) {
        if (is_compared(record)) result[record.origin.client].push_back(record.text);
    }
    return result;
}

Finding difference(const std::vector<std::string>& with, const std::vector<std::string>& without) {
    auto sorted_with = with;
    auto sorted_without = without;
    std::ranges::sort(sorted_with);
    std::ranges::sort(sorted_without);
    std::vector<std::string> more;
    std::ranges::set_difference(sorted_with, sorted_without, std::back_inserter(more));
    std::vector<std::string> less;
    std::ranges::set_difference(sorted_without, sorted_with, std::back_inserter(less));
    const auto first = [](const std::vector<std::string>& list) {
        return std::to_string(list.size()) + " packets, first: " + list.front();
    };
    if (more.empty() && less.empty()) {
        const auto [at, other] = std::ranges::mismatch(with, without);
        return {"others have messages in another order", *at + " instead of " + *other};
    }
    if (more.empty()) return {"others miss packets", first(less)};
    if (less.empty()) return {"others have packets too many", first(more)};
    return {"others have different packets", first(more) + "\n  instead of " + first(less)};
}

}  // namespace

Findings compare(const Outcome& with_plugin, const Outcome& without_plugin) {
    Findings result;
    for (int client = 0; client <= client_count; ++client) {
        const bool is_observer = client == client_count;
        if (client >= first_member && !is_observer) continue;
        const auto& with = with_plugin.records.at(static_cast<std::size_t>(client));
        const auto& without = without_plugin.records.at(static_cast<std::size_t>(client));
        for (std::size_t i = 0; i < std::min(with.size(), without.size()); ++i) {
            auto ours = sequences(with[i]);
            auto theirs = sequences(without[i]);
            for (const auto& [publisher, records] : theirs) ours[publisher];
            for (const auto& [publisher, records] : ours) {
                if (records == theirs[publisher]) continue;
                auto finding = difference(records, theirs[publisher]);
                finding.text =
                    (is_observer ? std::string("the observer") : "c" + std::to_string(client)) +
                    ", connection " + std::to_string(i) + ", publisher " +
                    std::to_string(publisher) + ": " + finding.text;
                result.push_back(std::move(finding));
            }
        }
    }
    return result;
}

}  // namespace fuzz
