// `milepost try`: a payload through a pipeline, in a world of its own where the vendors' doubles stand for the vendors.
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "host/cases/update.hpp"
#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/tried.hpp"
#include "host/deploy/deployment.hpp"
#include "host/deploy/write_file.hpp"
#include "host/config/fault_text.hpp"
#include "host/config/host_events.hpp"
#include "host/config/links.hpp"
#include "host/config/yaml.hpp"
#include "host/intake/followers.hpp"
#include "host/intake/mapping.hpp"
#include "host/intake/schedules.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_whole(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) return fail(ErrorKind::permanent, path + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// One of the host's own events, or one whose payload is to be given.
std::optional<Event> followed_sample(const std::vector<std::string>& types, telemetry::Time now) {
  const auto of_the_host = std::ranges::find_if(config::host_event::kAll, [&](const auto type) {
    return std::ranges::any_of(types, [&](const auto& wanted) { return config::type_fits(wanted, std::string(type)); });
  });
  if (of_the_host == config::host_event::kAll.end()) return std::nullopt;
  namespace host_event = config::host_event;
  const auto type = *of_the_host;
  const bool about_an_event = type == host_event::kDeadLetter || type == host_event::kInDoubt || type == host_event::kStageRefused || type == host_event::kCompared || type == host_event::kMismatch || type == host_event::kWebhookMissed;
  const bool about_a_loan = type == host_event::kLoanStuck || type == host_event::kTaskOverdue || type == host_event::kMailRecall;
  journal::Event event;
  event.receipt = telemetry::new_id(now);
  event.type = type;
  event.time = now;
  event.subject = about_an_event || about_a_loan ? "L-1001" : type == host_event::kUnmappedValue ? "milepost:unmapped:loan-milestones" : "milepost:connection:crm";
  const auto then = telemetry::to_text(now);
  Json payload{{"connection", "crm"}, {"connector", "acme"}, {"pipeline", "loan-milestones"}, {"source", "acme.orders"}, {"reason", "the vendor answered 401"}};
  if (about_an_event)
    payload = {{"pipeline", "loan-milestones"}, {"event", event.receipt}, {"source", "webhook"}, {"id", "e-1"}, {"type", "stage.changed"},
               {"subject", event.subject}, {"step", "crm"}, {"from", "approval"}, {"to", "docs"}, {"reason", "crm: the vendor refused it"}};
  else if (type == host_event::kMailRecall)
    payload = {{"loan", event.subject}, {"reason", "the loan is denied"}, {"use", "acme.send"}, {"connection", "mail"}, {"pipeline", "loan-milestones"},
               {"event", event.receipt}, {"step", "card"}, {"sent_at", then}, {"answer", {{"order_id", "o-1"}}}};
  else if (about_a_loan)
    payload = {{"loan", event.subject}, {"stage", "docs"}, {"branch", "duluth"}, {"since", then}, {"due", then}, {"service_level", "5 business days"}, {"task", "c-1"}, {"title", "Pay stubs"}};
  else if (type == host_event::kUnmappedValue)
    payload = {{"pipeline", "loan-milestones"}, {"source", "webhook"}, {"field", "stage"}, {"value", "CTC"}, {"loan", "L-1001"}, {"event", event.receipt},
               {"remedy", "name it in loans.yaml, under synonyms.loan-milestones"}};
  if (type == host_event::kCompared || type == host_event::kMismatch)
    payload.update({{"system", "crm"}, {"compared", {"stage", "amount"}}, {"mismatched", {"stage"}}, {"field", "stage"}, {"ours", "approval"}, {"theirs", "docs"}});
  if (type == host_event::kWebhookMissed) payload = {{"pipeline", "loan-milestones"}, {"event", event.receipt}, {"source", "acme.list"}, {"id", "e-1"}, {"type", "stage.changed"}, {"subject", event.subject}, {"webhook", "acme.orders"}};
  return intake::followed_event(event, text(payload));
}

