#include "plugins/postcard/account.hpp"

#include "plugins/postcard/lob.hpp"
#include "plugins/postcard/pcm.hpp"

namespace milepost::postcard {
namespace {

constexpr const char* kPcmUrl = "https://v3.pcmintegrations.com";

Status design_fits(const Account& account, const std::string& name, const Json& design) {
  const bool fits = account.vendor == "pcm" ? pcm_design(design).has_value() : lob_design(design).has_value();
  if (fits) return {};
  return fail(ErrorKind::permanent, "designs." + name + ": expected " +
                                        (account.vendor == "pcm" ? "a design's number" : "{front: …, back: …}"));
}

}  // namespace

Settings<Account> account_settings() {
  return Settings<Account>("An account at a printer of postcards.")
      .optional("vendor", &Account::vendor, "pcm", "pcm: PostcardMania (PCM Integrations); lob: Lob.",
                {{"enum", {"pcm", "lob"}}})
      .optional("base_url", &Account::base_url, kPcmUrl, "API root; for lob write https://api.lob.com/v1.")
      .secret("api_key", "The account's API key; a sandbox or test key prints nothing.")
      .secret("api_secret", "The secret that belongs to the key (pcm only).", false)
      .optional("designs", &Account::designs, Json::object(),
                "Names for designs: {approval: 41207}; for lob {approval: {front: tmpl_…, back: tmpl_…}}.",
                {{"type", "object"}})
      .optional("return_address", &Account::return_address, std::nullopt,
                "Who sends, unless the step says otherwise; written like `to`.", {{"type", "object"}})
      .optional("mail_class", &Account::mail_class, "first_class", "How it travels, unless the step says otherwise.",
                {{"enum", {"first_class", "standard"}}})
      .optional("tracking_variable", &Account::tracking_variable, "trackingCode",
                "The design's variable that shows the tracking code.")
      .optional("use_type", &Account::use_type, std::nullopt, "What the mail is for (lob only, and needed there).",
                {{"enum", {"marketing", "operational"}}})
      .optional("api_version", &Account::api_version, "",
                "Version of the API to ask for, 2020-02-11 (lob only; pcm's stands in base_url); empty: the account's own.",
                {{"pattern", "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"}});
}

Json account_credentials() {
  // The token's life is told in three ways by the vendor's users; an hour is the shortest, should `expires` be missing.
  const Json login = credentials::login("/auth/login", {{"apiKey", "api_key"}, {"apiSecret", "api_secret"}}, "/token",
                                        "/expires", std::chrono::hours(1));
  return credentials::choose({{{{"vendor", "pcm"}}, login}, {{{"vendor", "lob"}}, credentials::basic("api_key", "")}});
}

Status validate(const Account& account) {
  if (account.vendor == "lob" && account.base_url == kPcmUrl)
    return fail(ErrorKind::permanent, "base_url: vendor lob needs its own, https://api.lob.com/v1");
  if (account.vendor == "lob" && !account.use_type)
    return fail(ErrorKind::permanent, "use_type: vendor lob needs marketing or operational");
  if (!account.designs.is_object()) return fail(ErrorKind::permanent, "designs: expected names and designs");
  for (const auto& [name, design] : account.designs.items())
    if (auto fits = design_fits(account, name, design); !fits) return fits;
  if (account.return_address)
    if (auto from = read_address(*account.return_address, "return_address"); !from) return fail(from.error());
  return {};
}

Cards::Cards(Account account, Host host) : account_(std::move(account)) {
  if (account_.vendor == "lob")
    vendor_ = std::make_unique<Lob>(host, account_.use_type.value_or(""), account_.api_version);
  else
    vendor_ = std::make_unique<Pcm>(host);
}

Status Cards::open(const Call& call) {
  if (auto valid = validate(account_); !valid) return valid;
  return vendor_->probe(call);
}

}  // namespace milepost::postcard
