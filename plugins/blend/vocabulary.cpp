#include "plugins/blend/vocabulary.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "plugins/blend/names.hpp"

namespace milepost::blend {
namespace {

/// `name*` is mandatory. The rule: text, text<=15, number, bool, date, any; digits5; A|B for an enum; {table} for an
/// object, [table] for a list of them.
struct Field {
  std::string_view name, rule;
};
using Table = std::vector<Field>;

constexpr std::string_view kMilestones =
    "SUBMITTED|PREQUALIFIED|PREAPPROVED|PROCESSING|UNDERWRITING|CONDITIONAL_APPROVAL|APPROVED|CLOSING|CLOSED|"
    "APPRAISAL_ORDERED|APPRAISAL_RECEIVED|CLEAR_TO_CLOSE|DOCS_SENT|FUNDED|SET_UP|DECISIONED|CONDITIONS_SUBMITTED|"
    // LOAN_ESTIMATE_SENT is in v5.2, v5.3 and the milestone read of v6.0, and missing in v7.0: the vendor decides.
    "APPRAISAL_APPROVED|RATE_LOCKED|CLOSING_DISCLOSURE_SENT|DENIED|LOAN_ESTIMATE_SENT";
constexpr std::string_view kPartyTypes =
    "COBORROWER|APPRAISER|ATTORNEY_IN_FACT|AUTHORIZED_REPRESENTATIVE|AUTHORIZED_THIRD_PARTY|BUILDER|GIFT_DONOR|"
    "HAZARD_INSURANCE_AGENT|LANDLORD|NON_APPLICANT_USER|NON_TITLE_NON_SPOUSE_OWNERSHIP_INTEREST|NON_TITLE_SPOUSE|OTHER|"
    "PROPERTY_SELLER|REAL_ESTATE_AGENT|REAL_ESTATE_LISTING_AGENT|REAL_ESTATE_SELLING_AGENT|SETTLOR|SETTLOR_TRUSTEE|"
    "SPOUSE|TITLE_HOLDER|TITLE_HOLDER_SETTLOR_TRUSTEE|TITLE_HOLDER_TRUSTEE|TRUSTEE|UNSPECIFIED";
constexpr std::string_view kMortgageTypes =
    "CONVENTIONAL|FHA|LOCAL_AGENCY|OTHER|PUBLIC_AND_INDIAN_HOUSING|STATE_AGENCY|USDARURAL_DEVELOPMENT|VA";
constexpr std::string_view kPurposes = "HOME_PURCHASE|REFINANCE|HOME_IMPROVEMENT|DEBT_CONSOLIDATION|OTHER";
constexpr std::string_view kTaxpayerTypes =
    "SOCIAL_SECURITY_NUMBER|EMPLOYER_IDENTIFICATION_NUMBER|INDIVIDUAL_TAXPAYER_IDENTIFICATION_NUMBER|"
    "PREPARER_TAXPAYER_IDENTIFICATION_NUMBER|TAXPAYER_IDENTIFICATION_NUMBER_FOR_PENDING_USADOPTIONS";

const Table& table_of(std::string_view name) {
  static const std::map<std::string_view, Table> tables = {
      {"application",
       {{"party*", "{party}"},
        {"solutionSubType", "MORTGAGE|HELOC|HELOAN"},
        {"applicationExperienceType", "FULL_APPLICATION|LENDER_ENTERED|POST_SUBMISSION"},
        {"loanPurposeType", "CONSTRUCTION|PURCHASE|REFINANCE"},
        {"locPurposeType", kPurposes},
        {"homeEquityLoanPurposeType", kPurposes},
        {"lienPriorityType", "FIRST_LIEN|SECOND_LIEN|THIRD_LIEN|FOURTH_LIEN|OTHER"},
        {"paymentType", "PRINCIPLE_INTEREST|INTEREST_ONLY"},  // the vendor's spelling
        {"property", "{property}"},
        {"loanAmount", "number"},
        {"purchasePrice", "number"},
        {"interestRate", "number"},
        {"mortgageType", kMortgageTypes},
        {"communityId", "text"},
        {"branchIdOverride", "text"},
        {"applicationTemplateId", "text"},
        {"leadId", "text"},
        {"crmId", "text"},
        {"losId", "text"},
        {"referenceNumber", "text"},
        {"sendEmailInvite", "bool"},
        {"applicationSource", "{source}"},
        {"customFields", "any"},
        {"customMetadata", "any"}}},
      {"application_patch",
       {{"losId", "text"},
        {"tridTriggeredDate", "date"},
        {"crmId", "text"},
        {"referenceNumber", "text"},
        {"property", "{property_patch}"},
        {"loanAmount", "number"},
        {"purchasePrice", "number"},
        {"estimatedClosingDate", "date"},
        {"communityId", "text"},
        {"archivedStatus", "any"},
        {"realEstateAgentNotificationConsentGiven", "any"},
        {"interestRate", "number"},
        {"mortgageType", kMortgageTypes},
        {"appSource", "text"},
        {"customFields", "any"},
        {"customMetadata", "any"}}},
      {"source", {{"type*", "LOS|CRM|Other"}, {"name", "text<=15"}}},
      {"party",
       {{"name*", "{name}"},
        {"email", "text"},
        {"noEmailYet", "bool"},
        {"taxpayerIdentifier", "{taxpayer}"},
        {"dateOfBirth", "date"},
        {"phoneNumbers", "[phone]"},
        {"currentAddress", "{address}"},
        {"mailingAddress", "{address}"}}},
      {"new_party",
       {{"applicationId*", "text"},
        {"name*", "{name}"},
        {"type*", kPartyTypes},
        {"email", "text"},
        {"noEmailYet", "bool"},
        {"verificationData", "any"},
        {"taxpayerIdentifier", "{taxpayer}"},
        {"dateOfBirth", "date"},
        {"homePhone", "digits"},
        {"currentAddress", "{address}"},
        {"mailingAddress", "{address}"},
        {"losPartyId", "text"},
        {"username", "text"},
        {"maritalStatus", "MARRIED|NOT_PROVIDED|SEPARATED|UNKNOWN|UNMARRIED"},
        {"veteranStatus", "{veteran}"},
        {"customFields", "any"},
        {"customMetadata", "any"}}},
      {"party_patch",
       {{"name", "{name}"},
        {"email", "text"},
        {"verificationData", "any"},
        {"taxpayerIdentifier", "{taxpayer}"},
        {"dateOfBirth", "date"},
        {"phoneNumbers", "[phone]"},
        {"currentAddress", "{address}"},
        {"mailingAddress", "{address}"},
        {"losPartyId", "text"},
        {"username", "text"},
        {"relationship", "{relationship}"},
        {"veteranStatus", "{veteran}"},
        {"language", "{language}"},
        {"customFields", "any"},
        {"customMetadata", "any"}}},
      {"name", {{"firstName*", "text"}, {"middleName", "text"}, {"lastName*", "text"}, {"suffixName", "text"}}},
      {"taxpayer", {{"type*", kTaxpayerTypes}, {"value*", "text"}}},
      {"phone", {{"phoneNumber*", "text"}, {"type", "HOME|WORK|MOBILE|OTHER"}}},
      {"relationship", {{"maritalStatus", "MARRIED|NOT_PROVIDED|SEPARATED|UNKNOWN|UNMARRIED"}}},
      {"veteran",
       {{"status",
         "NotEligible|ActiveDuty|NationalGuard|Reserves|Veteran|RetiredDischarged|SurvivingSpouse|"
         "ReserveMemberNeverActivated|ReserveNationalGuardNeverActivated|None"}}},
      {"language",
       {{"preferredLanguage", "ENGLISH|CHINESE|KOREAN|SPANISH|TAGALOG|VIETNAMESE|OTHER|REFUSE_TO_PROVIDE"},
        {"otherLanguage", "text"}}},
      {"address",
       {{"streetAddressLine1*", "text"},
        {"streetAddressLine2", "text"},
        {"city*", "text"},
        {"state*", "letters2"},
        {"zipCode*", "digits5"},
        {"zipCodePlusFour", "digits4"},
        {"countyName", "text"},
        {"moveInDate", "date"}}},
      {"address_patch",
       {{"streetAddressLine1", "text"},
        {"streetAddressLine2", "text"},
        {"city", "text"},
        {"state", "letters2"},
        {"zipCode", "digits5"},
        {"zipCodePlusFour", "digits4"},
        {"countyName", "text"}}},
      {"property",
       {{"address", "{address}"},
        {"type",
         "SINGLE_FAMILY|CONDOMINIUM|TOWNHOUSE|TWO_TO_FOUR_UNIT_PROPERTY|COOPERATIVE|MANUFACTURED_OR_MOBILE_HOME"},
        {"usageType", "PRIMARY_RESIDENCE|SECOND_HOME|PRIMARY_AND_INVESTMENT|INVESTMENT"},
        {"searchType", "NOT_STARTED|STILL_LOOKING|FOUND|NOT_IN_CONTRACT"},
        {"searchTimeline", "0_TO_3_MONTHS|3_TO_6_MONTHS|6_TO_12_MONTHS|12_MONTHS_OR_MORE|UNKNOWN"},
        {"value", "number"},
        {"otherMortgages", "[mortgage]"},
        {"financedUnitCount", "number"}}},
      {"property_patch",
       {{"address", "{address_patch}"},
        {"usageType", "PRIMARY_RESIDENCE|SECOND_HOME|PRIMARY_AND_INVESTMENT|INVESTMENT"},
        {"otherMortgages", "[mortgage]"},
        {"value", "number"}}},
      {"mortgage",
       {{"creditLimit", "number"},
        {"creditorName", "text"},
        {"lienAmount", "number"},
        {"lienType", "FIRST|SUBORDINATE"},
        {"loanAmount", "number"},
        {"monthlyPayment", "number"},
        {"type", "CONVENTIONAL|FHA|OTHER|USDARURAL_DEVELOPMENT|VA"},
        {"willPayOff", "bool"}}},
      {"milestone", {{"applicationId*", "text"}, {"losMilestone*", kMilestones}}},
      {"export_status", {{"status*", "IN_PROGRESS|FAILED|SUCCESS"}, {"reason", "text"}}},
      {"event_status", {{"status*", "PROCESSING|SUCCEEDED|FAILED|NO_ACTION"}, {"error", "{event_error}"}}},
      {"event_error", {{"message", "text"}, {"reason", "text"}}},
      {"follow_up",
       {{"applicationId*", "text"},
        {"type*",
         "DOCUMENT_REQUEST|DOCUMENT_SIGNATURE|ASSET_STATEMENTS|PAYMENT_COLLECTION|PAYSTUBS|REVIEW_DOCUMENTS|TAX_RETURN|"
         "TAX_TRANSCRIPTS|W2"},
        {"context*", "any"},
        {"comments", "text"},
        {"dueDate", "date"},
        {"clientFollowUpReferenceId", "text"}}},
      {"assignee", {{"userId*", "text"}, {"role", "PRIMARY_ASSIGNEE|ASSIGNEE"}}},
  };
  return tables.at(name);
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto one = words.substr(0, words.find('|'));
    if (one == word) return true;
    words.remove_prefix(std::min(one.size() + 1, words.size()));
  }
  return false;
}

/// Begins like an ISO date: 2026-11-02, with a time or without.
bool is_date(std::string_view text) {
  if (text.size() < 10 || text.size() > 40) return false;
  for (std::size_t i = 0; i < 10; ++i)
    if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  return text.size() == 10 || text[10] == 'T' || text[10] == ' ';
}

bool is_digits(std::string_view text, std::size_t size) {
  return !text.empty() && (size == 0 || text.size() == size) && text.find_first_not_of("0123456789") == text.npos;
}

/// What a scalar lacks to follow its rule; nullopt: nothing.
std::optional<std::string> scalar_fault(std::string_view rule, const Json& value) {
  const bool is_text = value.is_string();
  const std::string_view text = is_text ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
  const auto unless = [](bool good, const char* wanted) {
    return good ? std::nullopt : std::optional<std::string>(wanted);
  };
  if (rule == "any") return std::nullopt;
  if (rule == "text") return unless(is_text, "text");
  if (rule == "text<=15") {  // counted as the vendor's schema does, in characters
    const auto count = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
    return unless(is_text && !text.empty() && count <= 15, "text of at most 15 characters");
  }
  if (rule == "number") return unless(is_number(value), "a number");
  if (rule == "bool") return unless(value.is_boolean(), "true or false");
  if (rule == "date") return unless(is_text && is_date(text), "a date such as 2026-11-02");
  if (rule == "digits") return unless(is_text && is_digits(text, 0), "digits");
  if (rule == "digits5") return unless(is_text && is_digits(text, 5), "five digits");
  if (rule == "digits4") return unless(is_text && is_digits(text, 4), "four digits");
  if (rule == "letters2") return unless(is_text && text.size() == 2, "two characters");
  if (is_text && has_word(rule, text)) return std::nullopt;
  std::string words(rule);
  for (std::size_t at = 0; (at = words.find('|', at)) != words.npos; at += 2) words.replace(at, 1, ", ");
  return "one of " + words;
}

Status check_value(std::string_view rule, const Json& value, const std::string& where, bool unknown_too);

Status check_taxpayer(const Json& value, const std::string& where) {
  if (text_at(value, "/type") == "SOCIAL_SECURITY_NUMBER" && !is_digits(text_at(value, "/value"), 9))
    return fail(ErrorKind::permanent, where + ".value: expected nine digits, without dashes");
  return {};
}

Status check_value(std::string_view rule, const Json& value, const std::string& where, bool unknown_too) {
  if (rule.front() == '{') {
    const auto table = rule.substr(1, rule.size() - 2);
    if (auto good = check_fields(table, value, where, unknown_too); !good) return good;
    return table == "taxpayer" ? check_taxpayer(value, where) : Status();
  }
  if (rule.front() == '[') {
    if (!value.is_array()) return fail(ErrorKind::permanent, where + ": expected a list");
    for (std::size_t i = 0; i < value.size(); ++i)
      if (auto good = check_fields(rule.substr(1, rule.size() - 2), value[i], where + "[" + std::to_string(i) + "]",
                                   unknown_too);
          !good)
        return good;
    return {};
  }
  if (auto wanted = scalar_fault(rule, value)) return fail(ErrorKind::permanent, where + ": expected " + *wanted);
  return {};
}

std::string_view bare(std::string_view name) { return name.back() == '*' ? name.substr(0, name.size() - 1) : name; }

}  // namespace

