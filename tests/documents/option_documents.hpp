// What documents say of the options, made from the table of the code. In each it stands between two
// marks; what is around them is written by hand.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace documents {

struct Document {
    std::string_view path;  ///< from the root of the sources
    std::string (*make)();  ///< what stands between the marks
};

[[nodiscard]] std::span<const Document> option_documents() noexcept;

/// The text with the part between the marks made anew; nothing: it has not both marks.
[[nodiscard]] std::optional<std::string> renew(const Document& document, const std::string& text);

/// The words of the text in lines of at most `width` bytes, as far as words let it. The first line
/// begins with `first`, the others with `next`.
[[nodiscard]] std::string fill(std::string_view text, std::size_t width, std::string_view first,
                               std::string_view next);

}  // namespace documents
