#include "host/cases/suite.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace milepost::cases {

namespace fs = std::filesystem;

namespace {

const std::string kScratch = "milepost-test-";

/// What a run that was killed has left: nobody holds its lock.
void sweep(const fs::path& parent) {
  std::error_code fault;
  for (fs::directory_iterator at(parent, fault), end; !fault && at != end; at.increment(fault)) {
    if (!at->path().filename().string().starts_with(kScratch)) continue;
    const int lock = ::open((at->path() / "lock").c_str(), O_RDWR | O_CLOEXEC);
    if (lock < 0) continue;
    std::error_code ignored;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) fs::remove_all(at->path(), ignored);
    ::close(lock);
  }
}

}  // namespace

std::vector<Verdict> run_suite(const std::vector<CaseFile>& files, const Ground& ground,
                              const std::function<bool(const CaseFile&, const Case&)>& wanted) {
  std::vector<Verdict> results;
  for (const auto& file : files)
    for (const auto& what : file.cases)
      if (!wanted || wanted(file, what)) results.push_back({&file, &what, {}, {}, {}});
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < results.size(); i = next++) {
      auto& result = results[i];
      const auto began = std::chrono::steady_clock::now();
      result.played = play(*result.file, *result.what, ground, i);
      if (result.played.failure.empty() && result.what->expect != nullptr && !result.what->expect->is_null())
        result.mismatches = compare(*result.what->expect, result.played.outcome, result.file->name);
      result.took = std::chrono::steady_clock::now() - began;
    }
  };
  {
    std::vector<std::jthread> workers;
    // A world waits more than it works: for its journal's thread, most of the time.
    const auto count = std::min<std::size_t>(results.size(), 4 * std::max(1U, std::thread::hardware_concurrency()));
    for (std::size_t i = 0; i < count; ++i) workers.emplace_back(work);
  }
  return results;
}

Scratch::Scratch() {
  const fs::path memory = "/dev/shm";
  const fs::path parent = ::access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
  sweep(parent);
  std::string name = (parent / (kScratch + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made: " + name);
  path_ = name;
  // It has its name once it is held, so that no other run finds it free in between.
  lock_ = ::open((path_ + "/lock.new").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ::flock(lock_, LOCK_EX);
  fs::rename(path_ + "/lock.new", path_ + "/lock");
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  ::close(lock_);
}

}  // namespace milepost::cases
