#include "host/cases/read_cases.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "host/cases/read_expect.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/mapping.hpp"
#include "host/config/settings.hpp"
#include "host/config/words.hpp"

namespace milepost::cases {
namespace {

using namespace std::chrono_literals;
using config::code::kCaseFile;
using config::code::kCaseName;
using config::Mapping;
using config::Report;
using config::yaml::Node;

constexpr std::size_t kMostBytes = kMostCaseBytes;

/// One alone, or a list of them.
std::vector<const Node*> each(const Node* node) {
  if (node == nullptr || node->is_null()) return {};
  return node->is_list() ? node->items : std::vector<const Node*>{node};
}

/// RFC 7396: what `change` says, put into `into`.
void merge(Json& into, const Json& change) {
  if (!change.is_object()) {
    into = change;
    return;
  }
  if (!into.is_object()) into = Json::object();
  for (const auto& [key, value] : change.items()) {
    if (value.is_null())
      into.erase(key);
    else
      merge(into[key], value);
  }
}

class FileReader {
 public:
  FileReader(const Known& known, CaseFile& file, Report& report) : known_(known), file_(file), report_(report) {}

  void read(const Node& root) {
    Mapping map(&root, "cases", "", report_);
    const auto names = map.texts("pipeline");
    if (!names) map.need("pipeline", "say which pipeline the cases are of: pipeline: NAME");
    for (const auto& name : names.value_or(std::vector<std::string>())) pipeline(name, *root.find("pipeline"));
    Mapping secrets(map.take("secrets"), "secrets", report_);
    if (secrets.given())
      for (const auto& [key, value] : secrets.node().members)
        if (const auto text = secrets.text(key->text)) file_.secrets[key->text] = *text;
    const Node* cases = map.need("cases", "add cases: a list, each - case: NAME");
    map.refuse_the_rest();
    if (cases == nullptr || file_.pipelines.empty()) return;
    if (!cases->is_list())
      return report_.fault(config::code::kShape, *cases, "cases", "expected a list, found " + config::describe(*cases));
    for (std::size_t i = 0; i < cases->items.size(); ++i) {
      const auto before = report_.count();
      auto one = read_case(*cases->items[i], config::item("cases", i));
      if (report_.count() == before) file_.cases.push_back(std::move(one));
    }
  }

 private:
  void pipeline(const std::string& name, const Node& node) {
    if (known_.program(name) != nullptr) {
      file_.pipelines.push_back(name);
    } else if (std::ranges::find(known_.broken, name) != known_.broken.end()) {
      report_.fault(kCaseName, node, "pipeline", "the pipeline " + config::in_quotes(name) + " has faults of its own",
                    "see milepost check");
    } else {
      unknown("pipeline", name, pipelines(), node, "pipeline");
    }
  }
  std::vector<std::string> pipelines() const {
    std::vector<std::string> out;
    for (const auto& program : known_.programs) out.push_back(program->pipeline.name);
    return out;
  }
  void unknown(const std::string& kind, const std::string& name, const std::vector<std::string>& valid,
               const Node& node, const std::string& path) {
    const auto near = config::did_you_mean(name, valid);
    report_.fault(kCaseName, node, path, "there is no " + kind + " " + config::in_quotes(name) + near,
                  near.empty() ? "there are: " + config::listed(valid) : "");
  }

