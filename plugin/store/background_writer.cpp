#include "store/background_writer.hpp"

#include <csignal>
#include <exception>
#include <utility>

#include "shared_subscription/core_only.hpp"
#include "store/file_lock.hpp"

namespace shared_subscription {
namespace {

// How often the file is looked for, and a database that refuses is tried again.
constexpr auto kPause = std::chrono::seconds(1);

// Signals are the broker's own thread's.
std::thread start_without_signals(auto&& body) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::forward<decltype(body)>(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

BackgroundWriter::BackgroundWriter(std::unique_ptr<Store> store, std::filesystem::path file)
    : file_(std::move(file)),
      store_(std::move(store)),
      thread_(start_without_signals([this] { run(); })) {}

BackgroundWriter::~BackgroundWriter() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    has_work_.notify_one();
    thread_.join();
}

void BackgroundWriter::write(Changes changes, std::int64_t now) {
    add({.changes = std::move(changes), .now = now});
}

void BackgroundWriter::forget_left_before(std::int64_t time) {
    add({.forget_before = time});
}

void BackgroundWriter::add(Job job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    has_work_.notify_one();
}

std::size_t BackgroundWriter::waiting() {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

void BackgroundWriter::wait(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    is_done_.wait_for(lock, most, [this] { return jobs_.empty(); });
}

std::string BackgroundWriter::problem() {
    const std::lock_guard lock(mutex_);
    return problem_;
}

bool BackgroundWriter::take_loss() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lost_, false);
}

void BackgroundWriter::run() {
    std::unique_lock lock(mutex_);
    bool is_refused = false;
    while (true) {
        const auto is_wanted = [&] { return ends_ || (!jobs_.empty() && !is_refused); };
        has_work_.wait_for(lock, kPause, is_wanted);
        if (ends_ && (jobs_.empty() || is_refused)) return;

        const Job* job = jobs_.empty() ? nullptr : &jobs_.front();  // stays where it is
        lock.unlock();
        auto outcome = work(job);
        lock.lock();

        lost_ |= outcome.is_lost;
        if (!job) continue;
        is_refused = !outcome.is_done;
        problem_ = std::move(outcome.problem);
        if (outcome.is_done) jobs_.pop_front();
        if (jobs_.empty()) is_done_.notify_one();
    }
}

// Nothing may leave the thread.
BackgroundWriter::Outcome BackgroundWriter::work(const Job* job) {
    Outcome outcome;
    try {
        outcome.is_lost = !look_for_file();
        outcome.is_done = job && carry_out(*job, outcome.problem);
    } catch (const std::exception& error) {
        outcome.problem =
            problem_with(file_, std::string("it cannot be written (") + error.what() + ").");
    }
    return outcome;
}

bool BackgroundWriter::look_for_file() {
    if (!store_ || store_->is_in_place()) return true;
    Store::abandon(std::move(store_));
    return false;
}

bool BackgroundWriter::carry_out(const Job& job, std::string& problem) {
    if (!store_) {
        if (!job.changes.whole) return true;
        store_ = Store::open(file_, problem);
    }
    if (!store_) return false;
    if (job.forget_before) return store_->forget_left_before(*job.forget_before, problem);
    return store_->write(job.changes, job.now, problem);
}

}  // namespace shared_subscription
