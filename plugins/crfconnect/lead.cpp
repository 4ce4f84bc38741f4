#include "plugins/crfconnect/lead.hpp"

#include <algorithm>

#include "plugins/crfconnect/date_time.hpp"
#include "plugins/crfconnect/letter_case.hpp"
#include "plugins/crfconnect/schema.hpp"

namespace milepost::crfconnect {
namespace {

using Kind = Value::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? c != '-' : !(is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return false;
  }
  return true;
}

/// A sender may put anything into a key; only what looks like a field's name goes into logs and reasons.
std::string shown(const std::string& key) {
  const auto plain = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), plain) ? key : "(unprintable)";
}

/// Where a value stands. As text only when something is said about it, which is rare.
struct Place {
  const Place* above;  ///< nullptr at the root
  std::string_view name;
  std::string text() const { return above == nullptr ? std::string() : above->text() + "/" + std::string(name); }
};

/// Walks a lead beside its schema.
class Check {
 public:
  Check() { members_.reserve(128); }

  std::vector<std::string> faults;
  std::vector<Warning> warnings;

  void object(const Value& value, std::span<const Field> fields, const Place& at) {
    // Senders keep the schema's order, or nearly: the next field is looked at first.
    const std::size_t first = members_.size();
    members_.resize(first + fields.size());
    std::vector<std::string_view> unknown;
    std::size_t next = 0;
    for (const Value& member : value) {
      const std::string_view key = member.key;
      std::size_t i = next;
      if (i >= fields.size() || fields[i].name != key)
        for (i = 0; i < fields.size() && fields[i].name != key; ++i) {
        }
      if (i == fields.size()) {
        unknown.push_back(key);
        continue;
      }
      members_[first + i] = &member;
      next = i + 1;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Place place{&at, fields[i].name};
      const Value* const member = members_[first + i];
      if (member != nullptr && !member->is(Kind::null))
        present(*member, fields[i], place);
      else if (fields[i].need == Need::required)
        fault(place, member == nullptr ? "missing" : "null, and it must not be");
      else if (fields[i].need == Need::marked)
        warn(Warning::Kind::missing, place);
    }
    members_.resize(first);
    for (const auto key : unknown) {
      const std::string name = shown(std::string(key));
      warn(Warning::Kind::unknown_field, {&at, name});
    }
  }

  void fault(const Place& at, std::string_view what) { fault(at.text(), what); }
  void fault(const std::string& path, std::string_view what) { faults.push_back(path + ": " + std::string(what)); }
  void warn(Warning::Kind kind, const Place& at) { warn(kind, at.text()); }
  void warn(Warning::Kind kind, std::string path) { warnings.push_back({kind, std::move(path)}); }

 private:
  void present(const Value& value, const Field& field, const Place& at) {
    const auto expect = [&](bool good, std::string_view wanted) {
      if (!good) fault(at, "expected " + std::string(wanted) + ", found " + std::string(found(value)));
      return good;
    };
    switch (field.type) {
      case Type::guid:
        if (expect(value.is(Kind::text), "a guid") && !is_guid(value.text)) fault(at, "not a guid");
        return;
      case Type::text:
        if (expect(value.is(Kind::text), "text") && field.lookup) look_up(value.text, field, at);
        return;
      case Type::date_time:
        if (expect(value.is(Kind::text), "a time") && !parse_date_time(value.text))
          fault(at, "not a time with an offset, as 2020-05-08T23:09:15.4796701+00:00");
        return;
      case Type::decimal:
        if (expect(value.is(Kind::number), "a number") && !Decimal::parse(value.text)) fault(at, "out of range");
        return;
      case Type::integer: {
        if (!expect(value.is(Kind::number), "a whole number")) return;
        const auto number = Decimal::parse(value.text);
        if (!number || !number->integer()) return fault(at, "not a whole number");
        if (static_cast<long long>(number->digits.size()) + number->exponent > 10) fault(at, "out of range");
        return;
      }
      case Type::boolean:
        expect(value.is(Kind::boolean), "true or false");
        return;
      case Type::texts:
        if (expect(value.is(Kind::list), "a list of texts")) elements(value, field, at);
        return;
      case Type::object:
        if (expect(value.is(Kind::object), "an object")) object(value, field.members, at);
        return;
    }
  }

  void elements(const Value& list, const Field& field, const Place& above) {
    std::size_t i = 0;
    for (const Value& element : list) {
      const std::string number = std::to_string(i++);
      const Place at{&above, number};
      if (element.is(Kind::null))
        warn(Warning::Kind::null_element, at);
      else if (!element.is(Kind::text))
        fault(at, "expected text, found " + std::string(found(element)));
      else if (field.lookup)
        look_up(element.text, field, at);
    }
  }

