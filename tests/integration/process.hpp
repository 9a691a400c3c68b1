// A program that a test starts beside the broker: a client in another language.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "descriptor.hpp"

namespace integration {

class Process {
  public:
    // What it writes goes into that file; the first word is looked for as a shell does.
    Process(std::vector<std::string> command, const std::filesystem::path& output);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    // Waits for its end; returns the exit status, or -signal.
    int wait();
    bool ended() const;
    // What it has written to standard output and standard error.
    std::string output() const;

  private:
    std::filesystem::path output_;
    pid_t process_ = -1;
    Descriptor descriptor_;
};

// Runs it to its end; returns what it wrote. Throws with that if it fails.
std::string run(const std::vector<std::string>& command, const std::filesystem::path& output);

}  // namespace integration
