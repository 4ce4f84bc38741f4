#include "plugins/blend/legacy.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace milepost::blend {
namespace {

using Name = std::pair<const char*, const char*>;  // today's pointer, the old key

constexpr Name kCreate[] = {{"/solutionSubType", "loanType"},
                            {"/applicationExperienceType", "applicationType"},
                            {"/loanPurposeType", "loanPurposeType"},
                            {"/property/type", "propertyType"},
                            {"/property/searchType", "propertySearchType"},
                            {"/property/usageType", "propertyUsageType"},
                            {"/property/value", "propertyValue"},
                            {"/property/address", "propertyAddress"},
                            {"/loanAmount", "loanAmount"},
                            {"/communityId", "communityId"},
                            {"/leadId", "leadId"},
                            {"/crmId", "crmId"},
                            {"/losId", "losId"},
                            {"/referenceNumber", "referenceNumber"},
                            {"/sendEmailInvite", "sendEmailInvite"},
                            {"/applicationTemplateId", "applicationTemplateId"},
                            {"/applicationSource", "applicationSource"},
                            {"/party", "borrower"}};
constexpr Name kPatch[] = {{"/losId", "losId"},
                           {"/crmId", "crmId"},
                           {"/referenceNumber", "referenceNumber"},
                           {"/property/address", "propertyAddress"},
                           {"/tridTriggeredDate", "tridTriggeredDate"},
                           {"/estimatedClosingDate", "estimatedClosingDate"},
                           {"/communityId", "communityID"}};  // the vendor's spelling, of the patch alone

template <std::size_t size>
Result<Json> renamed(const Json& value, const Name (&names)[size]) {
  Json left = value, out = Json::object();
  for (const auto& [pointer, old] : names) {
    const auto* found = find(value, pointer);
    if (found == nullptr) continue;
    out[old] = *found;
    left.at(Json::json_pointer(pointer).parent_pointer()).erase(Json::json_pointer(pointer).back());
  }
  if (left.contains("property") && left["property"].empty()) left.erase("property");
  if (!left.empty())
    return fail(ErrorKind::permanent, "fields." + left.items().begin().key() + ": the /loans family of v2.x has none");
  return out;
}

}  // namespace

Result<Json> to_legacy(const Json& application) { return renamed(application, kCreate); }
Result<Json> to_legacy_patch(const Json& fields) { return renamed(fields, kPatch); }

Json from_legacy(const Json& loan) {
  if (!loan.is_object()) return loan;
  Json out = Json::object();
  for (const auto& [key, value] : loan.items()) {
    if (key == "borrowers") {
      out["parties"] = value;
      continue;
    }
    std::string_view pointer;
    for (const auto& [today, old] : kCreate)
      if (key == old) pointer = today;
    if (pointer.empty())
      out[key] = value;
    else
      out[Json::json_pointer(std::string(pointer))] = value;
  }
  return out;
}

}  // namespace milepost::blend
