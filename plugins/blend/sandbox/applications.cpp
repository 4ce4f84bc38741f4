// The double's applications, their parties and assignees.
#include <algorithm>

#include "plugins/blend/names.hpp"
#include "plugins/blend/sandbox/sandbox.hpp"
#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend::sandbox {
namespace {

using testing::json_answer;

/// What a create's refusal says; "" for none. 422 for rules that no single field shows.
std::pair<int, std::string> fault_of(const Json& body) {
  if (auto good = check_fields("application", body, ""); !good) return {400, good.error().message};
  if (text_at(body, "/party/email").empty() && !get<bool>(body, "/party/noEmailYet").value_or(false))
    return {400, "party.email is required unless noEmailYet"};
  const auto kind = text_at(body, "/solutionSubType");
  if (kind != "HELOC" && (body.contains("paymentType") || body.contains("locPurposeType")))
    return {422, "paymentType and locPurposeType are for HELOC only"};
  if (kind != "HELOAN" && body.contains("homeEquityLoanPurposeType"))
    return {422, "homeEquityLoanPurposeType is for HELOAN only"};
  return {0, ""};
}

bool archived(const Json& application) {
  const auto* status = find(application, "/archivedStatus");
  return status != nullptr && !status->is_null() && !(status->is_boolean() && !status->get<bool>());
}

Json short_party(const Json& party) {
  Json out{{"id", party["id"]}, {"name", party["name"]}, {"type", party["type"]}, {"username", nullptr}};
  return out;
}

/// POST and PATCH of a party answer less than the application holds of it.
Json party_answer(const Json& party) {
  Json out = Json::object();
  for (const char* name : {"id", "applicationId", "type", "email", "name", "losPartyId", "username", "econsent"})
    if (party.contains(name)) out[name] = party[name];
  return out;
}

}  // namespace

HttpResponse BlendSandbox::authenticated(const Ask&) { return json_answer(200, {{"isAuthenticated", true}}); }

HttpResponse BlendSandbox::no_application() { return refuse(switches_.missing_status, "No such application"); }

