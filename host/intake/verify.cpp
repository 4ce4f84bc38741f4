#include "host/intake/verify.hpp"

#include "host/intake/verify_choice.hpp"
#include "host/intake/verify_scheme.hpp"

namespace milepost::intake {

Result<Verifier> Verifier::make(const Json& named, const config::Secrets& secrets, const Json& with) {
  Verifier out;
  const auto chosen = chosen_verifier(named, with);
  if (!chosen) return fail(chosen.error());
  const Json& verify = *chosen;
  if (verify.is_null() || verify == "none") return out;
  struct Kind {
    const char* name;
    MadeScheme (*make)(const VerifySettings& settings);
  };
  for (const auto& [name, make] : {Kind{"hmac", make_hmac}, Kind{"digest", make_digest}, Kind{"secret_header", make_secret_header},
                                   Kind{"basic", make_basic}, Kind{"standard_webhooks", make_standard_webhooks}}) {
    const Json* settings = find(verify, "/" + std::string(name));
    if (settings == nullptr || !settings->is_object()) continue;
    auto made = make(VerifySettings(name, *settings, secrets, with));
    if (!made) return fail(made.error());
    out.scheme_ = std::move(*made);
    return out;
  }
  return fail(ErrorKind::permanent,
              "verify is {hmac: {…}}, {standard_webhooks: {…}}, {digest: {…}}, {secret_header: {…}}, {basic: {…}} or none");
}

std::string Verifier::refusal(const http::Incoming& request, telemetry::Time now) const {
  return scheme_ ? scheme_->refusal(request, now) : "";
}

const std::string& Verifier::secret_header() const {
  static const std::string none;
  return scheme_ ? scheme_->secret_header() : none;
}

std::string Verifier::challenge() const { return scheme_ ? std::string(scheme_->challenge()) : "Webhook"; }

std::string Verifier::delivery_id(const http::Incoming& request) const {
  return scheme_ ? scheme_->delivery_id(request) : "";
}

}  // namespace milepost::intake
