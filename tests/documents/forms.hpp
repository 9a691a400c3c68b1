// What the table says, in the forms of documents.
#pragma once

#include <string>

namespace documents {

[[nodiscard]] std::string make_markdown();
[[nodiscard]] std::string make_manual();
[[nodiscard]] std::string make_example();

}  // namespace documents
