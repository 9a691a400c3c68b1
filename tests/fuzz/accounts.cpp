#include "accounts.hpp"

namespace fuzz {

void Accounts::open(const Statistics& statistics) {
    at_opening_ = statistics;
    least_ = most_ = 0;
    is_open_ended_ = false;
}

std::map<GroupName, bool> Accounts::known() const {
    std::map<GroupName, bool> result{{healthy, true}};
    for (const auto& name : doubted_) result[name] = false;
    for (const auto& [name, members] : groups.all()) {
        result[name] = groups.is_certain(name) && !unseen_.contains(name.filter);
    }
    return result;
}

void Accounts::doubt_all() {
    for (const auto& [name, members] : groups.all()) doubted_.insert(name);
}

void Accounts::doubt_groups_of(int client) {
    for (const auto& [name, members] : groups.all()) {
        if (members.contains(client)) doubt(name);
    }
}

void Accounts::before_action() {
    before_ = known();
}

void Accounts::may_be_given(const std::string& topic) {
    for (const auto& [name, is_certain] : known()) {
        if (matches(name.filter, topic)) ++most_;
    }
}

void Accounts::after_action(const std::vector<Message>& published) {
    auto all = known();
    for (auto& [name, is_certain] : all) {
        const auto earlier = before_.find(name);
        is_certain = is_certain && earlier != before_.end() && earlier->second;
    }
    for (const auto& [name, is_certain] : before_) all.emplace(name, false);
    for (const auto& [name, is_certain] : all) {
        // The broker itself publishes there, when it likes.
        is_open_ended_ = is_open_ended_ || is_for_broker_alone(name);
        for (const auto& message : published) {
            if (!matches(name.filter, message.topic)) continue;
            ++most_;
            if (is_certain && is_heard(message)) ++least_;
        }
    }
    counted_ = std::move(all);
}

std::optional<std::string> Accounts::check(const Statistics& now) const {
    const long sum = now.sum() - at_opening_.sum();
    if (sum >= least_ && (is_open_ended_ || sum <= most_)) return std::nullopt;
    return "groups had to be given " + std::to_string(least_) + " to " + std::to_string(most_) +
           " messages; the metrics have grown by " + std::to_string(sum) + ": dispatched " +
           std::to_string(at_opening_.dispatched) + " -> " + std::to_string(now.dispatched) +
           ", redispatched " + std::to_string(at_opening_.redispatched) + " -> " +
           std::to_string(now.redispatched) + ", queued " + std::to_string(at_opening_.queued) +
           " -> " + std::to_string(now.queued) + ", dropped " +
           std::to_string(at_opening_.dropped) + " -> " + std::to_string(now.dropped) +
           ", expired " + std::to_string(at_opening_.expired) + " -> " +
           std::to_string(now.expired);
}

}  // namespace fuzz