  void look_up(std::string_view raw, const Field& field, const Place& at) {
    const auto fit = match(*field.lookup, raw).fit;
    if (fit == Fit::near) warn(Warning::Kind::near_value, at);
    if (fit != Fit::unknown) return;
    if (field.decides)
      fault(at, "not one of the vendor's values for " + std::string(field.lookup->name));
    else
      warn(Warning::Kind::unknown_value, at);
  }

  static std::string_view found(const Value& value) {
    constexpr std::string_view kNames[] = {"null", "boolean", "a number", "string", "array", "object"};
    return kNames[static_cast<std::size_t>(value.kind)];
  }

  std::vector<const Value*> members_;  ///< by the schema's order, of the objects that are open
};

/// A member when it is text, else "".
std::string_view text_at(const Value& object, std::string_view member) {
  const auto* value = object.find(member);
  return value != nullptr && value->is(Kind::text) ? value->text : "";
}

/// How the contact data looks. Nothing is refused for it: people type it.
void check_formats(const Value& body, Check& check) {
  const auto odd = [&](const char* path) { check.warn(Warning::Kind::odd_format, path); };
  if (const auto email = text_at(body, "email"); !email.empty()) {
    const auto at = email.find('@');
    const bool good = at != email.npos && at > 0 && email.find('@', at + 1) == email.npos &&
                      email.find('.', at + 2) != email.npos && email.find(' ') == email.npos;
    if (!good) odd("/email");
  }
  const auto* const address = body.find("businessAddress");
  if (const auto zip = address != nullptr ? text_at(*address, "zip") : ""; !zip.empty()) {
    bool good = zip.size() == 5 || (zip.size() == 10 && zip[5] == '-');
    for (std::size_t i = 0; i < zip.size() && good; ++i) good = i == 5 || is_digit(zip[i]);
    if (!good) odd("/businessAddress/zip");
  }
  if (const auto phone = text_at(body, "phone"); !phone.empty()) {
    const auto digits = std::count_if(phone.begin(), phone.end(), is_digit);
    if (digits != 10 && !(digits == 11 && phone.find('1') == phone.find_first_of("0123456789"))) odd("/phone");
  }
}

void check_figures(const Value& body, const LeadRules& rules, Check& check) {
  const auto decimal_at = [&](std::string_view member) -> std::optional<Decimal> {
    const auto* value = body.find(member);
    return value != nullptr && value->is(Kind::number) ? Decimal::parse(value->text) : std::nullopt;
  };
  if (const auto amount = decimal_at("requestedAmount"); amount && *amount <= Decimal{})
    check.fault("/requestedAmount", "must be above zero");
  const auto score = decimal_at("fraudScore");
  if (!score) return;  // null is "unknown", not zero
  if (*score < Decimal{} || *score > Decimal{false, "1", 0})
    check.fault("/fraudScore", "outside 0 to 1");
  else if (*score >= rules.exact_limit)
    check.fault("/fraudScore", "quarantined: at or above " + rules.limit + ", where no lead should have been matched");
}

std::string joined(const std::vector<std::string>& faults) {
  constexpr std::size_t kMost = 8;
  std::string out = "not a good lead: ";
  for (std::size_t i = 0; i < faults.size() && i < kMost; ++i) out += (i == 0 ? "" : "; ") + faults[i];
  if (faults.size() > kMost) out += "; and " + std::to_string(faults.size() - kMost) + " more";
  return out;
}

}  // namespace

std::string_view name(Warning::Kind kind) {
  switch (kind) {
    case Warning::Kind::unknown_field:
      return "unknown_field";
    case Warning::Kind::unknown_value:
      return "unknown_value";
    case Warning::Kind::near_value:
      return "near_value";
    case Warning::Kind::missing:
      return "missing";
    case Warning::Kind::null_element:
      return "null_element";
    case Warning::Kind::odd_format:
      return "odd_format";
  }
  return "odd_format";
}

bool is_drift(Warning::Kind kind) { return kind != Warning::Kind::null_element && kind != Warning::Kind::odd_format; }

Result<Lead> read_lead(const Value& body, const LeadRules& rules) {
  if (body.is(Kind::list)) return fail(ErrorKind::permanent, "not a good lead: a list, and one lead comes per request");
  if (!body.is(Kind::object)) return fail(ErrorKind::permanent, "not a good lead: not an object");
  Check check;
  check.object(body, lead_fields(), {nullptr, ""});
  check_figures(body, rules, check);
  if (!check.faults.empty()) return fail(ErrorKind::permanent, joined(check.faults));
  check_formats(body, check);

  Lead lead;
  lead.id = lower(text_at(body, "id"));
  lead.status = std::string(match(kLeadStatus, text_at(body, "status")).value);
  lead.removed = match(kLeadState, text_at(body, "state")).value == "Removed";
  lead.created = *parse_date_time(text_at(body, "dateCreated"));
  lead.warnings = std::move(check.warnings);
  return lead;
}

}  // namespace milepost::crfconnect