  Case read_case(const Node& node, const std::string& path) {
    Case out;
    out.at = report_.at(node);
    out.node = &node;
    Mapping map(&node, "case", path, report_);
    if (const auto name = map.needed_text("case", "say what it shows: - case: an approval mails one card"))
      out.name = *name;
    if (!out.name.empty() && !names_.insert(out.name).second)
      report_.fault(config::code::kNeverMatches, node, path, "another case of this file has this name",
                    "give it a name of its own");
    Mapping loans(map.take("loans"), map.path("loans"), report_);
    if (loans.given())
      for (const auto& [subject, fields] : loans.node().members) {
        if (!fields->is_map())
          report_.fault(config::code::kShape, *fields, loans.path(subject->text),
                        "expected the loan's fields (stage: approval), found " + config::describe(*fields));
        out.loans[subject->text] = config::natural_json(*fields);
      }
    Mapping links(map.take("links"), map.path("links"), report_);
    if (links.given())
      for (const auto& [name, value] : links.node().members)
        if (const auto subject = links.text(name->text)) read_link(*name, *subject, links.path(name->text), out);
    Mapping suppressed(map.take("suppressed"), map.path("suppressed"), report_);
    if (suppressed.given())
      for (const auto& [key, value] : suppressed.node().members)
        if (const auto reason = suppressed.text(key->text)) out.suppressed[key->text] = *reason;
    const Node* events = map.need("events", "say what comes in: events: [{file: events/approval.json}]");
    const auto entries = each(events);
    std::optional<telemetry::Time> now;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& event = out.events.emplace_back(read_event(*entries[i], config::item(map.path("events"), i)));
      if (event.at && now && *event.at < *now)
        report_.fault(config::code::kNeverMatches, *entries[i], config::item(map.path("events"), i),
                      "it comes before the entry above it: time does not go back", "put the entries in the order of their times");
      now = event.at ? event.at : now ? std::optional(*now + event.after) : now;
    }
    Mapping vendors(map.take("vendors"), map.path("vendors"), report_);
    if (vendors.given())
      for (const auto& [name, script] : vendors.node().members) read_vendor(*name, *script, vendors.path(name->text), out);
    out.lasts = map.duration("for", 0ms, std::chrono::days(3650));
    out.expect = map.take("expect");
    map.refuse_the_rest();
    if (out.expect != nullptr && !out.expect->is_null())
      check_expectation(*out.expect, map.path("expect"), {known_, file_.pipelines, report_});
    return out;
  }

  /// "acme:order:o-77"
  void read_link(const Node& name, const std::string& subject, const std::string& path, Case& out) {
    const auto first = name.text.find(':'), second = name.text.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos)
      return report_.fault(config::code::kShape, name, path, "expected a record's system, type and id, such as acme:order:o-77");
    out.links.push_back({name.text.substr(0, first), name.text.substr(first + 1, second - first - 1), name.text.substr(second + 1), subject});
  }

  Stimulus read_event(const Node& node, const std::string& path) {
    Stimulus out;
    Mapping map(&node, "stimulus", path, report_);
    if (const auto at = map.text("at")) {
      telemetry::Time time;
      if (telemetry::from_text(*at, time))
        out.at = time;
      else
        report_.fault(config::code::kShape, *node.find("at"), map.path("at"),
                      config::in_quotes(*at) + " is no time such as 2026-11-02T09:00:00Z");
    }
    if (const auto after = map.duration("after", 0ms, std::chrono::days(3650))) out.after = *after;
    out.pipeline = file_.pipelines.front();
    if (const auto name = map.text("pipeline")) {
      out.pipeline = *name;
      if (std::ranges::find(file_.pipelines, *name) == file_.pipelines.end())
        unknown("pipeline of this file", *name, file_.pipelines, *node.find("pipeline"), map.path("pipeline"));
    }
    read_body(map, out);
    read_source(map, out);
    read_emission(map, out);
    map.refuse_the_rest();
    return out;
  }

  void read_body(Mapping& map, Stimulus& out) {
    const auto file = map.text("file");
    const Node* body = map.take("body");
    const Node* change = map.take("change");
    if (file && body != nullptr)
      return report_.fault(config::code::kNeverMatches, *body, map.path("body"), "the payload is told twice",
                           "keep `file` or `body`; `change` alters what a file holds");
    if (file) {
      const std::filesystem::path parts(*file);
      const auto content = config::read_file(std::filesystem::path(known_.root) / parts, kMostBytes);
      if (!content)
        return report_.fault(kCaseFile, *map.node().find("file"), map.path("file"),
                             config::in_quotes(*file) + " cannot be read: " + content.error().message,
                             "the path begins at the config folder: events/approval.json");
      out.body = *content;
    } else if (body != nullptr) {
      out.body = body->scalar() ? body->text : milepost::text(config::natural_json(*body));
    } else if (change == nullptr) {
      return;
    }
    out.kind = Stimulus::Kind::deliver;
    if (change == nullptr) return;
    auto json = read_json(out.body);
    if (!json)
      return report_.fault(kCaseFile, *change, map.path("change"), "the payload is no JSON: " + json.error().message);
    merge(*json, config::natural_json(*change));
    out.body = milepost::text(*json);
  }

