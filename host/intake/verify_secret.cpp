// The sender shows the secret itself: in a header, or as a password.
#include "host/intake/encoding.hpp"
#include "host/intake/verify_scheme.hpp"
#include "milepost/http.hpp"

namespace milepost::intake {
namespace {

class SecretHeader : public VerifyScheme {
 public:
  SecretHeader(std::string header, std::string prefix, const std::vector<config::Secret>& secrets)
      : header_(std::move(header)), prefix_(std::move(prefix)), secrets_(secrets) {}

  std::string refusal(const http::Incoming& request, telemetry::Time) const override {
    const auto value = one_header(request, header_);
    if (!value) return value.error().message;
    if (!value->starts_with(prefix_)) return "the header " + header_ + " does not begin with its prefix";
    return secrets_.has(value->substr(prefix_.size())) ? "" : "the secret in " + header_ + " is wrong";
  }
  const std::string& secret_header() const override { return header_; }

 private:
  const std::string header_, prefix_;
  const ShownSecrets secrets_;
};

class Basic : public VerifyScheme {
 public:
  Basic(const std::string& user, const std::vector<config::Secret>& passwords) : logins_(passwords, user + ":") {}

  std::string refusal(const http::Incoming& request, telemetry::Time) const override {
    const auto value = one_header(request, header_);
    if (!value) return value.error().message;
    constexpr std::string_view kScheme = "Basic ";
    if (!same_header(value->substr(0, kScheme.size()), kScheme)) return "the header Authorization is not Basic";
    const auto given = base64_decode(value->substr(kScheme.size()));
    if (!given) return "the header Authorization holds no base64";
    return logins_.has(*given) ? "" : "the user or the password is wrong";
  }
  const std::string& secret_header() const override { return header_; }
  /// Some senders show a password only when they are asked (RFC 7617).
  std::string_view challenge() const override { return "Basic realm=\"hooks\", charset=\"UTF-8\""; }

 private:
  const std::string header_ = "Authorization";
  const ShownSecrets logins_;
};

}  // namespace

MadeScheme make_secret_header(const VerifySettings& settings) {
  auto header = settings.header();
  if (!header) return fail(header.error());
  auto prefix = settings.text("/prefix");
  if (!prefix) return fail(prefix.error());
  auto secrets = settings.secrets();
  if (!secrets) return fail(secrets.error());
  return std::make_unique<SecretHeader>(std::move(*header), std::move(*prefix), *secrets);
}

MadeScheme make_basic(const VerifySettings& settings) {
  auto user = settings.text("/user");
  if (!user) return fail(user.error());
  if (user->find(':') != user->npos) return settings.wrong(".user: a user's name holds no colon (RFC 7617)");
  auto passwords = settings.secrets("password");
  if (!passwords) return fail(passwords.error());
  return std::make_unique<Basic>(*user, *passwords);
}

}  // namespace milepost::intake
