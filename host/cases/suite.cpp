#include "host/cases/suite.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace milepost::cases {

namespace fs = std::filesystem;

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
    const auto count = std::min<std::size_t>(results.size(), std::max(2U, std::thread::hardware_concurrency()));
    for (std::size_t i = 0; i < count; ++i) workers.emplace_back(work);
  }
  return results;
}

Scratch::Scratch() {
  const fs::path memory = "/dev/shm";
  const bool usable = ::access(memory.c_str(), W_OK) == 0;
  std::string name = ((usable ? memory : fs::temp_directory_path()) / "milepost-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder can be made: " + name);
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace milepost::cases