Json& BlendSandbox::make_application(const Json& body) {
  auto& made =
      applications_.add({{"id", uuid()}, {"referenceNumber", 70'000 + static_cast<int>(applications_.size())}});
  for (const auto& [name, value] : body.items())
    if (name != "party" && name != "sendEmailInvite") made[name] = value;
  Json party = body.value("party", Json::object());
  if (get<bool>(party, "/noEmailYet").value_or(false))
    party["email"] = "borrower" + std::to_string(applications_.size()) + "@interim.sso.blend.com";
  party.erase("noEmailYet");
  Json borrower{{"id", uuid()}, {"applicationId", made["id"]}, {"type", "BORROWER"}, {"status", "CREATED"}};
  borrower.update(party);
  made["parties"] = Json::array({std::move(borrower)});
  made["applicationStatus"] = "IN_PROGRESS";
  made["status"] =
      get<bool>(body, "/sendEmailInvite").value_or(false) ? "Email Invitation Sent" : "Application Ready to Start";
  made["createdDate"] = now();
  made["createdBy"] = {{"userId", "system"}, {"type", "SYSTEM"}};
  made["archivedStatus"] = false;
  made["assignees"] = Json::array();
  return made;
}

HttpResponse BlendSandbox::create_application(const Ask& ask) {
  if (const auto [status, words] = fault_of(ask.body); status != 0)
    return refuse(status, words + ", in " + text(ask.body));
  const auto& made = make_application(ask.body);
  Json answer{{"id", made["id"]}};
  if (made.contains("solutionSubType")) answer["solutionSubType"] = made["solutionSubType"];
  answer["parties"] = Json::array({short_party(made["parties"][0])});
  answer["redirectUrl"] = "https://apply.lender.example/signup?activationKey=key-of-" + text_at(made, "/id");
  return json_answer(200, answer);
}

HttpResponse BlendSandbox::list_applications(const Ask& ask) {
  const auto& query = ask.query;
  const auto limit = query.number("limit", 50);
  if (limit < 1 || limit > 100) return refuse(400, "limit must be 1 to 100");
  const bool all = query["ignoreArchivedStatus"] == "true", shelf = query["archivedStatus"] == "true";
  std::vector<const Json*> found;
  for (auto one = applications_.all().rbegin(); one != applications_.all().rend(); ++one) {
    const auto is = [&](const char* filter, const char* pointer) {
      return !query.has(filter) || text_at(*one, pointer) == query[filter];
    };
    if (!all && archived(*one) != shelf) continue;
    if (!is("crmId-eq", "/crmId") || !is("losId-eq", "/losId") || !is("solution-sub-type", "/solutionSubType"))
      continue;
    if (query.has("losId-exists") && (query["losId-exists"] == "true") == text_at(*one, "/losId").empty()) continue;
    if (query.has("exportable") &&
        (query["exportable"] == "true") != (text_at(*one, "/applicationStatus") == "SUBMITTED"))
      continue;
    if (query.has("party-email-eq") && text_at(*one, "/parties/0/email") != query["party-email-eq"]) continue;
    found.push_back(&*one);
  }
  // A cursor is of its filters: with others it is refused.
  std::string filters;
  for (const auto& [name, value] : query.all())
    if (name != "cursor") filters += name + "=" + value + "&";
  const auto mark = testing::hex(testing::sha256(filters)).substr(0, 16) + ".";
  std::size_t at = 0;
  if (query.has("cursor")) {
    if (!query["cursor"].starts_with(mark)) return refuse(400, "The cursor is of another query");
    at = static_cast<std::size_t>(std::stoul("0" + query["cursor"].substr(mark.size())));
  }
  Json page = Json::array();
  std::size_t next = at;
  for (; next < found.size() && page.size() < static_cast<std::size_t>(limit); ++next) page.push_back(*found[next]);
  const auto token = [&](std::size_t place, bool there) { return there ? Json(mark + std::to_string(place)) : Json(); };
  return json_answer(200,
                     {{"applications", page},
                      {"nextCursor", token(next, next < found.size())},
                      {"prevCursor", token(at - std::min<std::size_t>(at, static_cast<std::size_t>(limit)), at > 0)}});
}

HttpResponse BlendSandbox::get_application(const Ask& ask) {
  const auto* found = applications_.find(ask.params["id"]);
  return found != nullptr ? json_answer(200, *found) : no_application();
}

HttpResponse BlendSandbox::patch_application(const Ask& ask) {
  auto* found = applications_.find(ask.params["id"]);
  if (found == nullptr) return no_application();
  if (auto good = check_fields("application_patch", ask.body, ""); !good)
    return refuse(400, good.error().message + ", in " + text(ask.body));
  found->merge_patch(ask.body);
  return testing::empty_answer(200);
}

HttpResponse BlendSandbox::parties(const Ask& ask) {
  const auto* found = applications_.find(ask.params["id"]);
  if (found == nullptr) return refuse(404, "No such application");
  return json_answer(200, {{"parties", (*found)["parties"]}});
}

Json* BlendSandbox::party(const std::string& id, Json** application) {
  for (const auto& one : applications_.all()) {
    auto* owner = applications_.find(text_at(one, "/id"));
    for (auto& party : (*owner)["parties"])
      if (party["id"] == id) {
        if (application != nullptr) *application = owner;
        return &party;
      }
  }
  return nullptr;
}

HttpResponse BlendSandbox::add_party(const Ask& ask) {
  if (auto good = check_fields("new_party", ask.body, ""); !good)
    return refuse(400, good.error().message + ", in " + text(ask.body));
  auto* owner = applications_.find(text_at(ask.body, "/applicationId"));
  if (owner == nullptr) return refuse(404, "No such application");
  Json made{{"id", uuid()}};
  made.update(ask.body);
  made.erase("noEmailYet");
  made["status"] = "CREATED";
  (*owner)["parties"].push_back(made);
  return json_answer(200, party_answer(made));
}

HttpResponse BlendSandbox::patch_party(const Ask& ask) {
  auto* found = party(ask.params["id"]);
  if (found == nullptr) return refuse(404, "No such party");
  if (auto good = check_fields("party_patch", ask.body, ""); !good)
    return refuse(400, good.error().message + ", in " + text(ask.body));
  found->merge_patch(ask.body);
  return json_answer(200, party_answer(*found));
}

HttpResponse BlendSandbox::assignees(const Ask& ask) {
  const auto* found = applications_.find(ask.params["id"]);
  if (found == nullptr) return refuse(404, "No such application");
  return json_answer(200, {{"assignees", (*found)["assignees"]}});
}

HttpResponse BlendSandbox::add_assignees(const Ask& ask) { return assign(ask, false); }
HttpResponse BlendSandbox::replace_assignees(const Ask& ask) { return assign(ask, true); }

HttpResponse BlendSandbox::assign(const Ask& ask, bool replace) {
  auto* found = applications_.find(ask.params["id"]);
  if (found == nullptr) return refuse(404, "No such application");
  const auto* wanted = milepost::find(ask.body, "/assignees");
  if (wanted == nullptr || !wanted->is_array()) return refuse(400, "assignees is required");
  for (const auto& one : *wanted)
    if (auto good = check_fields("assignee", one, "assignees"); !good) return refuse(400, good.error().message);
  auto& all = (*found)["assignees"];
  if (replace) all = Json::array();
  for (const auto& one : *wanted) {
    const auto same =
        std::find_if(all.begin(), all.end(), [&](const Json& old) { return old["userId"] == one["userId"]; });
    Json entry{{"userId", one["userId"]}, {"role", one.value("role", "ASSIGNEE")}};
    if (same == all.end())
      all.push_back(std::move(entry));
    else
      *same = std::move(entry);
  }
  return json_answer(200, {{"assignees", all}});
}

/// By "applicationId" or "crmId" of an order.
Json* BlendSandbox::application_named(const Json& order) {
  if (auto* found = applications_.find(text_at(order, "/applicationId"))) return found;
  const auto crm_id = text_at(order, "/crmId");
  for (const auto& one : applications_.all())
    if (!crm_id.empty() && text_at(one, "/crmId") == crm_id) return applications_.find(text_at(one, "/id"));
  return nullptr;
}

HttpResponse BlendSandbox::admin_applications(const Ask& ask) {
  const auto count = get<int>(ask.body, "/count").value_or(1);
  for (int n = 0; n < count; ++n) {
    auto fields = ask.body.value("fields", Json::object());
    if (!fields.contains("party"))
      fields["party"] = {{"name", {{"firstName", "Ann"}, {"lastName", "Canary"}}}, {"email", "ann@canary.test"}};
    auto id = text_at(ask.body, "/id"), crm_id = text_at(fields, "/crmId");
    for (auto* text : {&id, &crm_id})
      if (const auto at = text->find("{n}"); at != text->npos) text->replace(at, 3, std::to_string(n));
    if (!crm_id.empty()) fields["crmId"] = crm_id;
    auto& made = make_application(fields);
    if (id.empty()) continue;
    made["id"] = id;
    made["parties"][0]["applicationId"] = id;
    made["parties"][0]["id"] = id + "-borrower";
  }
  return json_answer(200, {{"applications", count}});
}

}  // namespace milepost::blend::sandbox
