#include "store/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>

#include "shared_subscription/core_only.hpp"
#include "shared_subscription/text.hpp"
#include "store/file_identity.hpp"

namespace shared_subscription {
namespace {

// A list that needs no destructor: it is there whenever a static object lets go of its file. For
// one thread at a time.
FileLock* held = nullptr;
std::recursive_mutex held_mutex;  // one that cannot be had ends while it is taken

constexpr std::string_view kInUse =
    "it is in use, perhaps by another broker; stop that one, or name another file.";
constexpr std::string_view kPermit =
    "; let the user that the broker runs as read and write the file and its directory.";

std::string describe(int error) {
    return std::generic_category().message(error);
}

std::string why_not_opened(int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return "its directory does not exist; create it, or name a file elsewhere.";
        case EISDIR:
            return "it is a directory; name a file in it.";
        case EACCES:
        case EPERM:
        case EROFS:
            return "it cannot be opened (" + describe(error) + ")" + std::string(kPermit);
        default:
            return "it cannot be opened (" + describe(error) + "); name another file.";
    }
}

bool is_of(int descriptor, const FileIdentity& file) {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && FileIdentity{status.st_dev, status.st_ino} == file;
}

}  // namespace

std::string problem_with(const std::filesystem::path& file, std::string_view what) {
    auto line = quote(file.string()) + ": " + std::string(what);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

std::unique_ptr<FileLock> FileLock::take(const std::filesystem::path& file, std::string& problem) {
    const auto refuse = [&](std::string_view why) {
        problem = problem_with(file, why);
        return nullptr;
    };
    const std::lock_guard one_at_a_time(held_mutex);
    struct stat status {};
    if (stat(file.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) return refuse(why_not_opened(EISDIR));
        if (!S_ISREG(status.st_mode)) return refuse("it is not a regular file; name another one.");
        for (const auto* lock = held; lock; lock = lock->next_) {
            if (is_of(lock->descriptor_, {status.st_dev, status.st_ino})) return refuse(kInUse);
        }
    }
    std::unique_ptr<FileLock> lock(new FileLock);
    lock->descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (lock->descriptor_ < 0) return refuse(why_not_opened(errno));
    if (flock(lock->descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return refuse(kInUse);
        return refuse("it cannot be locked (" + describe(errno) +
                      "); name a file on another file system.");
    }
    lock->next_ = held;
    held = lock.get();
    return lock;
}

FileLock::~FileLock() {
    const std::lock_guard one_at_a_time(held_mutex);
    for (auto** link = &held; *link; link = &(*link)->next_) {
        if (*link != this) continue;
        *link = next_;
        break;
    }
    if (descriptor_ >= 0) close(descriptor_);
}

bool FileLock::is_at(const std::filesystem::path& file) const {
    const auto identity = identity_of(file);
    return identity && is_of(descriptor_, *identity);
}

std::optional<std::string> FileLock::read(std::size_t count) const {
    std::string bytes(count, '\0');
    const auto got = pread(descriptor_, bytes.data(), count, 0);
    if (got < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
}

}  // namespace shared_subscription
