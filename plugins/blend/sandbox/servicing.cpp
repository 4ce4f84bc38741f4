// The double's milestones, export statuses, follow-ups and documents.
#include <algorithm>
#include <array>

#include "plugins/blend/names.hpp"
#include "plugins/blend/sandbox/sandbox.hpp"
#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend::sandbox {
namespace {

using testing::json_answer;

/// How far along a milestone is; what has one number may come in any order.
int rank(std::string_view milestone) {
  constexpr std::array<std::pair<std::string_view, int>, 22> kRanks = {{{"PREQUALIFIED", 1},
                                                                        {"PREAPPROVED", 2},
                                                                        {"SUBMITTED", 3},
                                                                        {"SET_UP", 4},
                                                                        {"LOAN_ESTIMATE_SENT", 4},
                                                                        {"PROCESSING", 5},
                                                                        {"APPRAISAL_ORDERED", 5},
                                                                        {"APPRAISAL_RECEIVED", 5},
                                                                        {"UNDERWRITING", 6},
                                                                        {"CONDITIONS_SUBMITTED", 6},
                                                                        {"CONDITIONAL_APPROVAL", 7},
                                                                        {"APPRAISAL_APPROVED", 7},
                                                                        {"DECISIONED", 7},
                                                                        {"APPROVED", 8},
                                                                        {"RATE_LOCKED", 8},
                                                                        {"CLEAR_TO_CLOSE", 9},
                                                                        {"CLOSING_DISCLOSURE_SENT", 9},
                                                                        {"DOCS_SENT", 9},
                                                                        {"CLOSING", 10},
                                                                        {"FUNDED", 11},
                                                                        {"CLOSED", 12},
                                                                        {"DENIED", 13}}};
  for (const auto& [name, place] : kRanks)
    if (name == milestone) return place;
  return 0;
}

/// The read of one application's milestone comes and goes: in v2.2.0 to v5.1.0 and v6.0.0 it is there.
bool has_milestone_read(const std::string& version) {
  return version.starts_with("2.") || version.starts_with("3.") || version.starts_with("4.") ||
         version.starts_with("5.0") || version.starts_with("5.1") || version.starts_with("6.");
}

/// One part of a multipart body.
struct Part {
  std::string name, file_name, content;
};

std::string between(std::string_view text, std::string_view begin, std::string_view end) {
  const auto at = text.find(begin);
  if (at == text.npos) return {};
  const auto from = at + begin.size(), to = text.find(end, from);
  return to == text.npos ? std::string() : std::string(text.substr(from, to - from));
}

std::vector<Part> parts_of(const HttpRequest& request) {
  const auto type = std::string(request.header("Content-Type"));
  const auto at = type.find("boundary=");
  std::vector<Part> out;
  if (!type.starts_with("multipart/form-data") || at == type.npos) return out;
  const auto boundary = "--" + type.substr(at + 9);
  std::string_view body = request.body;
  for (auto from = body.find(boundary); from != body.npos;) {
    const auto begin = from + boundary.size();
    if (body.substr(begin, 2) == "--") return out;
    const auto end = body.find("\r\n" + boundary, begin), head = body.find("\r\n\r\n", begin);
    if (end == body.npos || head == body.npos || head > end) return {};
    const auto top = body.substr(begin, head - begin);
    out.push_back({between(top, "; name=\"", "\""), between(top, "filename=\"", "\""),
                   std::string(body.substr(head + 4, end - head - 4))});
    from = end + 2;
  }
  return {};  // no end
}

}  // namespace

