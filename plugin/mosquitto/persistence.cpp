#include "mosquitto/persistence.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

namespace shared_subscription {
namespace {

constexpr std::int64_t kSecondsBetweenComplaints = 60;
constexpr std::int64_t kSecondsBetweenForgetting = 60;
// The broker writes its file for a while before the time that the file has in the end.
constexpr std::int64_t kLongestSave = 60;

/// When the broker saved its state last; nothing: not known, or never.
std::optional<std::int64_t> time_of_save(const std::filesystem::path& broker_file) {
    struct stat status {};
    if (broker_file.empty() || stat(broker_file.c_str(), &status) != 0) return std::nullopt;
    return status.st_mtime - kLongestSave;
}

}  // namespace

std::unique_ptr<Persistence> Persistence::open(const std::filesystem::path& file,
                                               const Configuration* configuration,
                                               Generation generation, Engine& engine,
                                               Broker& broker, std::string& problem) {
    auto store = Store::open(file, problem);
    if (!store) return nullptr;
    const auto broker_file =
        configuration ? configuration->persistent_state() : std::filesystem::path();
    const auto state = store->load(time_of_save(broker_file), problem);
    if (!state) return nullptr;
    engine.restore(*state);
    // 2.1 says itself which sessions there are.
    const bool has_none = configuration && !configuration->persistence;
    if (generation == Generation::v2_0 && has_none) engine.forget_restored();
    return std::unique_ptr<Persistence>(
        new Persistence(std::move(store), broker_file, engine, broker));
}

Persistence::~Persistence() {
    engine_.conclude();
    while (!changes_.empty() || engine_.has_changes()) {
        if (!save(Slices::kAll)) return;
    }
    // The broker has saved its own state just before.
    std::string problem;
    if (!broker_file_.empty())
        static_cast<void>(store_->forget_left_before(std::time(nullptr) + 1, problem));
}

void Persistence::tick(std::int64_t milliseconds) {
    const bool has_more = !changes_.empty() || engine_.has_changes();
    const auto before = engine_.changed_groups();
    const auto slice = slices_.next(milliseconds, std::max(before, std::size_t{has_more}));
    if (!slice && !engine_.has_changed_memberships()) return;
    const bool is_saved = save(slice.value_or(Slice()));
    const bool goes_on = is_saved && before > 0;
    if (slice) slices_.done(goes_on ? before - engine_.changed_groups() : Slices::kAll.groups);
    if (is_saved && std::time(nullptr) - forgot_ >= kSecondsBetweenForgetting) forget_left();
}

bool Persistence::save(Slice slice) {
    if (changes_.empty()) changes_ = engine_.take_changes(slice.groups, slice.messages);
    const auto now = std::time(nullptr);
    std::string problem;
    if (store_->write(changes_, now, problem)) {
        changes_ = {};
        return true;
    }
    if (now - complained_ >= kSecondsBetweenComplaints) {
        complained_ = now;
        broker_.log(LogLevel::error, problem);
    }
    return false;
}

// What clients have given up matters until the broker has saved that, too.
void Persistence::forget_left() {
    forgot_ = std::time(nullptr);
    std::string problem;
    if (const auto time = time_of_save(broker_file_))
        static_cast<void>(store_->forget_left_before(*time, problem));
}

}  // namespace shared_subscription
