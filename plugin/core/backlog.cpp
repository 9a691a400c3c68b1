#include "shared_subscription/backlog.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What is under way at once: so much that a turn of the main loop is worth it, so little that
// nobody notices.
constexpr std::size_t kMaxUnderWay = 1000;
constexpr std::size_t kMaxBytesUnderWay = 1'000'000;

constexpr std::size_t kForever = std::numeric_limits<std::int32_t>::max();  // seconds

constexpr std::int64_t kSecondsBetweenComplaints = 10;
constexpr std::size_t kComplaintsAtOnce = 10;

}  // namespace

const char* Backlog::full(const Group& group, std::size_t bytes) const noexcept {
    const auto& queue = group.queue;
    if (limits_.messages > 0 && queue.size() >= limits_.messages)
        return "plugin_opt_max_queued_messages";
    if (limits_.bytes > 0 && queue.bytes() + bytes > limits_.bytes)
        return "plugin_opt_max_queued_bytes";
    return nullptr;
}

void Backlog::add(Group& group, GroupQueue::Entry entry) {
    if (const auto* option = full(group, entry.message->payload.size())) {
        refuse(group, option);
    } else {
        add_again(group, std::move(entry));
    }
}

void Backlog::add_again(Group& group, GroupQueue::Entry entry) {
    entry.queued = broker_.now();
    group.queue.insert(std::move(entry));
    registry_.note(group);
    registry_.wake(group);
}

void Backlog::restore(Group& group, GroupQueue::Entry entry) {
    last_id_ = std::max(last_id_, entry.id);
    group.saved = entry.saved = true;
    if (entry.queued == 0) entry.queued = broker_.now();
    group.queue.insert(std::move(entry));
    group.question = registry_.clock();
    registry_.wake(group);
}

void Backlog::redispatch(Session& session, bool unacknowledged) {
    std::vector<std::pair<GroupName, GroupQueue::Entry>> all;
    session.given.for_each([&](const Given& given, bool is_written) {
        if (is_written && !unacknowledged) return;
        all.push_back(
            {name_of(*given.member->group),
             {.id = given.id, .message = std::make_shared<const StoredMessage>(given.message())}});
    });
    registry_.erase(session);
    for (auto& [name, entry] : all) {
        auto* group = registry_.find_group(name.share_name, name.filter);
        if (!group) continue;
        ++registry_.statistics.redispatched;
        add_again(*group, std::move(entry));
    }
}

void Backlog::may_be_back(const Session& session) {
    for (const auto& subscription : session.subscriptions) {
        for (const auto& member : subscription->members) {
            auto& group = *member->group;
            if (!group.queue.empty() && !group.question) group.question = registry_.clock();
            group.allowance = burst_ - std::min(burst_, session.held.size());
            registry_.wake(group);
        }
    }
}

void Backlog::has_joined(const Member& member) {
    auto& group = *member.group;
    const auto is_other = [&member](const Member* other) {
        return other != &member && other->subscription->session.connected;
    };
    if (group.queue.empty() || std::ranges::any_of(group.members(), is_other)) return;
    group.question = std::min(group.question.value_or(member.joined - 1), member.joined - 1);
    if (!group.question_until) group.question_until = last_id_;
}

void Backlog::answered(Group& group) {
    if (!std::exchange(group.asked, false)) return;  // it was another group's, of the same name
    const auto since = std::exchange(group.question, std::nullopt).value_or(0);
    const auto until = std::exchange(group.question_until, std::nullopt).value_or(last_id_);
    const auto is_old = [since](const Member* member) { return member->joined <= since; };
    // The group that it waited for has ended.
    if (std::ranges::none_of(group.members(), is_old)) {
        const auto size = group.queue.size();
        group.queue.clear_until(until);
        registry_.statistics.dropped += size - group.queue.size();
        registry_.note(group);
    }
    registry_.wake(group);
}

void Backlog::done(Group& group, std::int64_t id) {
    group.queue.remove(id);
    registry_.note(group);
}

void Backlog::put_back(Group& group, std::int64_t id) {
    group.queue.put_back(id);
    // Whoever was thought to take it no longer is (FanOut::not_taken); is there another?
    if (group.has_ready()) return;
    group.queue.give_up();
}

void Backlog::try_again(Group& group, const Dispatch& dispatch) {
    if (dispatch.is_question) {
        group.asked = false;
    } else {
        group.queue.put_back(dispatch.id);
    }
    registry_.wake(group);
}

void Backlog::drain(bool turn) {
    std::erase_if(registry_.woken(), [this, turn](Group* group) {
        const bool is_done = drain(*group, turn);
        if (is_done) group->woken = false;
        return is_done;
    });
}

void Backlog::send(const Group& group, Dispatch dispatch) {
    dispatch.to.share_name = group.name();
    dispatch.to.filter = group.filter().text;
    dispatch.sent = registry_.clock();
    dispatch.sent_after = registry_.fan_out;
    dispatches_.send(std::move(dispatch));
}

bool Backlog::drain(Group& group, bool turn) {
    auto& queue = group.queue;
    group.allowance = std::min(group.allowance, burst_);
    if (turn) ++group.allowance;
    if (group.question && !queue.empty()) {
        if (!std::exchange(group.asked, true))
            send(group, {.message = queue.front().message, .is_question = true});
        return false;
    }
    if (!group.has_ready()) queue.give_up();
    while (dispatches_.size() < kMaxUnderWay && dispatches_.bytes() < kMaxBytesUnderWay) {
        if (burst_ > 0 && group.allowance == 0) break;
        const auto* entry = queue.take_next();
        if (!entry) break;
        if (burst_ > 0) --group.allowance;
        send(group, {.message = entry->message, .id = entry->id, .is_queued = true});
    }
    if (queue.is_moving()) return false;
    group.allowance = burst_;
    return true;
}

void Backlog::refuse(const Group& group, const char* option) {
    ++registry_.statistics.dropped;
    const auto known = std::ranges::find_if(refused_, [&](const Refused& refused) {
        return refused.group.share_name == group.name() &&
               refused.group.filter == group.filter().text && refused.option == option;
    });
    if (known != refused_.end()) {
        ++known->count;
    } else if (refused_.size() < kComplaintsAtOnce) {
        refused_.push_back({name_of(group), option, 1});
    }
}

void Backlog::tick(std::int64_t now) {
    if (limits_.seconds > 0 && std::exchange(ticked_, now) != now) drop_expired();
    complain(now);
}

void Backlog::drop_expired() {
    const auto limit = static_cast<std::int64_t>(std::min(limits_.seconds, kForever));
    const auto time = broker_.now() - limit;
    for (const auto& [number, group] : registry_.groups()) {
        const auto expired = group->queue.drop_older(time);
        if (expired == 0) continue;
        registry_.statistics.expired += expired;
        if (group->queue.empty() && !group->asked) {
            group->question.reset();
            group->question_until.reset();
        }
        registry_.note(*group);
    }
}

void Backlog::complain(std::int64_t now) {
    if (refused_.empty()) return;
    if (std::exchange(has_said_, true) && now - said_ < kSecondsBetweenComplaints) return;
    said_ = now;
    for (const auto& refused : std::exchange(refused_, {})) {
        broker_.log(LogLevel::warning, "the queue of group " + quote(refused.group.share_name) +
                                           " on " + quote(refused.group.filter) + " is full (" +
                                           refused.option + "): " + std::to_string(refused.count) +
                                           " of the newest messages lost.");
    }
}

}  // namespace shared_subscription
