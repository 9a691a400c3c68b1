#include "options/options.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "options/option_table.hpp"
#include "shared_subscription/text.hpp"

namespace shared_subscription {
namespace {

const OptionRow* find_row(std::string_view key) {
    const auto table = option_table();
    const auto found = std::ranges::find(table, key, &OptionRow::name);
    return found == table.end() ? nullptr : &*found;
}

// How many characters have to be replaced, added and taken out (Levenshtein).
std::size_t count_edits(std::string_view one, std::string_view other) {
    std::vector<std::size_t> costs(other.size() + 1);
    std::iota(costs.begin(), costs.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); ++i) {
        auto diagonal = std::exchange(costs[0], i + 1);
        for (std::size_t j = 0; j < other.size(); ++j) {
            const auto replaced = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = costs[j + 1];
            costs[j + 1] = std::min({replaced, diagonal + 1, costs[j] + 1});
        }
    }
    return costs.back();
}

std::string refuse_unknown(std::string_view key) {
    constexpr std::size_t kMostTypingErrors = 2;
    std::string meant;
    std::string allowed;
    for (const auto& row : option_table()) {
        if (is_obsolete(row)) continue;
        const auto name = "plugin_opt_" + std::string(row.name);
        allowed += (allowed.empty() ? "" : ", ") + name;
        if (!meant.empty() || key.size() > row.name.size() + kMostTypingErrors) continue;
        if (count_edits(key, row.name) <= kMostTypingErrors)
            meant = " (perhaps " + name + " is meant)";
    }
    return "unknown option" + meant + "; allowed are " + allowed + ".";
}

class Parser {
  public:
    explicit Parser(std::string& problem) : problem_(problem) {}

    std::optional<Options> parse(std::span<const Option> options) {
        for (const auto& [key, value] : options) {
            const auto refusal = apply(key, value);
            if (refusal.empty()) continue;
            constexpr std::size_t kMaxShown = 60;  // of a log line
            problem_ = "plugin_opt_" + printable(key.substr(0, kMaxShown)) + " " + quote(value) +
                       ": " + refusal;
            return std::nullopt;
        }
        return result_;
    }

  private:
    // What is wrong, and what is allowed; empty: nothing.
    std::string apply(std::string_view key, std::string_view value) {
        const auto* row = find_row(key);
        if (row == nullptr) return refuse_unknown(key);
        auto refusal = std::visit([&](auto set) { return apply(*row, set, value); }, row->set);
        if (!refusal.empty()) return refusal;
        const bool is_again = !row->is_repeatable && !seen_.insert(row).second;
        return is_again ? "given twice; allowed is once." : "";
    }

    std::string apply(const OptionRow& row, OptionRow::Number number, std::string_view value) {
        std::size_t result = 0;
        const auto* end = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), end, result);
        const bool is_number = !value.empty() && parsed.ptr == end;
        if (is_number && parsed.ec == std::errc::result_out_of_range)
            return "too large; " + allowed_are(row);
        if (!is_number || result < row.least || result > row.most) return allowed_are(row);
        number(result_) = result;
        return {};
    }

    std::string apply(const OptionRow& row, OptionRow::Switch to_set, std::string_view value) {
        if (value != "true" && value != "false") return allowed_are(row);
        to_set(result_) = value == "true";
        return {};
    }

    std::string apply(const OptionRow& row, OptionRow::Words words, std::string_view value) {
        return words(result_, value, allowed_values(row));
    }

    std::string apply(const OptionRow& row, OptionRow::Obsolete, std::string_view /*value*/) {
        auto& noted = result_.obsolete;
        if (std::ranges::find(noted, row.name) == noted.end()) noted.emplace_back(row.name);
        return {};
    }

    static std::string allowed_are(const OptionRow& row) {
        return "allowed are " + allowed_values(row) + ".";
    }

    std::string& problem_;
    Options result_;
    std::set<const OptionRow*> seen_;
};

}  // namespace

std::optional<Options> parse_options(std::span<const Option> options, std::string& problem) {
    return Parser(problem).parse(options);
}

}  // namespace shared_subscription
