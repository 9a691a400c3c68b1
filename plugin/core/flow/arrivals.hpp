// Which messages nobody can lack any more. The broker keeps what it has written to a client until
// that acknowledges it, and its allocator uses the memory again soon: where something of another
// message has come in, the one before is gone (2.1; 2.0 shows copies and wills at addresses that
// are not the stored message's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shared_subscription/hash.hpp"

namespace shared_subscription {

/// When something of a message was last received at an address. What is forgotten, as another
/// address has its place, is not known to be gone.
class Arrivals {
  public:
    /// A message was received; `address`: of its topic, or its payload.
    void note(const void* address) noexcept {
        last_[address_place(address, kBits)] = {address, ++count_};
    }

    /// How many have been noted.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// Whether, as far as known, one was noted at the address after the first `count`.
    [[nodiscard]] bool has_since(std::uint64_t count, const void* address) const noexcept {
        const auto& last = last_[address_place(address, kBits)];
        return last.address == address && last.number > count;
    }

  private:
    struct Arrival {
        const void* address = nullptr;
        std::uint64_t number = 0;
    };
    static constexpr int kBits = 12;

    std::uint64_t count_ = 0;
    std::vector<Arrival> last_ = std::vector<Arrival>(std::size_t{1} << kBits);
};

}  // namespace shared_subscription
