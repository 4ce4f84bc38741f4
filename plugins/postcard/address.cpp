#include "plugins/postcard/address.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace milepost::postcard {
namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

/// The first of these members that holds text; "" when none does, nullopt when one holds something else.
std::optional<std::string> member(const Json& value, const std::vector<const char*>& names) {
  for (const auto* name : names) {
    const auto found = value.find(name);
    if (found == value.end() || found->is_null()) continue;
    if (!found->is_string()) return std::nullopt;
    if (auto text = trimmed(found->get_ref<const std::string&>()); !text.empty()) return text;
  }
  return "";
}

bool all_digits(std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; }

/// 55802, 55802-1234 or 558021234, as the vendors want it; "" when it is none.
std::string zip_code(std::string_view text) {
  if (text.size() == 5 && all_digits(text)) return std::string(text);
  if (text.size() == 9 && all_digits(text)) return std::string(text.substr(0, 5)) + "-" + std::string(text.substr(5));
  if (text.size() == 10 && text[5] == '-' && all_digits(text.substr(0, 5)) && all_digits(text.substr(6)))
    return std::string(text);
  return "";
}

bool is_domestic(std::string_view country) {
  for (auto known : {"", "us", "usa", "u.s.", "u.s.a.", "united states", "united states of america"})
    if (lower(country) == known) return true;
  return false;
}

}  // namespace

std::string_view state_code(std::string_view name) {
  using Row = std::pair<std::string_view, std::string_view>;
  static constexpr Row rows[] = {{"alabama", "AL"},
                                 {"alaska", "AK"},
                                 {"arizona", "AZ"},
                                 {"arkansas", "AR"},
                                 {"california", "CA"},
                                 {"colorado", "CO"},
                                 {"connecticut", "CT"},
                                 {"delaware", "DE"},
                                 {"district of columbia", "DC"},
                                 {"florida", "FL"},
                                 {"georgia", "GA"},
                                 {"hawaii", "HI"},
                                 {"idaho", "ID"},
                                 {"illinois", "IL"},
                                 {"indiana", "IN"},
                                 {"iowa", "IA"},
                                 {"kansas", "KS"},
                                 {"kentucky", "KY"},
                                 {"louisiana", "LA"},
                                 {"maine", "ME"},
                                 {"maryland", "MD"},
                                 {"massachusetts", "MA"},
                                 {"michigan", "MI"},
                                 {"minnesota", "MN"},
                                 {"mississippi", "MS"},
                                 {"missouri", "MO"},
                                 {"montana", "MT"},
                                 {"nebraska", "NE"},
                                 {"nevada", "NV"},
                                 {"new hampshire", "NH"},
                                 {"new jersey", "NJ"},
                                 {"new mexico", "NM"},
                                 {"new york", "NY"},
                                 {"north carolina", "NC"},
                                 {"north dakota", "ND"},
                                 {"ohio", "OH"},
                                 {"oklahoma", "OK"},
                                 {"oregon", "OR"},
                                 {"pennsylvania", "PA"},
                                 {"rhode island", "RI"},
                                 {"south carolina", "SC"},
                                 {"south dakota", "SD"},
                                 {"tennessee", "TN"},
                                 {"texas", "TX"},
                                 {"utah", "UT"},
                                 {"vermont", "VT"},
                                 {"virginia", "VA"},
                                 {"washington", "WA"},
                                 {"west virginia", "WV"},
                                 {"wisconsin", "WI"},
                                 {"wyoming", "WY"},
                                 {"puerto rico", "PR"},
                                 {"guam", "GU"},
                                 {"american samoa", "AS"},
                                 {"u.s. virgin islands", "VI"},
                                 {"virgin islands", "VI"},
                                 {"northern mariana islands", "MP"},
                                 {"armed forces americas", "AA"},
                                 {"armed forces europe", "AE"},
                                 {"armed forces pacific", "AP"}};
  const std::string wanted = lower(trimmed(name));
  for (const auto& [full, code] : rows)
    if (wanted == full || wanted == lower(code)) return code;
  return {};
}

Result<Address> read_address(const Json& value, std::string_view what) {
  const auto unfit = [&](std::string_view why) {
    return fail(ErrorKind::permanent, std::string(what) + ": not mailable: " + std::string(why));
  };
  if (!value.is_object()) return unfit("expected an address, found " + std::string(value.type_name()));

  Address out;
  std::optional<std::string> state, zip, country, name;
  const std::pair<std::string*, std::vector<const char*>> parts[] = {
      {&out.first, {"first", "first_name", "firstName"}},
      {&out.last, {"last", "last_name", "lastName"}},
      {&out.company, {"company", "company_name", "companyName"}},
      {&out.line1, {"line1", "address", "address1", "address_line1", "street"}},
      {&out.line2, {"line2", "address2", "address_line2"}},
      {&out.city, {"city"}}};
  for (const auto& [into, names] : parts) {
    auto found = member(value, names);
    if (!found) return unfit(std::string(names.front()) + " is not text");
    *into = std::move(*found);
  }
  name = member(value, {"name", "full_name", "fullName"});
  state = member(value, {"state"});
  zip = member(value, {"zip", "zip_code", "zipCode", "postal_code", "postalCode"});
  country = member(value, {"country"});
  if (!name || !state || !country) return unfit("name, state or country is not text");
  if (!zip) return unfit("zip is not text (a number would have lost its leading zeros)");

  if (out.first.empty() && out.last.empty() && !name->empty()) {
    // The last word is the family name; a single word is all there is.
    const auto space = name->rfind(' ');
    out.first = trimmed(name->substr(0, space));
    if (space != name->npos) out.last = name->substr(space + 1);
  }
  if (out.first.empty() && out.last.empty() && out.company.empty()) return unfit("no name and no company");
  if (out.line1.empty()) return unfit("no line1");
  if (out.city.empty()) return unfit("no city");
  if (!is_domestic(*country)) return unfit("the country is not the United States");
  out.state = std::string(state_code(*state));
  if (out.state.empty()) return unfit(state->empty() ? "no state" : "the state is no US state");
  out.zip = zip_code(*zip);
  if (out.zip.empty()) return unfit(zip->empty() ? "no zip" : "the zip is no US zip code");
  return out;
}

}  // namespace milepost::postcard
