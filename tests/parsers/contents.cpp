// What is in the database: any values in the tables of a file that is one of ours.
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "../unit/quiet_broker.hpp"
#include "input.hpp"
#include "shared_subscription/engine.hpp"
#include "store/store.hpp"

using namespace shared_subscription;

namespace {

/// One after the other, of any type.
class Values {
  public:
    explicit Values(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    void bind(sqlite3_stmt* statement, int parameter) {
        const auto kind = take(1);
        const auto what = kind.empty() ? 0 : kind[0] % 5;
        const auto text = take(static_cast<std::size_t>(what == 0 ? 0 : what * 3));
        const auto size = static_cast<int>(text.size());
        if (what == 1) {
            std::int64_t number = 0;
            for (const char byte : text) number = number * 256 + static_cast<unsigned char>(byte);
            sqlite3_bind_int64(statement, parameter, number);
        } else if (what == 2) {
            sqlite3_bind_blob(statement, parameter, text.data(), size, SQLITE_TRANSIENT);
        } else if (what > 2) {
            sqlite3_bind_text(statement, parameter, text.data(), size, SQLITE_TRANSIENT);
        }
    }

  private:
    std::string_view take(std::size_t count) {
        const auto taken = bytes_.substr(0, count);
        bytes_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view bytes_;
};

void fill(const std::filesystem::path& file, std::string_view bytes) {
    constexpr std::array kTables{
        std::pair{"INSERT OR IGNORE INTO uses VALUES (?, ?, ?, ?, ?, ?, ?)", 7},
        std::pair{"INSERT OR IGNORE INTO turns VALUES (?, ?, ?)", 3},
        std::pair{"INSERT OR IGNORE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", 8},
        std::pair{"INSERT OR IGNORE INTO properties VALUES (?, ?, ?, ?, ?)", 5},
        std::pair{"INSERT OR IGNORE INTO strategies VALUES (?, ?)", 2}};
    sqlite3* connection = nullptr;
    sqlite3_open(file.c_str(), &connection);
    sqlite3_exec(connection, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
    Values values(bytes);
    for (std::size_t row = 0; !values.empty() && row < 40; ++row) {
        const auto& [sql, columns] = kTables[row % kTables.size()];
        sqlite3_stmt* statement = nullptr;
        sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
        for (int column = 1; column <= columns; ++column) values.bind(statement, column);
        sqlite3_step(statement);
        sqlite3_finalize(statement);
    }
    sqlite3_close(connection);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto directory = [] {
        auto path = std::filesystem::temp_directory_path() / ("store." + std::to_string(getpid()));
        std::filesystem::create_directory(path);
        std::string problem;
        parsers::require(Store::open(path / "empty.db", problem) != nullptr);
        return path;
    }();
    const auto file = directory / "state.db";
    std::filesystem::copy_file(directory / "empty.db", file,
                               std::filesystem::copy_options::overwrite_existing);
    fill(file, parsers::to_text(data, size));
    std::string problem;
    const auto store = Store::open(file, problem);
    if (!store) return 0;
    const auto state = store->load({}, problem);
    if (!state) return 0;
    for (const bool announces : {false, true}) {
        QuietBroker broker;
        Engine engine(broker, {.separate_leaves = announces, .announces_sessions = announces},
                      StrategyTable(), [] { return std::uint64_t{0}; });
        engine.restore(*state);
        std::ignore = engine.tick(1);
        std::ignore = engine.take_changes(100, 100);
    }
    return 0;
}