/// The event that a source which nobody calls would bring next; nullopt for other sources.
std::optional<Event> sample_of(const engine::Program& program, telemetry::Time now) {
  const auto& source = program.pipeline.sources.front();
  if (source.use == "events") return followed_sample(config::texts(source.with.json, "/types"), now);
  if (source.use == "loans") return intake::swept_event({"L-1001", 1, 0, now, R"({"fields":{"stage":"docs"}})"}, now, *loans::Model::standard(), now);
  if (source.use != "schedule") return std::nullopt;
  const auto times = config::Timetable::make(get<std::string>(source.with.json, "/cron").value_or(""),
                                             get<std::string>(source.with.json, "/zone").value_or(""));
  if (!times) return std::nullopt;
  return intake::scheduled_event(program.pipeline.name, *times, times->next(now), 0);
}

void take_fields(const Event& event, cases::Stimulus& entry) {
  entry.decoded = true;
  for (const auto& [name, value] : {std::pair("id", &event.id), std::pair("type", &event.type), std::pair("subject", &event.subject),
                                    std::pair("actor", &event.actor), std::pair("reason", &event.reason), std::pair("revision", &event.revision)})
    if (!value->empty()) entry.event[name] = *value;
  entry.body = event.payload.text();
}

/// By which a payload comes where nobody says: the first that is called, else the first.
std::string usual_source(const config::Pipeline& pipeline) {
  const auto called = std::ranges::find_if(pipeline.sources, [](const auto& source) { return !source.path.empty(); });
  return called == pipeline.sources.end() ? pipeline.sources.front().use : called->use;
}

/// What is asked for, from wherever it comes.
class Question {
 public:
  explicit Question(const Arguments& arguments) : arguments_(arguments), deployment_(deploy::load(arguments.folder(), false, nullptr, config::SecretsFrom{.made_up = true})) {}

  Status read() {
    if (const auto* fault = deployment_.ground_fault()) return fail(ErrorKind::permanent, config::to_string(*fault) + "; see `milepost check`");
    auto name = arguments_.positional.empty() ? std::string() : arguments_.positional[0];
    if (arguments_.has("event")) {
      if (auto known = from_the_journal(name); !known) return known;
    }
    if (auto found = find_pipeline(name); !found) return found;
    entry_.kind = cases::Stimulus::Kind::deliver;
    entry_.pipeline = name;
    const auto& sources = program_->pipeline.sources;
    if (std::ranges::find(sources, entry_.source, &config::Source::use) == sources.end()) entry_.source = usual_source(program_->pipeline);
    if (!entry_.at) entry_.at = clock_.now();
    if (!arguments_.has("event")) {
      auto sample = sample_of(*program_, clock_.now());
      if (sample) take_fields(*sample, entry_);
      if (arguments_.positional.size() > 1 || !sample) {
        file_ = arguments_.positional.size() > 1 ? arguments_.positional[1] : "-";
        auto payload = read_whole(file_);
        if (!payload) return fail(payload.error());
        entry_.body = std::move(*payload);
      }
    }
    know_the_links();
    if (auto mapped = map_it(); !mapped) return mapped;
    if (auto known = know_the_loan(); !known) return known;
    know_who_gets_no_mail();
    return {};
  }

  const deploy::Deployment& deployment() const { return deployment_; }
  const engine::Program& program() const { return *program_; }
  const cases::Stimulus& entry() const { return entry_; }
  const journal::NewEvent& event() const { return event_; }
  const std::string& file() const { return file_; }
  Known known() const { return known_; }

