// Writes to a store on a thread of its own, so that no disk keeps the broker waiting.
//
// Where the file is gone or has been replaced while it is in use, what is handed over from then on
// is dropped until the owner, who is told (`take_loss`), hands over all of it (Changes::whole):
// that goes into a new file, or over what is in the one that is there now.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "store/store.hpp"

namespace shared_subscription {

/// What the owner calls is for one thread.
class BackgroundWriter {
  public:
    /// `store` is open on `file`.
    BackgroundWriter(std::unique_ptr<Store> store, std::filesystem::path file);
    /// Writes what is left, unless the database refuses it.
    ~BackgroundWriter();
    BackgroundWriter(const BackgroundWriter&) = delete;
    BackgroundWriter& operator=(const BackgroundWriter&) = delete;

    /// In the order in which they come, each in a transaction of its own; again and again, once a
    /// second, while the database refuses it. `now`: seconds since 1970.
    void write(Changes changes, std::int64_t now);
    /// As Store::forget_left_before.
    void forget_left_before(std::int64_t time);

    /// How many of those are not done.
    [[nodiscard]] std::size_t waiting();
    /// Waits until all are, so long at most.
    void wait(std::chrono::milliseconds most);

    /// Why the database refuses to be written, as a line for a person; empty: it does not.
    [[nodiscard]] std::string problem();
    /// Whether the file is gone, or another one, since this was asked last.
    [[nodiscard]] bool take_loss();

  private:
    struct Job {
        Changes changes{};
        std::int64_t now = 0;
        std::optional<std::int64_t> forget_before{};  // nothing else is in it
    };

    struct Outcome {
        bool is_lost = false;
        bool is_done = false;
        std::string problem{};
    };

    void add(Job job);
    void run();
    /// Null: only looks whether the file is there.
    [[nodiscard]] Outcome work(const Job* job);
    [[nodiscard]] bool carry_out(const Job& job, std::string& problem);
    /// False: it is not there any more.
    [[nodiscard]] bool look_for_file();

    const std::filesystem::path file_;
    std::unique_ptr<Store> store_;  // the thread's own; null: the file is lost

    std::mutex mutex_;  // of all that follows
    std::condition_variable has_work_;
    std::condition_variable is_done_;
    std::deque<Job> jobs_;  // the first one is in hand
    std::string problem_;
    bool lost_ = false;
    bool ends_ = false;

    std::thread thread_;
};

}  // namespace shared_subscription
