// Rows of table-driven tests have a name, which becomes part of the test's.
#pragma once

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <string>

namespace shared_subscription {

struct Row {
    std::string name;
};

template <std::derived_from<Row> AnyRow>
void PrintTo(const AnyRow& row, std::ostream* stream) {
    *stream << row.name;
}

template <std::derived_from<Row> AnyRow>
[[nodiscard]] std::string name_of(const ::testing::TestParamInfo<AnyRow>& info) {
    return info.param.name;
}

}  // namespace shared_subscription