 private:
  Status find_pipeline(const std::string& name) {
    std::vector<std::string> names;
    for (const auto& one : deployment_.programs) {
      names.push_back(one->pipeline.name);
      if (one->pipeline.name == name) program_ = one;
    }
    if (program_ != nullptr) return {};
    for (const auto& broken : deployment_.broken)
      if (broken.name == name) return fail(ErrorKind::permanent, "the pipeline \"" + name + "\" has faults: see `milepost check`");
    const auto near = config::nearest(name, names);
    return fail(ErrorKind::permanent, "there is no pipeline \"" + name + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  }

  Status from_the_journal(std::string& pipeline) {
    if (auto opened = store(); !opened) return fail(opened.error());
    auto* const link = &store_;
    const auto query = pipeline.empty() ? "" : "?pipeline=" + encoded(pipeline);
    const auto told = (*link)->get("/api/v1/events/" + encoded(arguments_.get("event")) + query);
    if (!told) return fail(told.error());
    if (pipeline.empty()) pipeline = field(*told, "/event/pipeline");
    const auto payload = get<std::string>(*told, "/payload");
    if (!payload) return fail(ErrorKind::permanent, "the event's payload is pruned, or no JSON: there is nothing to try");
    Event event;
    event.id = field(*told, "/event/id");
    event.type = field(*told, "/event/type");
    event.subject = field(*told, "/event/subject");
    event.actor = field(*told, "/event/actor");
    event.reason = field(*told, "/event/reason");
    event.revision = field(*told, "/event/revision");
    event.payload = Document(*payload);
    take_fields(event, entry_);
    entry_.event["time"] = field(*told, "/event/time");
    entry_.source = field(*told, "/event/source");
    if (telemetry::Time at; telemetry::from_text(field(*told, "/event/accepted_at"), at)) entry_.at = at;
    if (const Json* loan = find(*told, "/loan")) known_.loan = *loan, known_.from = "as the event saw it";
    if (const Json* steps = find(*told, "/steps")) known_.past = *steps;
    return {};
  }

  /// The event that the pipeline makes of it: its subject says whose loan it is.
  Status map_it() {
    Event decoded;
    for (const auto& [name, value] : entry_.event) {
      if (name == "id") decoded.id = value;
      if (name == "type") decoded.type = value;
      if (name == "subject") decoded.subject = value;
      if (name == "actor") decoded.actor = value;
      if (name == "reason") decoded.reason = value;
      if (name == "revision") decoded.revision = value;
      if (telemetry::Time time; name == "time" && telemetry::from_text(value, time)) decoded.time = time;
    }
    decoded.payload = Document(entry_.body);
    std::string refusal;
    const auto source = std::ranges::find(program_->pipeline.sources, entry_.source, &config::Source::use);
    if (const auto info = deployment_.registry->source_info(entry_.source); info && info->webhook && !entry_.decoded) {
      auto decoder = deployment_.registry->webhook(entry_.source, source->with.json.is_null() ? Json::object() : source->with.json, {nullptr, &clock_, nullptr});
      if (!decoder) return fail(decoder.error());
      auto events = (*decoder)->receive({"POST", source->path, {{"Content-Type", "application/json"}}, entry_.body, Intent::once});
      if (!events) refusal = events.error().message;
      else if (events->empty()) return fail(ErrorKind::permanent, "the source makes no event of it");
      else decoded = events->front();
    }
    config::Faults faults;
    const auto mapping = intake::Mapping::compile(program_->pipeline, faults);
    expression::Machine machine;
    event_ = mapping->map(machine, program_->pipeline.name, entry_.source, decoded, "application/json", *entry_.at, known_.links->link());
    if (!refusal.empty()) event_.quarantine = refusal;
    return {};
  }

  Status know_the_loan() {
    if (const auto path = arguments_.get("loan"); !path.empty()) {
      const auto content = read_whole(path);
      if (!content) return fail(content.error());
      auto loan = read_json(*content);
      if (!loan || !loan->is_object())
        return fail(ErrorKind::permanent, path + " is no JSON object of the loan's fields, such as {\"stage\": \"approval\"}");
      known_.loan = std::move(*loan);
      known_.from = "from " + path;
      return {};
    }
    if (!known_.from.empty() || event_.subject.empty()) return {};
    known_.from = "no store here";
    if (!has_store()) return {};
    if (auto opened = store(); !opened) {
      known_.from = "the store cannot be asked: " + opened.error().message;
      return {};
    }
    const auto told = store_->get("/api/v1/subjects/" + encoded(event_.subject) + "/why?limit=1");
    const Json* loan = told ? find(*told, "/loan") : nullptr;
    known_.loan = loan != nullptr ? *loan : Json(nullptr);
    known_.from = "in the store, now";
    return {};
  }

  bool has_store() const {
    std::error_code none;
    return fs::exists(store_path(arguments_.folder()), none);
  }
  /// One way to the store for all that is asked: without a host it holds the lock.
  Status store() {
    if (store_ != nullptr) return {};
    auto link = StoreLink::open(arguments_.folder());
    if (!link) return fail(link.error());
    store_ = std::move(*link);
    return {};
  }

  void know_the_links() {
    if (!has_store() || !store()) return;
    known_.links = std::make_shared<KnownLinks>([this](const std::string& system, const std::string& type, const std::string& id) -> std::optional<std::string> {
      const auto told = store_->get("/api/v1/links?system=" + encoded(system) + "&type=" + encoded(type) + "&id=" + encoded(id));
      const auto subject = told ? field(*told, "/links/0/subject") : "";
      return subject.empty() ? std::nullopt : std::optional(subject);
    });
  }

  /// Where the pipeline sends mail at all.
  void know_who_gets_no_mail() {
    if (store_ == nullptr || std::ranges::none_of(program_->steps, [](const auto& step) { return step.mail; })) return;
    for (std::string after;;) {
      const auto page = store_->get("/api/v1/suppressions?limit=500" + (after.empty() ? "" : "&after=" + encoded(after)));
      if (!page) return;
      for (const auto& one : *find(*page, "/suppressions")) known_.suppressed[field(one, "/key")] = field(one, "/reason");
      after = field(*page, "/next");
      if (after.empty()) return;
    }
  }

  const Arguments& arguments_;
  deploy::Deployment deployment_;
  telemetry::SystemClock clock_;
  std::shared_ptr<const engine::Program> program_;
  cases::Stimulus entry_;
  journal::NewEvent event_;
  std::string file_;
  Known known_;
  std::unique_ptr<StoreLink> store_;
};

/// The lines of `events:` for a saved case.
std::string event_lines(const Question& question) {
  const auto& entry = question.entry();
  std::string out = "      - at: " + telemetry::to_text(*entry.at) + "\n";
  std::error_code ignored;
  const auto inside = question.file().empty() ? std::string() : fs::relative(fs::absolute(question.file(), ignored), question.deployment().root, ignored).string();
  if (!question.file().empty() && question.file() != "-" && !ignored && !inside.starts_with(".."))
    out += "        file: " + cases::flow(Json(inside)) + "\n";
  else
    out += "        body: " + text(Json(entry.body)) + "  # the raw text\n";
  if (entry.source != usual_source(question.program().pipeline)) out += "        source: " + entry.source + "\n";
  if (entry.decoded) {
    Json event = Json::object();
    for (const auto& [name, value] : entry.event) event[name] = value;
    out += "        event: " + cases::flow(event) + "\n";
  }
  return out;
}

/// What was known before and bears on it: the links that were asked for, and who gets no mail.
std::string known_lines(const Question& question, const Tried& tried) {
  const auto known = question.known();
  std::string out;
  if (known.loan.is_object()) out += "    loans: {" + cases::flow(Json(question.event().subject)) + ": " + cases::flow(known.loan) + "}\n";
  Json links = Json::object(), suppressed = Json::object();
  for (const auto& link : known.links->asked())
    if (!link.subject.empty()) links[link.system + ":" + link.type + ":" + link.id] = link.subject;
  for (const auto& [key, reason] : known.suppressed)
    if (std::ranges::any_of(tried.steps, [&](const auto& step) { return get<std::string>(step.gate, "/reason").value_or("").starts_with(key + " is on the suppression list"); }))
      suppressed[key] = reason;
  if (!links.empty()) out += "    links: " + cases::flow(links) + "\n";
  if (!suppressed.empty()) out += "    suppressed: " + cases::flow(suppressed) + "\n";
  return out;
}

/// A file of cases, as far as one can be added to it.
struct Cases {
  std::string pipeline;   ///< the first, which events go to
  std::size_t count = 0;
};
std::optional<Cases> cases_in(const std::string& content, const std::string& path) {
  config::Faults ignored;
  const auto document = config::yaml::parse(content, path, ignored, {.expressions = false});
  const auto* root = document == nullptr ? nullptr : document->root;
  if (root == nullptr || !root->is_map()) return std::nullopt;
  Cases out;
  if (const auto* named = root->find("pipeline")) out.pipeline = named->is_list() && !named->items.empty() ? named->items.front()->text : named->text;
  if (const auto* list = root->find("cases")) out.count = list->items.size();
  return out;
}

Status save(const std::string& path, const Question& question, const Tried& tried) {
  const auto& event = question.event();
  const auto where = fs::path(question.deployment().root) / path;
  std::string content;
  std::size_t before = 0;
  const auto name = question.program().pipeline.name;
  if (std::error_code none; fs::exists(where, none)) {
    auto old = read_whole(where.string());
    if (!old) return fail(old.error());
    content = std::move(*old);
    const auto there = cases_in(content, path);
    if (!there) return fail(ErrorKind::permanent, path + " has no cases, or cannot be read: see `milepost test`");
    if (there->pipeline != name) return fail(ErrorKind::permanent, path + " has cases of another pipeline: name another file");
    before = there->count;
    if (!content.ends_with('\n')) content += '\n';
  } else {
    content = "pipeline: " + name + "\n\ncases:\n";
    fs::create_directories(where.parent_path(), none);
  }
  std::string title = (event.type.empty() ? "an event" : event.type) + " of " + (event.subject.empty() ? name : event.subject);
  const std::string wanted = title;
  for (int number = 2; content.contains("case: " + cases::flow(Json(title)) + "\n"); ++number) title = wanted + " (" + std::to_string(number) + ")";
  content += "\n  - case: " + cases::flow(Json(title)) + "\n";
  content += known_lines(question, tried) + "    events:\n" + event_lines(question) + "    expect:\n" + cases::block(cases::first_expectation(tried.played.outcome), 6);
  if (const auto now = cases_in(content, path); !now || now->count != before + 1)
    return fail(ErrorKind::permanent, path + " cannot be added to: let `cases` be its last key, and each case begin as `  - case:`");
  return deploy::write_file(where.string(), content);
}

}  // namespace

