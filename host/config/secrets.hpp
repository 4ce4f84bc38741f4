// Secrets by name. Values leave this class only towards a signer or a verifier; a Secret prints as ***.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/config/definition.hpp"
#include "milepost/error.hpp"

namespace milepost::config {

/// Text that does not print. Wiped when destroyed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  ~Secret();
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) noexcept = default;

  const std::string& reveal() const { return value_; }  ///< the only way out: to sign, to verify, to compare
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};
inline std::string to_string(const Secret&) { return "***"; }
template <class Stream>
Stream& operator<<(Stream& out, const Secret&) {
  out << "***";
  return out;
}

/// What every made-up value begins with.
inline constexpr const char* kMadeUp = "made-up-";

class Secrets {
 public:
  /// Reads the file (a YAML mapping name: text), or remembers the prefix or folder. Faults name what is wrong, never a value.
  static Secrets load(const std::string& root, const SecretsFrom& from, Faults& faults);

  /// One more, or another value for one.
  void set(const std::string& name, Secret value) { values_.insert_or_assign(name, std::move(value)); }

  bool has(const std::string& name) const;
  std::vector<std::string> names() const;  ///< for "did you mean"; empty for an environment
  /// `permanent` when there is none of that name.
  Result<Secret> get(const std::string& name) const;
  /// For a value of a definition: {"!secret": NAME}, {"!env": NAME}, or plain text, which is no secret but may stand there.
  Result<Secret> resolve(const Json& value) const;

 private:
  std::map<std::string, Secret> values_;
  SecretsFrom from_;
  std::string root_;
};

}  // namespace milepost::config
