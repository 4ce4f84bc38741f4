// Google's token endpoint for service accounts: verifies the assertion, hands out tokens that end.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "milepost/connector.hpp"
#include "milepost/testing/sandbox.hpp"

namespace milepost::sheets::sandbox {

class Tokens {
 public:
  struct Token {
    std::string account;  ///< the e-mail address
    bool writes = true;   ///< else its scope is read only
    Time until{};
  };

  /// The answer to POST /token.
  HttpResponse exchange(const HttpRequest& request, Time now);
  /// nullptr: unknown or expired. `sandbox-token` never is.
  const Token* find(const std::string& token, Time now) const;
  void clear() { *this = Tokens(); }
  /// How long a token is good: an hour, as Google's are, unless a test needs another.
  void live(std::chrono::seconds life) { life_ = life; }

 private:
  std::map<std::string, Token> tokens_;
  unsigned long long made_ = 0;
  std::chrono::seconds life_{3600};
};

/// The one account that the double knows; demo-key.json holds its private key.
inline constexpr std::string_view kAccount = "milepost@milepost-sandbox.iam.gserviceaccount.com";

}  // namespace milepost::sheets::sandbox
