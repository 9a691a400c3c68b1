#include "database.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace integration {
namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

}  // namespace

std::string ask(const std::string& file, const std::string& statement) {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    const Database database(opened);
    sqlite3_busy_timeout(opened, 10'000);
    std::string answer;
    const auto keep = [](void* kept, int, char** values, char**) {
        if (values[0] != nullptr) *static_cast<std::string*>(kept) = values[0];
        return 0;
    };
    if (result != SQLITE_OK ||
        sqlite3_exec(database.get(), statement.c_str(), keep, &answer, nullptr) != SQLITE_OK) {
        throw std::runtime_error(statement + ": " + sqlite3_errmsg(database.get()));
    }
    return answer;
}

}  // namespace integration