Status check_fields(std::string_view table, const Json& fields, const std::string& where, bool unknown_too) {
  const auto& known = table_of(table);
  const std::string prefix = where.empty() ? "" : where + ".";
  if (!fields.is_object()) return fail(ErrorKind::permanent, where + ": expected names and values");
  for (const auto& field : known) {
    const std::string name(bare(field.name));
    const auto found = fields.find(name);
    if (found != fields.end() && !found->is_null()) {
      if (auto good = check_value(field.rule, *found, prefix + name, unknown_too); !good) return good;
    } else if (field.name.back() == '*') {
      return fail(ErrorKind::permanent, prefix + name + ": missing");
    }
  }
  if (unknown_too) return {};
  for (const auto& [name, value] : fields.items()) {
    if (std::any_of(known.begin(), known.end(), [&](const auto& field) { return bare(field.name) == name; })) continue;
    std::string names;
    for (const auto& field : known) names.append(names.empty() ? "" : ", ").append(bare(field.name));
    return fail(ErrorKind::permanent, prefix + (is_id(name) ? name : "?") + ": no such field; there are " + names);
  }
  return {};
}

bool is_value(std::string_view table, std::string_view field, std::string_view word) {
  for (const auto& one : table_of(table))
    if (bare(one.name) == field) return has_word(one.rule, word);
  return false;
}

Json without_nulls(const Json& value) {
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [name, member] : value.items())
    if (!member.is_null()) out[name] = without_nulls(member);
  return out;
}

}  // namespace milepost::blend
