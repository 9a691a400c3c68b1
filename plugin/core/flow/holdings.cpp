#include "core/flow/holdings.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "core/model/records.hpp"
#include "shared_subscription/subscription_filter.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

using Place = std::pair<const void*, std::size_t>;

constexpr std::uint8_t kHighestQos = 2;

bool is_same_address(const Place& one, const Place& other) {
    return one.first == other.first;
}

/// By whose group a message on the topic has come; null: that does not show.
Member* sole_member(const Session& session, std::string_view topic) {
    Member* sole = nullptr;
    for (const auto& subscription : session.subscriptions) {
        if (!matches(subscription->filter.text, topic)) continue;
        if (sole || subscription->uses() != 1 || subscription->non_shared) return nullptr;
        sole = subscription->members.front().get();
    }
    return sole;
}

}  // namespace

bool Holdings::index(const HoldingList& holdings) {
    by_address_.clear();
    is_found_.assign(holdings.size(), 0);
    is_kept_.assign(holdings.size(), 0);
    for (std::size_t place = 0; place < holdings.size(); ++place)
        by_address_.emplace_back(holdings[place].address, place);
    std::ranges::sort(by_address_);
    return std::ranges::adjacent_find(by_address_, is_same_address) != by_address_.end();
}

std::optional<std::size_t> Holdings::ask_for_addresses(const Session& session) {
    shown_.clear();
    std::size_t count = 0;
    const bool is_told = broker_.visit_held(session.context, [&](const Message& message) {
        ++count;
        shown_.push_back(message.topic.data());
        if (message.properties) shown_.push_back(message.properties);
        return true;
    });
    return is_told ? std::optional(count) : std::nullopt;
}

// Where the broker has used an address again, the newer one is meant: of so many as are known by
// it, the newest stay.
std::optional<std::size_t> Holdings::prune(Session& session) {
    const auto count = ask_for_addresses(session);
    if (!count) return {};
    auto& holdings = session.flow.holdings;
    std::ranges::sort(shown_);
    is_found_.assign(shown_.size(), 0);
    is_kept_.assign(holdings.size(), 0);
    for (auto place = holdings.size(); place-- > 0;) {
        const auto& holding = holdings[place];
        const auto [first, last] = std::ranges::equal_range(shown_, holding.address);
        const auto begin = is_found_.begin() + (first - shown_.begin());
        const auto end = is_found_.begin() + (last - shown_.begin());
        const auto free = std::find(begin, end, 0);
        if (free != end) *free = 1;
        is_kept_[place] = free != end || !holding.is_settled() ? 1 : 0;
    }
    auto next = is_kept_.begin();
    std::erase_if(holdings, [&next](const Holding& holding) {
        const bool is_gone = *next++ == 0;
        if (is_gone && holding.member) holding.member->group->pace.count(*holding.member);
        return is_gone;
    });
    session.flow.next_held = session.flow.released = 0;
    return *count - std::min(*count, holdings.size());
}

// A client with several subscriptions may have the same message several times, in one fan-out.
// Where a message was, the broker may have put another since. Of so many as it holds the newest are
// meant, and those that have been written come first.
void Holdings::tell_twins_apart(Session& session) {
    std::ignore = ask_for_addresses(session);
    std::vector<Place> meant;
    for (auto begin = by_address_.begin(); begin != by_address_.end();) {
        const auto end = std::find_if(begin, by_address_.end(), [&](const Place& one) {
            return !is_same_address(one, *begin);
        });
        const auto& newest = session.flow.holdings[std::prev(end)->second];
        const auto of_newest = std::count_if(begin, end, [&](const Place& one) {
            return session.flow.holdings[one.second].fan_out == newest.fan_out;
        });
        const auto count = std::min(std::ranges::count(shown_, begin->first), of_newest);
        const auto first = meant.insert(meant.end(), end - count, end);
        std::stable_partition(first, meant.end(), [&](const Place& one) {
            return session.flow.holdings[one.second].was_written;
        });
        begin = end;
    }
    by_address_ = std::move(meant);
}

// The newer one, where a message is at addresses that two were known by. What is still expected is
// at nobody else's.
std::size_t Holdings::find(const HoldingList& holdings, const Message& message) const noexcept {
    auto found = kNone;
    for (const bool is_copy : {false, true}) {
        const void* address = is_copy ? message.properties : message.topic.data();
        auto next = std::ranges::lower_bound(by_address_, address, {}, &Place::first);
        for (; next != by_address_.end() && next->first == address; ++next) {
            const auto place = next->second;
            if (holdings[place].is_copy != is_copy || is_found_[place] != 0) continue;
            const auto& holding = holdings[place];
            const bool is_newer = found == kNone || !holding.is_settled() ||
                                  holding.fan_out >= holdings[found].fan_out;
            if (is_newer) found = place;
            break;
        }
    }
    return found;
}

// What was in flight does not show, so that all may have been written. Nor does the QoS of what was
// published to the client alone, for which the broker shows 0.
void Holdings::adopt(Session& session, std::int64_t& first_id) {
    auto& holdings = session.flow.holdings;
    const auto before = holdings.size();
    broker_.visit_held(session.context, [&](const Message& message) {
        auto* member = sole_member(session, message.topic);
        if (!member) return true;
        const bool is_copy = message.qos == 0;
        const std::uint8_t published = is_copy ? kHighestQos : message.qos;
        Holding holding{.address = is_copy ? message.properties : message.topic.data(),
                        .member = member,
                        .qos = broker_.outgoing_qos(published, member->options),
                        .published_qos = published,
                        .state = Holding::State::written,
                        .was_written = true,
                        .is_copy = is_copy,
                        .retain = message.retain};
        holding.message = keep(holding, message);
        holdings.push_back(std::move(holding));
        return true;
    });
    first_id -= static_cast<std::int64_t>(holdings.size() - before);
    for (auto place = before; place < holdings.size(); ++place)
        holdings[place].id = first_id + static_cast<std::int64_t>(place - before);
}

SharedMessage Holdings::keep(const Holding& holding, const Message& message) {
    const auto* payload = static_cast<const char*>(message.payload);
    StoredMessage stored{.topic = std::string(message.topic),
                         .payload = std::string(payload, payload + message.payload_size),
                         .qos = holding.published_qos,
                         .publisher = holding.publisher,
                         .retain = holding.retain};
    // Those that it has were only there to know it by.
    if (!holding.writing.without_properties)
        stored.properties = broker_.keep_published_properties(message.properties);
    stored.properties_size = broker_.size_of_properties(stored.properties.get());
    return std::make_shared<const StoredMessage>(std::move(stored));
}

}  // namespace shared_subscription
