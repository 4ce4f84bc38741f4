// What schemes share that fetch a token from somebody: one caller fetches while the others wait for it, and all use it
// until it is about to expire or the vendor refuses it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/http/schemes.hpp"

namespace milepost::http {

class SessionSigner : public Signer {
 public:
  Status sign(Request& request, Client& client, const Options& options) override;
  bool refresh() override;
  bool refresh_after(const Request& refused) override;
  std::vector<std::string> hidden() const override;

 protected:
  struct Session {
    config::Secret token;
    telemetry::Time renew_at;
  };
  explicit SessionSigner(const telemetry::Clock& clock) : clock_(clock) {}

  /// Asks for a token. One call at a time.
  virtual Result<Session> fetch(Client& client, const Options& options) const = 0;
  /// The secrets that it asks with. [any]
  virtual std::vector<std::string> known() const = 0;
  /// What a refusal says of its reason, fit for an error's message: ": the key is unknown". "" by default.
  virtual std::string why(const Response&) const { return ""; }

  /// One exchange for a token, its answer bounded. It leaves nothing behind: as far as doubt goes, it is a read. An
  /// answer that is no 2xx is an error: what would be permanent for an event is `auth` here, for it is the account's
  /// fault, and the connection waits for a person. `what` begins the error's message: "the login".
  Result<Response> ask(const Request& request, Client& client, const Options& options, const std::string& what,
                       const std::string& origin) const;
  /// Good for four fifths of its life.
  Session session(const std::string& token, telemetry::Time::duration life) const;

  const telemetry::Clock& clock_;

 private:
  mutable std::mutex mutex_;
  std::condition_variable finished_;
  std::optional<Session> session_;
  std::optional<Error> failure_;  // of the latest fetch
  std::uint64_t fetches_ = 0;
  bool fetching_ = false;
};

}  // namespace milepost::http
