// The /loans family of v2.x over the same store: old names in, old names out.
#include "plugins/blend/names.hpp"
#include "plugins/blend/sandbox/sandbox.hpp"

namespace milepost::blend::sandbox {
namespace {

using testing::json_answer;

constexpr std::pair<const char*, const char*> kNames[] = {{"loanType", "/solutionSubType"},
                                                          {"applicationType", "/applicationExperienceType"},
                                                          {"propertyType", "/property/type"},
                                                          {"propertySearchType", "/property/searchType"},
                                                          {"propertyUsageType", "/property/usageType"},
                                                          {"propertyValue", "/property/value"},
                                                          {"propertyAddress", "/property/address"},
                                                          {"borrower", "/party"}};

Json today(const Json& loan) {
  Json out = Json::object();
  for (const auto& [key, value] : loan.items()) {
    std::string pointer = "/" + key;
    for (const auto& [old, now] : kNames)
      if (key == old) pointer = now;
    if (key == "communityID") pointer = "/communityId";
    out[Json::json_pointer(pointer)] = value;
  }
  return out;
}

std::string whole_name(const Json& party) {
  return text_at(party, "/name/firstName") + " " + text_at(party, "/name/lastName");
}

Json old(const Json& application) {
  Json out = Json::object();
  for (const char* name : {"id", "crmId", "losId", "leadId", "loanAmount", "loanPurposeType", "referenceNumber",
                           "status", "applicationStatus", "applicationSource", "archivedStatus", "createdDate"})
    if (application.contains(name)) out[name] = application[name];
  for (const auto& [name, pointer] : kNames)
    if (const auto* found = find(application, pointer)) out[name] = *found;
  out["borrowers"] = Json::array();
  for (const auto& party : application.value("parties", Json::array()))
    out["borrowers"].push_back({{"id", party["id"]},
                                {"name", whole_name(party)},
                                {"type", party["type"]},
                                {"email", party.value("email", "")}});
  return out;
}

}  // namespace

HttpResponse BlendSandbox::create_loan(const Ask& ask) {
  if (find(ask.body, "/borrower/name") == nullptr || find(ask.body, "/borrower/email") == nullptr)
    return refuse(400, "borrower with name and email is required");
  for (const char* name : {"party", "solutionSubType", "property", "purchasePrice"})
    if (ask.body.contains(name)) return refuse(400, std::string(name) + " is unknown");
  const auto& made = make_application(today(ask.body));
  const auto loan = old(made);
  return json_answer(
      200, {{"id", loan["id"]},
            {"loanType", loan.value("loanType", "MORTGAGE")},
            {"borrowers", loan["borrowers"]},
            {"redirectUrl", "https://apply.lender.example/signup?activationKey=key-of-" + text_at(loan, "/id")}});
}

HttpResponse BlendSandbox::list_loans(const Ask& ask) {
  auto response = list_applications(ask);
  auto page = read_json(response.body).value_or(Json::object());
  if (!page.contains("applications")) return response;
  Json loans = Json::array();
  for (const auto& one : page["applications"]) loans.push_back(old(one));
  return json_answer(200, {{"loans", loans}, {"nextCursor", page["nextCursor"]}, {"prevCursor", page["prevCursor"]}});
}

HttpResponse BlendSandbox::get_loan(const Ask& ask) {
  const auto* found = applications_.find(ask.params["id"]);
  return found != nullptr ? json_answer(200, old(*found)) : no_application();
}

HttpResponse BlendSandbox::patch_loan(const Ask& ask) {
  auto* found = applications_.find(ask.params["id"]);
  if (found == nullptr) return no_application();
  for (const auto& [name, value] : ask.body.items())
    if (name != "losId" && name != "crmId" && name != "referenceNumber" && name != "propertyAddress" &&
        name != "tridTriggeredDate" && name != "estimatedClosingDate" && name != "communityID")
      return refuse(400, name + " is unknown");
  found->merge_patch(today(ask.body));
  return testing::empty_answer(200);
}

}  // namespace milepost::blend::sandbox
