#include "plugins/postcard/card.hpp"

#include "plugins/postcard/lob.hpp"
#include "plugins/postcard/pcm.hpp"

namespace milepost::postcard {
namespace {

// The vendor tells no limit for its reference; 50 is what its login states for a child account's.
constexpr std::size_t kReferenceMost = 50;
constexpr std::size_t kKeyTail = 8;

Status fault(std::string_view setting, std::string_view what) {
  return fail(ErrorKind::permanent, std::string(setting) + ": " + std::string(what));
}

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9')) return false;
  using namespace std::chrono;
  return year_month_day(year(std::stoi(text.substr(0, 4))), month(static_cast<unsigned>(std::stoi(text.substr(5, 2)))),
                        day(static_cast<unsigned>(std::stoi(text.substr(8, 2)))))
      .ok();
}

/// A name of the connection's designs, or a design as the vendor calls it.
Result<Json> design(const Account& account, const Json& wanted) {
  const Json* found = &wanted;
  if (wanted.is_string())
    if (const auto named = account.designs.find(wanted.get<std::string>()); named != account.designs.end())
      found = &*named;
  const bool fits = account.vendor == "pcm" ? pcm_design(*found).has_value() : lob_design(*found).has_value();
  if (!fits)
    return fail(ErrorKind::permanent, "design: neither one of the connection's designs nor one of the vendor's");
  return *found;
}

Status add_variables(Card& card, const Json& variables) {
  if (!variables.is_object()) return fault("variables", "expected names and values");
  for (const auto& [name, value] : variables.items()) {
    if (value.is_null()) continue;
    if (value.is_string())
      card.variables.emplace_back(name, value.get<std::string>());
    else if (value.is_boolean() || is_number(value))
      card.variables.emplace_back(name, text(value));
    else
      return fault("variables." + name, "expected text, a number or a truth value");
  }
  return {};
}

/// The vendor's list is searched by the reference after an unknown outcome, so no two deliveries may share one: where
/// the author chose it, the key's first digits follow.
Result<Marks> marks(const SendSettings& with, const std::string& key) {
  if (key.size() < kKeyTail) return fail(ErrorKind::internal, "the delivery has no idempotency key");
  Marks out{key, "mp-" + key, with.tracking_code.value_or("")};
  const auto chosen = with.reference.value_or("");
  if (chosen.size() > kReferenceMost - kKeyTail - 1) return fail(ErrorKind::permanent, "reference: more than 41 bytes");
  if (!chosen.empty()) out.reference = chosen + "-" + key.substr(0, kKeyTail);
  if (out.tracking_code.size() > kReferenceMost) return fail(ErrorKind::permanent, "tracking_code: more than 50 bytes");
  return out;
}

}  // namespace

Settings<SendSettings> send_settings() {
  return Settings<SendSettings>("Mails one postcard to one person.")
      .required("design", &SendSettings::design, "A name of the connection's designs, or the vendor's own id.")
      .required("to", &SendSettings::to,
                "The address: name (or first and last, or company), line1, line2, city, state and zip.",
                {{"type", "object"}})
      .optional("tracking_code", &SendSettings::tracking_code, std::nullopt,
                "Maps the piece to the loan; printed by the design. Not the loan's number where it ends up in a URL.",
                {{"maxLength", kReferenceMost}})
      .optional("variables", &SendSettings::variables, Json::object(), "What the design fills in, by name.",
                {{"type", "object"}})
      .optional("mail_class", &SendSettings::mail_class, std::nullopt, "Instead of the connection's.",
                {{"enum", {"first_class", "standard"}}})
      .optional("mail_date", &SendSettings::mail_date, std::nullopt, "Not before this day: YYYY-MM-DD.")
      .optional("size", &SendSettings::size, std::nullopt, "4x6, 6x9 or 6x11 (lob only; for pcm the design has it).")
      .optional("return_address", &SendSettings::return_address, std::nullopt, "Instead of the connection's.",
                {{"type", "object"}})
      .optional("reference", &SendSettings::reference, std::nullopt,
                "Shown in the vendor's lists, followed by eight digits of the delivery's key.",
                {{"maxLength", kReferenceMost - kKeyTail - 1}});
}

Result<Marks> read_marks(const Delivery& delivery) {
  const auto with = send_settings().parse(delivery.with);
  if (!with) return fail(with.error());
  return marks(*with, delivery.idempotency_key);
}

Result<Card> read_card(const Account& account, const Delivery& delivery) {
  auto with = send_settings().parse(delivery.with);
  if (!with) return fail(with.error());

  Card card;
  auto known_by = marks(*with, delivery.idempotency_key);
  if (!known_by) return fail(known_by.error());
  card.marks = std::move(*known_by);
  auto found = design(account, with->design);
  if (!found) return fail(found.error());
  card.design = std::move(*found);
  auto to = read_address(with->to, "to");
  if (!to) return fail(to.error());
  card.to = std::move(*to);
  if (const auto& from = with->return_address ? with->return_address : account.return_address) {
    auto address = read_address(*from, "return_address");
    if (!address) return fail(address.error());
    card.from = std::move(*address);
  }
  card.mail_class = with->mail_class.value_or(account.mail_class);
  card.mail_date = with->mail_date.value_or("");
  if (!card.mail_date.empty() && !is_date(card.mail_date))
    return fail(fault("mail_date", "expected YYYY-MM-DD").error());
  card.size = with->size.value_or("");
  if (account.vendor == "pcm" && !card.size.empty())
    return fail(fault("size", "vendor pcm takes it from the design").error());
  if (auto added = add_variables(card, with->variables); !added) return fail(added.error());
  if (!card.marks.tracking_code.empty())
    card.variables.emplace_back(account.tracking_variable, card.marks.tracking_code);
  return card;
}

}  // namespace milepost::postcard
