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

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace shared_subscription {

/// Hash for string keys that are looked up by view, so that a look-up allocates nothing.
struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

template <class Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

/// Owns one `Value` for each filter. Pointers to values stay valid until the filter is erased.
template <class Value>
class FilterTree {
  public:
    /// The value of `filter`, made by default if there is none.
    Value& insert(std::string_view filter) {
        Node* node = &root_;
        for (Levels levels(filter); !levels.done(); levels.next()) {
            node = &node->make_child(levels.current());
        }
        if (!node->value) node->value = std::make_unique<Value>();
        return *node->value;
    }

    /// The value of exactly this filter, or null. Allocates nothing.
    [[nodiscard]] Value* find(std::string_view filter) const noexcept {
        const Node* node = &root_;
        for (Levels levels(filter); !levels.done(); levels.next()) {
            const auto* child = node->slot(levels.current());
            if (!child || !*child) return nullptr;
            node = child->get();
        }
        return node->value.get();
    }

    /// Forgets `filter` and its value; nothing if there is none.
    void erase(std::string_view filter) { erase(root_, Levels(filter)); }

    /// Calls `visit(Value&)` for each filter that matches `topic`, in the broker's order. Allocates
    /// nothing.
    template <class Visitor>
    void match(std::string_view topic, Visitor&& visit) const {
        const bool hidden = topic.starts_with('$');
        walk(root_, Levels(topic), hidden, visit);
    }

    [[nodiscard]] bool empty() const noexcept { return root_.empty(); }

  private:
    /// Steps through the levels of a topic or filter; `a//b` has an empty one.
    class Levels {
      public:
        explicit Levels(std::string_view text) : rest_(text) { cut(); }
        [[nodiscard]] bool done() const noexcept { return done_; }
        [[nodiscard]] std::string_view current() const noexcept { return current_; }
        void next() noexcept {
            if (last_) {
                done_ = true;
            } else {
                cut();
            }
        }

      private:
        void cut() noexcept {
            const auto slash = rest_.find('/');
            last_ = slash == std::string_view::npos;
            current_ = rest_.substr(0, slash);
            if (!last_) rest_.remove_prefix(slash + 1);
        }

        std::string_view rest_, current_;
        bool last_ = false, done_ = false;
    };

    struct Node {
        std::unique_ptr<Value> value;
        std::unique_ptr<StringMap<std::unique_ptr<Node>>> literals;  // null: none, as in most
        std::unique_ptr<Node> plus, hash;

        [[nodiscard]] bool empty() const noexcept { return !value && !literals && !plus && !hash; }

        /// Where the child of a level is kept; null where a literal level has none.
        [[nodiscard]] const std::unique_ptr<Node>* slot(std::string_view level) const noexcept {
            if (level == "+") return &plus;
            if (level == "#") return &hash;
            if (!literals) return nullptr;
            const auto found = literals->find(level);
            return found == literals->end() ? nullptr : &found->second;
        }
        [[nodiscard]] std::unique_ptr<Node>* slot(std::string_view level) noexcept {
            return const_cast<std::unique_ptr<Node>*>(std::as_const(*this).slot(level));
        }

        Node& make_child(std::string_view level) {
            auto* child = slot(level);
            if (!child) {
                if (!literals) literals = std::make_unique<StringMap<std::unique_ptr<Node>>>();
                child = &(*literals)[std::string(level)];
            }
            if (!*child) *child = std::make_unique<Node>();
            return **child;
        }
    };

    void erase(Node& node, Levels levels) {
        if (levels.done()) {
            node.value.reset();
            return;
        }
        const auto level = levels.current();
        auto* child = node.slot(level);
        if (!child || !*child) return;
        levels.next();
        erase(**child, levels);
        if (!(*child)->empty()) return;
        if (child == &node.plus || child == &node.hash) {
            child->reset();
        } else {
            node.literals->erase(node.literals->find(level));
            if (node.literals->empty()) node.literals.reset();
        }
    }

    template <class Visitor>
    static void walk(const Node& node, Levels levels, bool hidden, Visitor& visit) {
        if (!levels.done()) {
            const auto level = levels.current();
            levels.next();
            if (node.literals) {
                const auto found = node.literals->find(level);
                if (found != node.literals->end()) descend(*found->second, levels, visit);
            }
            if (node.plus && !hidden) descend(*node.plus, levels, visit);
        }
        if (node.hash && !hidden && node.hash->value) visit(*node.hash->value);
    }

    template <class Visitor>
    static void descend(const Node& node, Levels levels, Visitor& visit) {
        walk(node, levels, false, visit);
        if (levels.done() && node.value) visit(*node.value);
    }

    Node root_;
};

}  // namespace shared_subscription
