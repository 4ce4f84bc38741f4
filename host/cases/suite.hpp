// All cases, several at a time.
#pragma once

#include <functional>

#include "host/cases/compare.hpp"
#include "host/cases/world.hpp"

namespace milepost::cases {

struct Verdict {
  const CaseFile* file = nullptr;
  const Case* what = nullptr;
  std::vector<Mismatch> mismatches;
  Played played;
  std::chrono::duration<double> took{};
  bool passed() const { return mismatches.empty() && played.failure.empty(); }
};

/// In the order of the files. `wanted` picks; empty takes all. `files` outlives the results.
std::vector<Verdict> run_suite(const std::vector<CaseFile>& files, const Ground& ground,
                              const std::function<bool(const CaseFile&, const Case&)>& wanted);

/// A folder for journals, in memory where the machine has such a place; gone with this.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;  ///< held as long as this lives: whoever finds it free may sweep the folder away
};

}  // namespace milepost::cases