  void read_source(Mapping& map, Stimulus& out) {
    const auto& sources = known_.program(out.pipeline) == nullptr
                              ? known_.program(file_.pipelines.front())->pipeline.sources
                              : known_.program(out.pipeline)->pipeline.sources;
    std::vector<std::string> uses;
    for (const auto& source : sources) {
      uses.push_back(source.use);
      if (!source.path.empty()) uses.push_back(source.path);  // of several of one kind
    }
    // The first that is called, else the first.
    const auto called = std::ranges::find_if(sources, [](const auto& source) { return !source.path.empty(); });
    out.source = called == sources.end() ? sources.front().use : called->use;
    if (const auto wanted = map.text("source")) {
      out.source = *wanted;
      if (std::ranges::find(uses, *wanted) == uses.end())
        unknown("source of the pipeline", *wanted, uses, *map.node().find("source"), map.path("source"));
    }
    Mapping headers(map.take("headers"), map.path("headers"), report_);
    if (headers.given())
      for (const auto& [key, value] : headers.node().members)
        if (const auto text = headers.text(key->text)) out.headers.emplace_back(key->text, *text);
    Mapping event(map.take("event"), "decoded", map.path("event"), report_);
    out.decoded = event.given();
    for (const char* field : {"id", "type", "subject", "actor", "reason", "revision"})
      if (const auto text = event.text(field)) out.event[field] = *text;
    if (const auto text = event.text("time")) {
      if (telemetry::Time time; telemetry::from_text(*text, time)) out.event["time"] = *text;
      else
        report_.fault(config::code::kShape, *event.node().find("time"), event.path("time"), config::in_quotes(*text) + " is no time such as 2026-11-02T09:00:00Z");
    }
    event.refuse_the_rest();
    if (out.kind == Stimulus::Kind::deliver) return;
    if (out.decoded) {
      out.kind = Stimulus::Kind::deliver;
      out.body = "{}";
      return;
    }
    for (const char* key : {"source", "headers"})
      if (const Node* node = map.node().find(key))
        report_.fault(config::code::kNeverMatches, *node, map.path(key), "nothing is delivered here", "say what comes in: file, body or event");
  }

  void read_emission(Mapping& map, Stimulus& out) {
    const Node* emit = map.take("emit");
    if (emit == nullptr) return;
    if (!emit->is_map() || emit->members.size() != 1)
      return report_.fault(config::code::kShape, *emit, map.path("emit"), "expected one vendor and what its double sends",
                           "write emit: {VENDOR: {…}}");
    out.kind = Stimulus::Kind::emit;
    out.vendor = emit->members[0].key->text;
    out.emission = config::natural_json(*emit->members[0].value);
    vendor(*emit->members[0].key, map.path("emit"));
  }

  bool vendor(const Node& name, const std::string& path) {
    if (std::ranges::find(known_.vendors, name.text) != known_.vendors.end()) return true;
    unknown("double of a vendor", name.text, known_.vendors, name, path);
    return false;
  }

  void read_vendor(const Node& name, const Node& script, const std::string& path, Case& out) {
    if (!vendor(name, path)) return;
    const auto entries = each(&script);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto where = config::item(path, i);
      Mapping map(entries[i], where, report_);
      if (!map.given()) continue;
      if (const auto before = map.text("before")) {
        const auto gap = before->find(' ');
        HttpRequest request;
        request.method = before->substr(0, gap);
        request.target = gap == before->npos ? "" : before->substr(gap + 1);
        if (!request.target.starts_with('/'))
          report_.fault(config::code::kShape, *map.node().find("before"), map.path("before"),
                        "expected a method and a path, such as POST /orders");
        Mapping headers(map.take("headers"), map.path("headers"), report_);
        if (headers.given())
          for (const auto& [key, value] : headers.node().members)
            if (const auto text = headers.text(key->text)) request.headers.emplace_back(key->text, *text);
        for (const auto& [header, usual] : {std::pair("Content-Type", "application/json"), std::pair("Authorization", "Bearer made-up")})
          if (std::ranges::none_of(request.headers, [&](const auto& one) { return same_header(one.first, header); })) request.headers.emplace_back(header, usual);
        if (const Node* body = map.take("body"))
          request.body = body->scalar() ? body->text : milepost::text(config::natural_json(*body));
        map.refuse_the_rest();
        out.before[name.text].push_back(std::move(request));
        continue;
      }
      for (const char* key : {"times", "every", "delay", "cut"}) map.take(key);
      known_keys(map.take("match"), map.path("match"), {"method", "path"});
      known_keys(map.take("answer"), map.path("answer"), {"status", "headers", "body"});
      map.refuse_the_rest();
      auto fault = read_vendor_fault(config::natural_json(*entries[i]));
      if (!fault)
        report_.fault(config::code::kShape, *entries[i], where, fault.error().message,
                      "as {match: POST */orders, times: 2, answer: 503}, or delay: 30s, or cut: before or after");
      else
        out.faults[name.text].push_back(std::move(*fault));
    }
  }

  /// Of a value that may also be a scalar.
  void known_keys(const Node* node, const std::string& path, std::initializer_list<const char*> keys) {
    if (node == nullptr || !node->is_map()) return;
    Mapping map(node, path, report_);
    for (const char* key : keys) map.take(key);
    map.refuse_the_rest();
  }

  const Known& known_;
  CaseFile& file_;
  Report& report_;
  std::set<std::string> names_;
};

