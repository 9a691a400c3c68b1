#include "shared_subscription/backlog.hpp"

#include <algorithm>
#include <utility>

#include "shared_subscription/text.hpp"

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

// What is under way at once: so much that a turn of the main loop is worth it, so little that
// nobody notices.
constexpr std::size_t kMaxUnderWay = 1000;
constexpr std::size_t kMaxBytesUnderWay = 1'000'000;

constexpr std::int64_t kSecondsBetweenComplaints = 10;
constexpr std::size_t kComplaintsAtOnce = 10;

}  // namespace

void Backlog::add(Group& group, std::int64_t id, SharedMessage message) {
    const auto& queue = group.queue;
    if (limits_.messages > 0 && queue.size() >= limits_.messages) {
        refuse(group, "plugin_opt_max_queued_messages");
    } else if (limits_.bytes > 0 && queue.bytes() + message->payload.size() > limits_.bytes) {
        refuse(group, "plugin_opt_max_queued_bytes");
    } else {
        add_again(group, id, std::move(message));
    }
}

void Backlog::add_again(Group& group, std::int64_t id, SharedMessage message) {
    group.queue.insert(id, std::move(message));
    registry_.wake(group);
}

void Backlog::done(Group& group, std::int64_t id) {
    group.queue.remove(id);
}

void Backlog::put_back(Group& group, std::int64_t id) {
    group.queue.put_back(id);
    // Whoever was thought to take it no longer is (FanOut::not_taken); is there another?
    if (group.has_ready()) return;
    group.queue.give_up();
}

void Backlog::drain() {
    std::erase_if(registry_.woken(), [this](Group* group) {
        const bool is_done = drain(*group);
        if (is_done) group->woken = false;
        return is_done;
    });
}

bool Backlog::drain(Group& group) {
    auto& queue = group.queue;
    // Only the broker knows whether a client that is back has its subscription still: one message
    // shows it.
    const bool is_probe = std::exchange(group.probe, false);
    const bool has_ready = group.has_ready();
    if (!has_ready && !is_probe) queue.give_up();
    while (dispatches_.size() < kMaxUnderWay && dispatches_.bytes() < kMaxBytesUnderWay) {
        const auto* entry = queue.take_next();
        if (!entry) break;
        dispatches_.send(
            {.message = entry->message,
             .to = {.session = {}, .filter = group.filter().text, .share_name = group.name()},
             .id = entry->id,
             .is_queued = true,
             .sent = registry_.subscribe_count()});
        if (!has_ready) queue.give_up();
    }
    return !queue.is_moving();
}

void Backlog::refuse(const Group& group, const char* option) {
    const auto& filter = group.filter().text;
    const auto known = std::ranges::find_if(refused_, [&](const Refused& refused) {
        return refused.share_name == group.name() && refused.filter == filter &&
               refused.option == option;
    });
    if (known != refused_.end()) {
        ++known->count;
    } else if (refused_.size() < kComplaintsAtOnce) {
        refused_.push_back({group.name(), filter, option, 1});
    }
}

void Backlog::tick(std::int64_t now) {
    if (refused_.empty()) return;
    if (std::exchange(has_said_, true) && now - said_ < kSecondsBetweenComplaints) return;
    said_ = now;
    for (const auto& refused : std::exchange(refused_, {})) {
        broker_.log(LogLevel::warning, "the queue of group " + quote(refused.share_name) + " on " +
                                           quote(refused.filter) + " is full (" + refused.option +
                                           "): " + std::to_string(refused.count) +
                                           " of the newest messages lost.");
    }
}

}  // namespace shared_subscription
