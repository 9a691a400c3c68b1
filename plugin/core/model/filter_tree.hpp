// The topic filters that somebody is subscribed to, as a tree of topic levels; answers which of
// them match a topic.
//
// Invariants:
//   1. A node exists only while it or a node below it holds a value.
//   2. `match` visits filters in the order in which Mosquitto asks for its subscribers
//   (`src/subs.c`, sub__search):
//      at each level the literal child, then `+`, then `#`; what lies below a node before the node
//      itself.
// Matching follows MQTT 5, 4.7: `a/#` matches `a`; a wildcard at the first level does not match
// `$...`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared_subscription/broker.hpp"
#include "shared_subscription/hash.hpp"

namespace shared_subscription {

/// Owns one `Value` for each filter. Pointers to values stay valid until the filter is erased.
template <class Value>
class FilterTree {
  public:
    /// The value of `filter`, made by default if there is none.
    Value& insert(std::string_view filter) {
        auto* node = root_.get();
        for (auto rest = filter; rest.data();) {
            if (rest == "#") return value_in(node->below);
            node = &make_child(*node, cut_level(rest));
        }
        return value_in(node->value);
    }

    /// The value of exactly this filter, or null. Allocates nothing.
    [[nodiscard]] Value* find(std::string_view filter) const noexcept {
        const auto* node = root_.get();
        for (auto rest = filter; rest.data();) {
            if (rest == "#") return node->below.get();
            node = child(*node, cut_level(rest));
            if (!node) return nullptr;
        }
        return node->value.get();
    }

    /// Forgets `filter` and its value; nothing if there is none.
    void erase(std::string_view filter) { erase(*root_, filter); }

    /// Calls `visit(Value&)` for each filter that matches `topic`, in the broker's order. Allocates
    /// nothing.
    template <class Visitor>
    void match(std::string_view topic, Visitor&& visit) const {
        const bool hidden = topic.starts_with('$');
        walk(*root_, topic, hidden, visit);
    }

    [[nodiscard]] bool empty() const noexcept { return root_->empty(); }

  private:
    /// The first level of what is left of a topic or filter, which becomes what comes after it.
    /// After the last one that is null; `a//b` has an empty one.
    [[nodiscard]] static std::string_view cut_level(std::string_view& rest) noexcept {
        const auto slash = rest.find('/');
        const auto level = rest.substr(0, slash);
        rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
        return level;
    }

    struct Node {
        const Node* parent = nullptr;  // where it is in `Literals`
        std::string level;             // of a topic; not of a `+`
        std::unique_ptr<Value> value{};
        std::unique_ptr<Value> below{};  // that of its `#`
        std::unique_ptr<Node> plus{};
        std::size_t literals = 0;  // other children; they are in `Literals`

        [[nodiscard]] bool empty() const noexcept {
            return !value && !below && !plus && literals == 0;
        }
    };

    /// The children of all nodes, but for their `+`, by parent and level. A look-up is to touch one
    /// line of memory besides the child: one hash table with linear probing (Knuth, TAOCP 3, 6.4).
    class Literals {
      public:
        [[nodiscard]] Node* find(const Node& parent, std::string_view level) const noexcept {
            if (parent.literals == 0) return nullptr;
            const auto hash = hash_of(parent, level);
            for (auto place = home(hash); slots_[place].node; place = after(place)) {
                const auto& [its_hash, node] = slots_[place];
                if (its_hash == hash && node->parent == &parent && is_same_text(node->level, level))
                    return node.get();
            }
            return nullptr;
        }

        /// There is none yet.
        Node& insert(Node& parent, std::string_view level) {
            auto node =
                std::make_unique<Node>(Node{.parent = &parent, .level = std::string(level)});
            if (4 * (count_ + 1) > 3 * slots_.size()) grow();
            ++count_;
            ++parent.literals;
            return *put({hash_of(parent, level), std::move(node)}).node;
        }

        void erase(Node& parent, const Node& child) noexcept {
            auto gap = home(hash_of(parent, child.level));
            while (slots_[gap].node.get() != &child) gap = after(gap);
            slots_[gap].node.reset();
            --parent.literals;
            --count_;
            // Those behind it must not be cut off from their home.
            for (auto place = after(gap); slots_[place].node; place = after(place)) {
                if (distance(home(slots_[place].hash), place) < distance(gap, place)) continue;
                slots_[gap] = std::move(slots_[place]);
                gap = place;
            }
            if (count_ == 0) slots_ = std::vector<Slot>();
        }

      private:
        struct Slot {
            std::uint64_t hash = 0;
            std::unique_ptr<Node> node{};
        };

        [[nodiscard]] static std::uint64_t hash_of(const Node& parent,
                                                   std::string_view level) noexcept {
            return table_hash(level, reinterpret_cast<std::uintptr_t>(&parent));
        }
        [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept {
            return hash & (slots_.size() - 1);
        }
        [[nodiscard]] std::size_t after(std::size_t place) const noexcept {
            return home(place + 1);
        }
        [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const noexcept {
            return home(to - from);
        }

        Slot& put(Slot&& slot) noexcept {
            auto place = home(slot.hash);
            while (slots_[place].node) place = after(place);
            return slots_[place] = std::move(slot);
        }
        void grow() {
            constexpr std::size_t kFewest = 8;
            auto old =
                std::exchange(slots_, std::vector<Slot>(std::max(kFewest, 2 * slots_.size())));
            for (auto& slot : old)
                if (slot.node) put(std::move(slot));
        }

        std::vector<Slot> slots_;  // a power of two, of which a quarter is empty
        std::size_t count_ = 0;
    };

    [[nodiscard]] Node* child(const Node& node, std::string_view level) const noexcept {
        return level == "+" ? node.plus.get() : literals_.find(node, level);
    }

    Node& make_child(Node& node, std::string_view level) {
        if (auto* known = child(node, level)) return *known;
        if (level != "+") return literals_.insert(node, level);
        node.plus = std::make_unique<Node>();
        return *node.plus;
    }

    static Value& value_in(std::unique_ptr<Value>& place) {
        if (!place) place = std::make_unique<Value>();
        return *place;
    }

    void erase(Node& node, std::string_view rest) {
        if (!rest.data() || rest == "#") {
            (rest.data() ? node.below : node.value).reset();
            return;
        }
        auto* next = child(node, cut_level(rest));
        if (!next) return;
        erase(*next, rest);
        if (!next->empty()) return;
        if (next == node.plus.get()) {
            node.plus.reset();
        } else {
            literals_.erase(node, *next);
        }
    }

    /// `rest`: what is left of the topic below the node.
    template <class Visitor>
    void walk(const Node& node, std::string_view rest, bool hidden, Visitor& visit) const {
        const auto level = cut_level(rest);
        if (const auto* literal = literals_.find(node, level)) descend(*literal, rest, visit);
        if (node.plus && !hidden) descend(*node.plus, rest, visit);
        if (node.below && !hidden) visit(*node.below);
    }

    template <class Visitor>
    void descend(const Node& node, std::string_view rest, Visitor& visit) const {
        if (rest.data()) {
            walk(node, rest, false, visit);
        } else {
            if (node.below) visit(*node.below);
            if (node.value) visit(*node.value);
        }
    }

    std::unique_ptr<Node> root_ = std::make_unique<Node>();  // its children know where it is
    Literals literals_;
};

}  // namespace shared_subscription
