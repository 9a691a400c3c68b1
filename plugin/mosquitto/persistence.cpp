#include "mosquitto/persistence.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>

namespace shared_subscription {
namespace {

// The broker waits while anything is written. So a round is written in parts, of which none is to
// be noticed, and is in the file when all of it is. Most of a second is enough for all of it, and a
// second for two.
constexpr std::size_t kMostGroups = 1000;
constexpr std::size_t kMostMessages = 2000;
constexpr std::size_t kFewestRows = 32;
constexpr std::int64_t kMillisecondsForAll = 400;

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
    while (has_work()) {
        if (changes_.empty()) changes_ = engine_.take_changes(kMostGroups, kMostMessages);
        if (!save_all()) return;
    }
    // The broker has saved its own state just before.
    std::string problem;
    if (!broker_file_.empty())
        static_cast<void>(store_->forget_left_before(std::time(nullptr) + 1, problem));
}

void Persistence::tick(std::int64_t milliseconds) {
    if (std::time(nullptr) == refused_) return;
    if (engine_.has_changed_memberships()) {
        if (!save_all()) return;
        changes_ = engine_.take_changes(0, 0);
        save_all();
        return;
    }
    const auto second = milliseconds / 1000;
    if (changes_.empty()) {
        const bool is_due = is_behind_ || second != round_;
        if (!is_due || !engine_.has_changes()) return;
        round_ = second;
        saved_ = std::max(saved_, milliseconds - kMillisecondsBetween);  // not all of it now
        changes_ = engine_.take_changes(kMostGroups, kMostMessages);
        is_behind_ = engine_.has_changes();
    }
    const auto passed = std::min(milliseconds - saved_, kMillisecondsForAll);
    if (passed < kMillisecondsBetween) return;
    saved_ = milliseconds;
    const auto rows = changes_.size() * static_cast<std::size_t>(passed) /
                      static_cast<std::size_t>(kMillisecondsForAll);
    save(std::max(kFewestRows, rows));
}

bool Persistence::save(std::size_t rows) {
    const auto now = std::time(nullptr);
    std::string problem;
    switch (store_->write_some(changes_, now, rows, problem)) {
        case Written::some:
            return true;
        case Written::all:
            changes_ = {};
            if (now - forgot_ >= kSecondsBetweenForgetting) forget_left();
            return true;
        case Written::nothing:
            break;
    }
    refused_ = now;
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