HttpResponse BlendSandbox::set_milestones(const Ask& ask) {
  const auto* wanted = find(ask.body, "/losMilestones");
  if (wanted == nullptr || !wanted->is_array() || wanted->empty()) return refuse(400, "losMilestones is required");
  const bool override_order = get<bool>(ask.body, "/override").value_or(false);
  Json success = Json::array(), error = Json::array();
  for (const auto& one : *wanted) {
    if (auto good = check_fields("milestone", one, "losMilestones"); !good) return refuse(400, good.error().message);
    const auto id = text_at(one, "/applicationId"), name = text_at(one, "/losMilestone");
    const auto say = [&](int code, const char* reason) {
      error.push_back({{"applicationId", id}, {"code", code}, {"reason", reason}});
    };
    if (applications_.find(id) == nullptr) {
      say(404, "Application not found");
      continue;
    }
    const auto had = milestones_.find(id);
    const auto before = had == milestones_.end() ? std::string() : text_at(had->second, "/name");
    if (before == name) {
      say(409, "The application is at this milestone already");
    } else if (!override_order && rank(name) < rank(before)) {
      say(409, "The milestone is before the current one");
    } else {
      milestones_[id] = {{"name", name}, {"lastUpdated", now()}};
      success.push_back({{"applicationId", id}, {"losMilestone", name}});
    }
  }
  // Not in the order that was asked: whoever counts on it is caught.
  std::reverse(success.begin(), success.end());
  const int status = error.empty() ? 200 : 207;
  return json_answer(status, {{"success", success}, {"error", error}});
}

HttpResponse BlendSandbox::get_milestone(const Ask& ask) {
  if (!has_milestone_read(version_)) return refuse(404, "No such resource in this version");
  const auto found = milestones_.find(ask.params["id"]);
  return found != milestones_.end() ? json_answer(200, found->second) : refuse(404, "No milestone was ever set");
}

HttpResponse BlendSandbox::set_export_status(const Ask& ask) {
  const auto& id = ask.params["id"];
  if (applications_.find(id) == nullptr) return refuse(404, "No such application");
  if (auto good = check_fields("export_status", ask.body, ""); !good) return refuse(400, good.error().message);
  auto& kept = export_statuses_[id] = ask.body;
  kept["lastUpdated"] = now();
  return json_answer(200, ask.body);
}

HttpResponse BlendSandbox::create_follow_up(const Ask& ask) {
  if (auto good = check_fields("follow_up", ask.body, ""); !good)
    return refuse(400, good.error().message + ", in " + text(ask.body));
  if (applications_.find(text_at(ask.body, "/applicationId")) == nullptr) return refuse(400, "No such application");
  Json made{{"id", uuid()}};
  made.update(ask.body);
  made["status"] = "REQUESTED";
  made["requestedBy"] = "SYSTEM";
  made["createdAt"] = now();
  return json_answer(200, follow_ups_.add(std::move(made)));
}

HttpResponse BlendSandbox::list_follow_ups(const Ask& ask) {
  if (!ask.query.has("applicationId")) return refuse(400, "applicationId is required");
  Json found = Json::array();
  for (const auto& one : follow_ups_.all())
    if (text_at(one, "/applicationId") == ask.query["applicationId"]) found.push_back(one);
  return json_answer(200, {{"followUps", found}});
}

HttpResponse BlendSandbox::upload_document(const Ask& ask) {
  Json made{{"id", uuid()}};
  std::size_t size = 0;
  for (const auto& part : parts_of(*ask.raw)) {
    if (part.name == "file") {
      size = part.content.size();
      made["fileName"] = part.file_name;
      made["sha256"] = testing::hex(testing::sha256(part.content));
    } else {
      made[part.name] = part.content;
    }
  }
  if (!made.contains("fileName") || size == 0) return refuse(400, "file is required");
  if (applications_.find(text_at(made, "/applicationId")) == nullptr) return refuse(400, "No such application");
  if (!made.contains("name")) made["name"] = made["fileName"];
  made["size"] = size;
  made["status"] = "READY";
  made["uploadedAt"] = now();
  return json_answer(200, documents_.add(std::move(made)));
}

HttpResponse BlendSandbox::list_documents(const Ask& ask) {
  if (applications_.find(ask.params["id"]) == nullptr) return refuse(400, "No such application");
  Json found = Json::array();
  for (const auto& one : documents_.all())
    if (text_at(one, "/applicationId") == ask.params["id"]) found.push_back(one);
  return json_answer(200, {{"documents", found}});
}

}  // namespace milepost::blend::sandbox
