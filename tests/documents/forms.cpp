#include "documents/forms.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "documents/option_documents.hpp"
#include "options/option_table.hpp"

namespace documents {
namespace {

using shared_subscription::allowed_values;
using shared_subscription::is_obsolete;
using shared_subscription::option_table;
using shared_subscription::OptionRow;

constexpr std::size_t kMarkdownWidth = 120;
constexpr std::size_t kWidth = 100;

std::string full_name(const OptionRow& row) {
    return "plugin_opt_" + std::string(row.name);
}

// As it is written, for texts in which that stands between `.
std::string default_of(const OptionRow& row) {
    if (row.default_value.empty()) return std::string(row.default_words);
    return "`" + std::string(row.default_value) + "`";
}

// Choices are explained one by one, and of a switch the synopsis says all.
bool tells_range(const OptionRow& row) {
    return row.choices.empty() && !std::holds_alternative<OptionRow::Switch>(row.set);
}

std::string only_on(const OptionRow& row) {
    const bool is_2_0 = row.only_on == "2.0";
    return std::string(row.only_on) + " alone, without effect on " + (is_2_0 ? "2.1" : "2.0");
}

std::string generations_of(const OptionRow& row) {
    return row.only_on.empty() ? "2.0 and 2.1" : only_on(row);
}

// What there is to say of an option besides its help, in sentences.
std::string facts_of(const OptionRow& row) {
    std::string text;
    if (!row.only_on.empty()) text += "Mosquitto " + only_on(row) + ". ";
    if (tells_range(row)) text += "Allowed are " + allowed_values(row) + ". ";
    if (row.is_repeatable) text += "May be repeated. ";
    return text + "Default: " + default_of(row) + ".";
}

std::string replace_all(std::string_view text, char replaced, std::string_view by) {
    std::string result;
    for (const char c : text) {
        if (c == replaced) {
            result += by;
        } else {
            result += c;
        }
    }
    return result;
}

// Calls that with each piece of the text, and whether it is written as it is.
template <class Visit>
std::string convert(std::string_view text, const Visit& visit) {
    std::string result;
    for (bool is_literal = false;; is_literal = !is_literal) {
        const auto end = text.find('`');
        result += visit(text.substr(0, end), is_literal);
        if (end == text.npos) return result;
        text.remove_prefix(end + 1);
    }
}

// ---- docs/options.md

std::string to_markdown(std::string_view text) {
    return convert(text, [](std::string_view piece, bool is_literal) {
        if (is_literal) return "`" + std::string(piece) + "`";
        return replace_all(piece, '<', "\\<");
    });
}

std::string markdown_of(const OptionRow& row) {
    const auto item = [](const std::string& text) {
        return fill(text, kMarkdownWidth, "- ", "  ");
    };
    auto text = "\n## " + full_name(row) + "\n\n```\n" + full_name(row) + " " +
                std::string(row.value) + "\n```\n\n" +
                fill(to_markdown(row.help), kMarkdownWidth, "", "") + "\n";
    if (!row.choices.empty()) text += "| value | |\n| --- | --- |\n";
    for (const auto& [name, meaning] : row.choices)
        text += "| `" + std::string(name) + "` | " + to_markdown(meaning) + " |\n";
    if (!row.choices.empty()) text += "\n";
    text += item("Default: " + to_markdown(default_of(row)) + ".");
    if (tells_range(row)) text += item("Allowed: " + to_markdown(allowed_values(row)) + ".");
    text += item(row.is_repeatable ? "May be repeated." : "Given once.");
    text += item("Mosquitto " + std::string(generations_of(row)) + ".");
    if (std::holds_alternative<OptionRow::Words>(row.set)) {
        for (const auto example : row.examples) {
            if (!example.empty())
                text += item("Example: `" + full_name(row) + " " + std::string(example) + "`");
        }
    }
    return text;
}

// ---- the manual page

std::string to_manual(std::string_view text) {
    return convert(text, [](std::string_view piece, bool is_literal) {
        const auto escaped = replace_all(replace_all(piece, '\\', "\\e"), '\'', "\\(aq");
        return is_literal ? "\\fB" + replace_all(escaped, '-', "\\-") + "\\fR" : escaped;
    });
}

// Each sentence on a line of its own, as manual pages have it.
std::string manual_lines(std::string_view text) {
    std::string lines;
    while (!text.empty()) {
        const auto end = text.find(". ");
        const auto sentence = text.substr(0, end == text.npos ? end : end + 1);
        lines += fill(to_manual(sentence), kWidth, "", "");
        text.remove_prefix(std::min(sentence.size() + 1, text.size()));
    }
    return lines;
}

std::string manual_of(const OptionRow& row) {
    const bool is_choice = row.value.find('<') == row.value.npos;
    const auto value = is_choice ? "\\fB" + replace_all(row.value, '|', "\\fR|\\fB") + "\\fR"
                                 : replace_all(replace_all(row.value, '<', "\\fI"), '>', "\\fR");
    auto text = ".TP\n\\fB" + full_name(row) + "\\fR " + value + "\n" + manual_lines(row.help);
    if (!row.choices.empty()) text += ".RS\n";
    for (const auto& [name, meaning] : row.choices)
        text += ".TP\n.B " + std::string(name) + "\n" + manual_lines(meaning);
    if (!row.choices.empty()) text += ".PP\n";
    text += manual_lines(facts_of(row));
    if (!row.choices.empty()) text += ".RE\n";
    return text;
}

// ---- mosquitto.conf.example

std::string to_comment(std::string_view text) {
    return replace_all(text, '`', "");
}

std::string example_of(const OptionRow& row) {
    auto text = "\n" + fill(to_comment(row.help), kWidth, "# ", "# ");
    std::size_t longest = 0;
    for (const auto& choice : row.choices) longest = std::max(longest, choice.name.size());
    for (const auto& [name, meaning] : row.choices) {
        const auto first = "#   " + std::string(name) + std::string(longest + 2 - name.size(), ' ');
        text += fill(to_comment(meaning), kWidth, first, "#" + std::string(first.size() - 1, ' '));
    }
    text += fill(to_comment(facts_of(row)), kWidth, "# ", "# ");
    if (!row.default_value.empty())
        return text + "#" + full_name(row) + " " + std::string(row.default_value) + "\n";
    for (const auto example : row.examples) {
        if (!example.empty()) text += "#" + full_name(row) + " " + std::string(example) + "\n";
    }
    return text;
}

std::string make_of_all(std::string (*make)(const OptionRow&)) {
    std::string text;
    for (const auto& row : option_table()) {
        if (!is_obsolete(row)) text += make(row);
    }
    return text;
}

}  // namespace

std::string make_markdown() {
    std::string text = "\n| option | default | Mosquitto |\n| --- | --- | --- |\n";
    std::string obsolete;
    for (const auto& row : option_table()) {
        const auto name = "`" + full_name(row) + "`";
        if (is_obsolete(row)) {
            obsolete += (obsolete.empty() ? "" : ", ") + name;
            continue;
        }
        text += "| [" + name + "](#" + full_name(row) + ") | " + to_markdown(default_of(row)) +
                " | " + std::string(row.only_on.empty() ? "2.0, 2.1" : row.only_on) + " |\n";
    }
    return text + make_of_all(markdown_of) + "\n## Options that have no effect any more\n\n" +
           fill(obsolete + ": the log says so, and the lines can be taken out.", kMarkdownWidth, "",
                "") +
           "\n";
}

std::string make_manual() {
    return make_of_all(manual_of);
}

std::string make_example() {
    return make_of_all(example_of) + "\n";
}

}  // namespace documents
