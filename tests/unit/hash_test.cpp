// The hash decides which member gets which key, on every machine and in every release: its values
// are an interface.
#include "shared_subscription/hash.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

#include "rows.hpp"

namespace shared_subscription {
namespace {

struct HashRow : Row {
    std::string text;
    std::uint64_t expected;
};
class StableHash : public ::testing::TestWithParam<HashRow> {};

// Computed by an implementation of FNV-1a that gives the published vectors
// (a: af63dc4c8601ec8c, foobar: 85944171f73967e8), mixed by fmix64.
TEST_P(StableHash, NeverChanges) {
    EXPECT_EQ(stable_hash(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , StableHash,
    ::testing::Values(HashRow{"Nothing", "", 0xefd01f60ba992926},
                      HashRow{"Letter", "a", 0x82a2a958a9bece5b},
                      HashRow{"Foobar", "foobar", 0x2c22194922d1672b},
                      HashRow{"Topic", "sensor/1/temperature", 0x52bba8bc0e8a67d7},
                      HashRow{"Utf8", "größe/°C", 0x812886b293de4bcd},
                      HashRow{"ByteAboveSevenBits", "\xff", 0x1bbd5c813c69a8d7},
                      HashRow{"ZeroByte", std::string("a\0b", 3), 0xab78f5eca36d0e2b},
                      HashRow{"Long", std::string(1000, 'x'), 0x27c232bef26106ba}),
    name_of<HashRow>);

struct MixRow : Row {
    std::uint64_t value;
    std::uint64_t expected;
};
class Fmix64 : public ::testing::TestWithParam<MixRow> {};

TEST_P(Fmix64, NeverChanges) {
    EXPECT_EQ(fmix64(GetParam().value), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    , Fmix64,
    ::testing::Values(MixRow{"Zero", 0, 0}, MixRow{"One", 1, 0xb456bcfc34c2cb2c},
                      MixRow{"Two", 2, 0x3abf2a20650683e7},
                      MixRow{"HighestBit", 0x8000000000000000, 0x8f780810af31a493},
                      MixRow{"AllBits", 0xffffffffffffffff, 0x64b5720b4b825f21},
                      MixRow{"Pattern", 0xdeadbeefcafebabe, 0x7082995008f0c48c}),
    name_of<MixRow>);

TEST(MixedBits, ChangeByHalfForEachBitOfTheInput) {
    for (int bit = 0; bit < 64; ++bit) {
        int moved = 0;
        for (std::uint64_t value = 0; value < 256; ++value) {
            const auto text = stable_hash(std::to_string(value));
            moved += std::popcount(fmix64(text) ^ fmix64(text ^ (std::uint64_t{1} << bit)));
        }
        EXPECT_NEAR(moved / 256.0, 32.0, 2.0) << "bit " << bit;
    }
}

TEST(HashedNames, DoNotCollide) {
    std::set<std::uint64_t> seen;
    for (int number = 0; number < 100'000; ++number)
        seen.insert(stable_hash("client-" + std::to_string(number)));
    EXPECT_EQ(seen.size(), 100'000U);
}

// Each byte counts, wherever it is, and so does the length.
TEST(TableHash, DiffersForTextsThatDifferInOneByteOrInLength) {
    std::set<std::uint64_t> hashes;
    std::size_t texts = 0;
    const auto add = [&](const std::string& text) {
        ++texts;
        hashes.insert(table_hash(text, 1));
    };
    for (std::size_t size = 0; size <= 40; ++size) {
        add(std::string(size, 'a'));
        for (std::size_t place = 0; place < size; ++place) {
            auto text = std::string(size, 'a');
            text[place] = 'b';
            add(text);
        }
    }
    EXPECT_EQ(hashes.size(), texts);
}

TEST(TableHash, DiffersBySeed) {
    EXPECT_NE(table_hash("a", 1), table_hash("a", 2));
    EXPECT_NE(table_hash("", 1), table_hash("", 2));
}

}  // namespace
}  // namespace shared_subscription
