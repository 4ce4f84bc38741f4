// One delivery, a fault at one of its requests, and then what the host would do: settle, look up, repeat or leave it in
// doubt.
#pragma once

#include <string>
#include <vector>

#include "host/conformance/stage.hpp"

namespace milepost::conformance {

/// What an action does when nothing is wrong.
struct Course {
  std::vector<Seen> requests;  ///< of one delivery, with a fresh instance
  std::size_t grown = 0;       ///< by how much the double's state grew
};

/// What is right for a fault.
struct Expected {
  std::vector<ErrorKind> kinds;
  std::chrono::milliseconds at_least{0};  ///< of retry_after
};

class Trial {
 public:
  Trial(Stage& stage, const Json& action);

  const Course& course() const { return course_; }
  /// What a write whose outcome is unknown may be called: it must not be repeated by a guess.
  std::vector<ErrorKind> unknown(std::size_t at) const;
  bool writes(std::size_t at) const { return course_.requests[at].changed; }
  bool wrote_before(std::size_t at) const;

  /// Runs a fresh delivery with the fault at its `at`-th request and settles it. Fails when another kind came than
  /// expected, when the effect is there twice, or not at all though it is called done.
  void run(const Fault& fault, std::size_t at, Expected expected,
           std::chrono::milliseconds patience = std::chrono::seconds(10));

  /// One delivery through a fresh instance.
  Result<Answer> once(std::size_t n, std::chrono::milliseconds patience = std::chrono::seconds(10),
                      unsigned attempt = 1);
  /// A number that no delivery has had yet.
  std::size_t fresh() { return ++n_; }
  plugins::Account& account() { return *account_; }
  const plugins::ActionInfo& info() const { return info_; }

 private:
  /// What became of it in the end: done, or in doubt.
  bool settle(std::size_t n, const Error& first, const std::string& where);
  Result<std::optional<Answer>> look_up(std::size_t n);

  Stage& stage_;
  std::string name_;
  plugins::ActionInfo info_;
  std::unique_ptr<plugins::Account> account_;
  Course course_;
  std::size_t n_ = 0;
};

}  // namespace milepost::conformance
