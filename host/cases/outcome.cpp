#include "host/cases/outcome.hpp"

#include <algorithm>
#include <set>

#include "host/api/admin.hpp"
#include "host/api/story.hpp"
#include "host/config/host_events.hpp"
#include "host/loans/loan_state.hpp"

namespace milepost::cases {
namespace {

constexpr std::size_t kMost = 100'000;

void put(Json& out, const char* name, const std::string& value) {
  if (!value.empty()) out[name] = value;
}

/// Of a step's story what a case may expect of it.
Json step_view(const Json& story) {
  Json out{{"outcome", get<std::string>(story, "/outcome").value_or("")}};
  if (const Json* attempts = find(story, "/attempts")) out["attempts"] = attempts->size();
  for (const char* key : {"reason", "answer", "values"})
    if (story.contains(key)) out[key] = story[key];
  return out;
}

class Teller {
 public:
  explicit Teller(const Remains& remains) : store_(remains.store), remains_(remains) {}

  Played tell() {
    const auto all = store_.events({.limit = kMost, .oldest_first = true});
    Json events = Json::array();
    for (const auto& answer : remains_.answers) {
      const auto receipt = get<std::string>(answer, "/receipt").value_or("");
      Json entry{{"answer", answer["answer"]}};
      if (answer.contains("reason")) entry["reason"] = answer["reason"];
      const auto event = receipt.empty() ? std::nullopt : store_.event_by_receipt(receipt);
      // A duplicate is told by its answer: what became of the first stands with the first.
      if (event && told_.insert(receipt).second) describe(*event, entry);
      else if (event) put(entry, "id", event->id);
      events.push_back(std::move(entry));
    }
    Json alerts = Json::array();
    for (const auto& event : all) {
      if (event.pipeline == config::kHostPipeline) {
        alerts.push_back({{"type", event.type}, {"subject", event.subject},
                          {"payload", read_json(store_.payload(event.sequence).value_or("null")).value_or(nullptr)}});
      } else if (told_.insert(event.receipt).second) {
        Json entry = Json::object();
        describe(event, entry);
        events.push_back(std::move(entry));
      }
    }
    out_.outcome = {{"events", std::move(events)}, {"sent", sent_}, {"requests", requests()}, {"holds", holds()},
                    {"audit", audit()},            {"alerts", std::move(alerts)}, {"loans", loans(all)}};
    for (const auto& vendor : remains_.doubles.names()) out_.requests[vendor] = remains_.doubles.reached(vendor);
    return std::move(out_);
  }

 private:
  void describe(const journal::Event& event, Json& entry) {
    entry["pipeline"] = event.pipeline;
    put(entry, "id", event.id);
    put(entry, "type", event.type);
    put(entry, "subject", event.subject);
    put(entry, "actor", event.actor);
    entry["state"] = name(event.state);
    put(entry, "reason", event.fault);
    if (event.late) entry["late"] = true;
    const auto story = api::story_of(store_, event);
    Json steps = Json::object();
    for (const auto& step : story.steps) steps[get<std::string>(step, "/step").value_or("")] = step_view(step);
    entry["steps"] = std::move(steps);
    for (const auto& step : story.steps) count(step);
    out_.stories.emplace_back(event.pipeline, story.steps);
  }

  /// What a vendor says that it made or changed.
  void count(const Json& step) {
    const auto use = get<std::string>(step, "/use").value_or("");
    const auto outcome = get<std::string>(step, "/outcome").value_or("");
    if (!use.contains('.') || (outcome != "created" && outcome != "updated")) return;
    for (const auto& key : {use, use.substr(0, use.find('.'))})
      sent_[key] = sent_.contains(key) ? sent_[key].get<int>() + 1 : 1;
  }

  Json requests() const {
    Json out = Json::object();
    for (const auto& vendor : remains_.doubles.names()) {
      Json& list = out[vendor] = Json::array();
      for (const auto& request : remains_.doubles.reached(vendor)) {
        const auto mark = request.target.find('?');
        Json entry{{"method", request.method}, {"path", request.target.substr(0, mark)}};
        if (mark != request.target.npos) entry["query"] = request.target.substr(mark + 1);
        if (!request.body.empty()) {
          auto body = read_json(request.body);
          entry["body"] = body ? std::move(*body) : Json(request.body);
        }
        entry["status"] = request.status;
        list.push_back(std::move(entry));
      }
    }
    return out;
  }
  Json holds() const {
    Json out = Json::object();
    for (const auto& vendor : remains_.doubles.names()) out[vendor] = remains_.doubles.state(vendor);
    return out;
  }

  Json audit() const {
    Json out = Json::array();
    store_.each_audit_row([&](const journal::AuditRecord& record) {
      Json row = api::to_json(record);
      for (const char* key : {"version", "plugin", "details_digest", "previous", "hash"}) row.erase(key);
      out.push_back(std::move(row));
      return true;
    });
    return out;
  }

  Json loans(const std::vector<journal::Event>& all) const {
    std::set<std::string> subjects;
    for (const auto& event : all) subjects.insert(event.subject);
    for (const auto& [subject, fields] : remains_.what.loans) subjects.insert(subject);
    Json out = Json::object();
    for (const auto& subject : subjects)
      if (const auto revision = store_.loan(subject))
        out[subject] = loans::view(read_json(revision->state).value_or(nullptr), remains_.loans, remains_.now, subject);
    return out;
  }

  const journal::Store& store_;
  const Remains& remains_;
  Played out_;
  Json sent_ = Json::object();
  std::set<std::string> told_;
};

}  // namespace

Played outcome_of(const Remains& remains) { return Teller(remains).tell(); }

}  // namespace milepost::cases