int try_payload(const Arguments& arguments) {
  const bool event = arguments.has("event");
  if (arguments.positional.size() > (event ? 1 : 2) || (!event && arguments.positional.empty()))
    return wrong_use("say which pipeline: milepost try PIPELINE [FILE], or which event: milepost try --event ID");
  telemetry::configure_log("auto", telemetry::Level::none);
  Question question(arguments);
  if (auto read = question.read(); !read) return failed(read.error());
  const auto tried = play_once(question.deployment(), question.program(), question.entry(), question.event(), question.known());
  if (!tried) return failed(tried.error());

  const auto step = arguments.get("step");
  if (!step.empty() && question.program().index(step) == question.program().steps.size()) {
    std::vector<std::string> ids;
    for (const auto& one : question.program().steps) ids.push_back(one.definition.id);
    const auto near = config::nearest(step, ids);
    return failed({ErrorKind::permanent, "there is no step \"" + step + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?")});
  }
  if (const auto path = arguments.get("save"); !path.empty()) {
    if (!tried->whole) return failed({ErrorKind::permanent, "it cannot be saved: " + tried->why_not_whole});
    if (const auto saved = save(path, question, *tried); !saved) return failed(saved.error());
  }
  if (arguments.has("explain")) {
    auto seen = explain_expression(arguments.get("explain"), *tried);
    if (!seen) return failed(seen.error());
    fmt::print("{}", arguments.json() ? text(*seen) + "\n" : explained_text(*seen));
    return kDone;
  }
  fmt::print("{}", arguments.json() ? text(to_json(*tried, step)) + "\n" : tried_text(*tried, step));
  if (const auto path = arguments.get("save"); !path.empty() && !arguments.json())
    fmt::print("\n{}: a case was added; milepost test {} plays it\n", path, path);
  return tried->ended_well() ? kDone : kFaults;
}

}  // namespace milepost::cli
