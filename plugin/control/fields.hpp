// The fields of one command, read with their types.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace shared_subscription {

using Json = nlohmann::ordered_json;

/// As it is sent; what is no UTF-8 is replaced.
[[nodiscard]] std::string to_text(const Json& json);

/// The first problem, for a person, stays; later fields then have their defaults.
class Fields {
  public:
    /// `command` is an object.
    explicit Fields(const Json& command) : command_(command) {}

    /// Nothing where it is absent.
    [[nodiscard]] std::optional<std::string> text(const char* key);
    [[nodiscard]] std::string required_text(const char* key);
    [[nodiscard]] bool flag(const char* key);
    [[nodiscard]] std::size_t number(const char* key, std::size_t fallback, std::size_t least,
                                     std::size_t most);

    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    void fail(const std::string& problem) {
        if (problem_.empty()) problem_ = problem;
    }

  private:
    /// Null where it is absent.
    [[nodiscard]] const Json* find(const char* key) const;

    const Json& command_;
    std::string problem_;
};

}  // namespace shared_subscription
