#include "mosquitto/persistence.hpp"

#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <utility>

#include "store/file_lock.hpp"

namespace shared_subscription {
namespace {

// Taken in one round of the main loop, so that nobody notices it.
constexpr std::size_t kMostGroups = 1000;
constexpr std::size_t kMostMessages = 1000;
// Of those, so many may wait for the disk.
constexpr std::size_t kMostWaiting = 16;

// What was acknowledged to a publisher shall be in the file within a second.
constexpr std::int64_t kMillisecondsOfARound = 300;
constexpr std::chrono::milliseconds kPatienceForMemberships{10};
constexpr std::chrono::seconds kPatienceAtTheEnd{5};

constexpr std::int64_t kMillisecondsBetweenLooks = 1000;
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
        new Persistence(std::move(store), file, broker_file, engine, broker));
}

Persistence::~Persistence() {
    engine_.conclude();
    // Once more where it turns out that the file is lost.
    for (int times = 0; times < 2 && has_work(); ++times) {
        while (has_work()) hand_over(kMostGroups, kMostMessages);
        writer_.wait(kPatienceAtTheEnd);
        say_problem();
    }
    // The broker has saved its own state just before.
    if (!broker_file_.empty()) writer_.forget_left_before(std::time(nullptr) + 1);
    writer_.wait(kPatienceAtTheEnd);
    say_problem();
}

void Persistence::tick(std::int64_t milliseconds) {
    if (milliseconds - looked_ >= kMillisecondsBetweenLooks) {
        looked_ = milliseconds;
        say_problem();
        if (std::time(nullptr) - forgot_ >= kSecondsBetweenForgetting) forget_left();
    }
    if (engine_.has_changed_memberships()) save_memberships();
    const bool is_due = is_behind_ || milliseconds - round_ >= kMillisecondsOfARound;
    if (!is_due || !has_work()) return;
    if (!is_behind_) round_ = milliseconds;
    save_some();
}

void Persistence::save_memberships() {
    if (writer_.waiting() >= kMostWaiting) return;
    hand_over(0, 0);
    writer_.wait(kPatienceForMemberships);
}

void Persistence::save_some() {
    if (writer_.waiting() >= kMostWaiting) return;
    hand_over(kMostGroups, kMostMessages);
    is_behind_ = engine_.has_changes();
}

void Persistence::hand_over(std::size_t most_groups, std::size_t most_messages) {
    auto changes = engine_.take_changes(most_groups, most_messages);
    changes.whole = std::exchange(is_whole_, false);
    writer_.write(std::move(changes), std::time(nullptr));
}

void Persistence::say_problem() {
    if (writer_.take_loss()) {
        engine_.forget_saved();
        is_whole_ = true;
        broker_.log(LogLevel::error, problem_with(file_,
                                                  "the database is gone, or another file is "
                                                  "in its place; all of it is written "
                                                  "again."));
    }
    const auto problem = writer_.problem();
    if (problem == problem_) return;
    if (problem.empty()) {
        broker_.log(LogLevel::notice, problem_with(file_, "the database is written again."));
    } else {
        broker_.log(LogLevel::error, problem);
    }
    problem_ = problem;
}

// What clients have given up matters until the broker has saved that, too.
void Persistence::forget_left() {
    forgot_ = std::time(nullptr);
    if (const auto time = time_of_save(broker_file_)) writer_.forget_left_before(*time);
}

}  // namespace shared_subscription
