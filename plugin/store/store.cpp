#include "store/store.hpp"

#include <array>
#include <system_error>
#include <utility>

#include "shared_subscription/core_only.hpp"
#include "store/database.hpp"
#include "store/file_lock.hpp"
#include "store/reader.hpp"
#include "store/schema.hpp"
#include "store/writer.hpp"

namespace shared_subscription {
namespace {

std::filesystem::path file_beside(const std::filesystem::path& file, std::size_t index) {
    constexpr std::array kSuffixes{"-wal", "-shm"};
    return file.string() + kSuffixes[index];
}

}  // namespace

Store::Store() = default;
Store::~Store() = default;

std::unique_ptr<Store> Store::open(const std::filesystem::path& file, std::string& problem) {
    std::unique_ptr<Store> store(new Store);
    if (!store->start(file, problem)) return nullptr;
    return store;
}

bool Store::start(const std::filesystem::path& file, std::string& problem) {
    file_ = file;
    lock_ = FileLock::take(file, problem);
    std::error_code error;
    real_ = std::filesystem::canonical(file, error);
    if (!lock_ || !check_header(*lock_, file, problem)) return false;
    database_ = std::make_unique<Database>(file);
    if (!database_->is_open()) {
        problem = database_->problem();
        return false;
    }
    if (!check_database(*database_, problem)) return false;
    writer_ = std::make_unique<Writer>(*database_);
    if (!database_->unprepared().empty()) {
        problem = database_->damaged(database_->unprepared());
        return false;
    }
    database_->accept();
    return configure(*database_, problem);
}

std::optional<State> Store::load(std::optional<std::int64_t> broker_saved, std::string& problem) {
    auto state = read_state(*database_, broker_saved, problem);
    // A disk that is full keeps nobody from starting: what stays is skipped next time as well.
    if (state && broker_saved) static_cast<void>(writer_->forget_left_before(*broker_saved));
    return state;
}

bool Store::write(const Changes& changes, std::int64_t now, std::string& problem) {
    return changes.empty() || writer_->write(changes, now, problem);
}

bool Store::is_in_place() {
    if (!lock_->is_at(file_)) return false;
    for (std::size_t index = 0; index < beside_.size(); ++index)
        beside_[index] = identity_of(file_beside(real_, index));
    return true;
}

void Store::abandon(std::unique_ptr<Store> store) {
    const auto file = store->real_;
    const auto beside = store->beside_;
    store.reset();
    for (std::size_t index = 0; index < beside.size(); ++index) {
        const auto name = file_beside(file, index);
        std::error_code error;
        if (beside[index] && identity_of(name) == beside[index])
            std::filesystem::remove(name, error);
    }
}

bool Store::forget_left_before(std::int64_t time, std::string& problem) {
    if (writer_->forget_left_before(time)) return true;
    problem = database_->problem();
    return false;
}

}  // namespace shared_subscription
