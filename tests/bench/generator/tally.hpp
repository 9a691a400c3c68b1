// What has been published, and who got it: how many are under way, lost, or came twice, and how
// long they took.
//
// Each message has a number and one addressee for each group on its filter, called a copy here. A
// message that is for three groups is three copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class Tally {
  public:
    explicit Tally(std::size_t copies) : copies_(copies) {}

    /// The number of the message that is published now.
    std::uint64_t publish() {
        arrived_.resize((published_ + 1) * copies_);
        return published_++;
    }

    /// `nanoseconds`: since it was due.
    void receive(std::uint64_t message, std::size_t copy, std::uint64_t nanoseconds) {
        if (message >= published_ || copy >= copies_) {
            ++unexpected_;
            return;
        }
        auto arrived = arrived_[message * copies_ + copy];
        if (arrived) {
            ++duplicates_;
            return;
        }
        arrived = true;
        ++received_;
        if (keeps_latencies_) latencies_.push_back(nanoseconds);
    }

    void keep_latencies(bool keeps) noexcept { keeps_latencies_ = keeps; }

    [[nodiscard]] std::size_t copies() const noexcept { return copies_; }
    [[nodiscard]] std::uint64_t published() const noexcept { return published_; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    [[nodiscard]] std::uint64_t under_way() const noexcept {
        return published_ * copies_ - received_;
    }
    [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }
    /// Copies of something that was never published, or for somebody else.
    [[nodiscard]] std::uint64_t unexpected() const noexcept { return unexpected_; }
    /// Microseconds below which so great a part of the latencies is; 0 if none was kept.
    [[nodiscard]] double latency(double part);

  private:
    std::size_t copies_;
    std::uint64_t published_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t unexpected_ = 0;
    bool keeps_latencies_ = false;
    std::vector<bool> arrived_;  // by message and copy
    std::vector<std::uint64_t> latencies_;
};

}  // namespace bench