/// A file as it was typed: from the config folder, from its tests/, or from where the command was typed.
std::string in_the_folder(const std::string& root, const std::string& typed) {
  namespace fs = std::filesystem;
  std::error_code none;
  for (const auto& name : {typed, "tests/" + typed})
    if (fs::is_regular_file(fs::path(root) / name, none)) return name;
  const auto relative = fs::relative(fs::absolute(typed, none), root, none).string();
  return none || relative.empty() || relative.starts_with("..") ? typed : relative;
}

std::vector<std::string> files_of(const Known& known, const std::vector<std::string>& only, config::Faults& faults) {
  std::vector<std::string> out;
  if (!only.empty()) {
    for (const auto& file : only) out.push_back(in_the_folder(known.root, file));
    return out;
  }
  const auto names = config::list_folder(std::filesystem::path(known.root) / "tests");
  if (!names && !names.error().missing)
    faults.push_back({std::string(config::code::kUnreadable), {"tests", 0, 0}, "",
                      "the folder cannot be read: " + names.error().message, "", false});
  if (names)
    for (const auto& name : *names)
      if (name.ends_with(".yaml")) out.push_back("tests/" + name);
  return out;
}

}  // namespace

bool stands_for(const std::string& expected, const std::string& outcome) {
  const auto among = [&](std::initializer_list<const char*> words) { return std::ranges::find(words, outcome) != words.end(); };
  if (expected == "done") return among({"created", "updated", "unchanged", "passed", "settled", "done"});
  if (expected == "skipped") return among({"skipped", "superseded", "not_run", "refused", "lapsed", "held_out"});
  return expected == outcome;
}

Json said_of(Json loan) {
  if (!loan.is_object()) return loan;
  for (const char* key : {"stage_since", "days_in_stage", "business_days_in_stage", "stage_due", "stuck", "open_tasks", "overdue_tasks"})
    loan.erase(key);
  if (loan.contains("tasks") && loan["tasks"].is_object())
    for (auto& task : loan["tasks"])
      if (task.is_object()) task.erase("overdue");
  return loan;
}

const engine::Program* Known::program(const std::string& name) const {
  for (const auto& program : programs)
    if (program->pipeline.name == name) return program.get();
  return nullptr;
}

std::vector<CaseFile> read_cases(const Known& known, const std::vector<std::string>& only, config::Faults& faults) {
  std::vector<CaseFile> out;
  for (const auto& name : files_of(known, only, faults)) {
    CaseFile file;
    file.name = name;
    const auto content = config::read_file(std::filesystem::path(known.root) / name, kMostBytes);
    if (!content) {
      faults.push_back({std::string(config::code::kUnreadable), {name, 0, 0}, "",
                        "the file cannot be read: " + content.error().message, "", false});
      continue;
    }
    file.text = *content;
    file.document = config::yaml::parse(file.text, name, faults, {.expressions = false});
    if (file.document == nullptr) continue;
    Report report(name, faults);
    if (file.document->root == nullptr || file.document->root->is_null()) {
      report.fault(config::code::kEmpty, {name, 1, 1}, "", "the file is empty", "write pipeline: and cases:");
      continue;
    }
    FileReader(known, file, report).read(*file.document->root);
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace milepost::cases
