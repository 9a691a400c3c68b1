#include "shared_subscription/given.hpp"

#include <utility>

#include "shared_subscription/core_only.hpp"

namespace shared_subscription {
namespace {

constexpr std::size_t kMaxSpare = 64;        // places of an empty list
constexpr std::size_t kMaxSpareText = 4096;  // bytes

}  // namespace

void Given::keep(const Message& message) {
    text.assign(message.topic);
    text.append(static_cast<const char*>(message.payload), message.payload_size);
    topic_size = static_cast<std::uint32_t>(message.topic.size());
    published_qos = message.qos;
}

StoredMessage Given::message() const {
    return {.topic = text.substr(0, topic_size),
            .payload = text.substr(topic_size),
            .qos = published_qos,
            .properties = properties,
            .publisher = publisher};
}

Given& GivenList::add() {
    if (count_ == places_.size()) grow();
    auto& given = at(count_++);
    given.written = given.dropped = false;
    return given;
}

// In steps of which one has place for the default window and one more: 22.
void GivenList::grow() {
    std::vector<Given> more(places_.size() + places_.size() / 4 + 4);
    for (std::size_t index = 0; index < count_; ++index) more[index] = std::move(at(index));
    places_ = std::move(more);
    first_ = 0;
}

Given* GivenList::find_unwritten(const void* address) noexcept {
    for (auto index = count_; index-- > 0;) {
        auto& given = at(index);
        if (!given.written && !given.dropped && given.address == address) return &given;
    }
    return nullptr;
}

void GivenList::written(Given& given, std::size_t window) {
    given.written = true;
    ++written_;
    if (given.qos == 2) drop(given);
    for (std::size_t index = 0; written_ > window;) {
        auto& oldest = at(index);
        if (oldest.written && !oldest.dropped) {
            drop(oldest);
            index = 0;
        } else {
            ++index;
        }
    }
}

void GivenList::drop(const Member& member) {
    for (auto index = count_; index-- > 0;) {
        auto& given = at(index);
        if (given.member == &member && !given.dropped) drop(given);
    }
}

void GivenList::drop(Given& given) {
    given.dropped = true;
    if (given.written) --written_;
    while (count_ > 0 && at(0).dropped) {
        auto& oldest = at(0);
        if (oldest.properties) oldest.properties.reset();
        if (oldest.text.capacity() > kMaxSpareText) std::string().swap(oldest.text);
        if (++first_ == places_.size()) first_ = 0;
        --count_;
    }
    if (count_ > 0 || places_.size() <= kMaxSpare) return;
    places_ = {};
    first_ = 0;
}

}  // namespace shared_subscription
