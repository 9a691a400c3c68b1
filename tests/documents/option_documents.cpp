#include "documents/option_documents.hpp"

#include <algorithm>
#include <array>

#include "documents/forms.hpp"

namespace documents {
namespace {

constexpr std::array<Document, 3> kDocuments{{
    {"docs/options.md", make_markdown},
    {"packaging/mosquitto-shared-subscription.7", make_manual},
    {"mosquitto.conf.example", make_example},
}};

// In lines that are comments.
constexpr std::string_view kBegin = "option_documents: begin";
constexpr std::string_view kEnd = "option_documents: end";

}  // namespace

std::span<const Document> option_documents() noexcept {
    return kDocuments;
}

std::optional<std::string> renew(const Document& document, const std::string& text) {
    const auto begins = text.find(kBegin);
    const auto ends = text.find(kEnd);
    if (begins == text.npos || ends == text.npos || begins > ends) return {};
    const auto begin = text.find('\n', begins);
    const auto end = text.rfind('\n', ends);
    return text.substr(0, begin + 1) + document.make() + text.substr(end + 1);
}

std::string fill(std::string_view text, std::size_t width, std::string_view first,
                 std::string_view next) {
    std::string lines;
    std::string line(first);
    bool is_empty = true;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        if (!is_empty && line.size() + 1 + word.size() > width) {
            lines += line + "\n";
            line = next;
            is_empty = true;
        }
        if (!is_empty) line += ' ';
        line += word;
        is_empty = false;
    }
    return lines + line + "\n";
}

}  // namespace documents
