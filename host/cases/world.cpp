#include "host/cases/world.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>

#include "host/cases/outcome.hpp"
#include "host/conformance/sample.hpp"
#include "host/deploy/sources.hpp"
#include "host/engine/engine.hpp"
#include "host/http/answer_to.hpp"
#include "host/intake/hooks.hpp"
#include "host/loans/loan_state.hpp"
#include "host/loans/watch.hpp"
#include "host/telemetry/virtual_clock.hpp"

namespace milepost::cases {
namespace {

using namespace std::chrono_literals;
using telemetry::Time;

/// 2026-11-02 09:00 UTC, where no entry says when.
constexpr Time kStart = Time(1'793'610'000s);
/// A case without `for` ends at the latest so long after its last entry.
constexpr auto kLongest = std::chrono::days(30);
/// And so long after a connection was paused for good: it is tried again every ten minutes.
constexpr auto kPausedLong = std::chrono::days(1);
/// Real time in which everybody must have come to rest: a plugin that takes longer hangs.
constexpr auto kPatience = 20s;

struct Stuck : std::runtime_error {
  using std::runtime_error::runtime_error;
};
template <class T>
T must(Result<T>&& result) {
  if (!result) throw Stuck(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class World {
 public:
  World(const CaseFile& file, const Case& what, const Ground& ground, std::size_t number)
      : file_(file),
        case_(what),
        ground_(ground),
        clock_(!what.events.empty() && what.events.front().at ? *what.events.front().at : kStart),
        doubles_(clock_),
        path_(ground.scratch + "/" + std::to_string(number) + ".db") {
    deployment_.registry = ground.registry;
    deployment_.loans = ground.loans;
    deployment_.secrets = ground.secrets;
    for (const auto& [name, value] : file.secrets) deployment_.secrets.set(name, config::Secret(value));
    for (const auto& program : ground.programs)
      if (std::ranges::find(file.pipelines, program->pipeline.name) != file.pipelines.end()) deployment_.programs.push_back(program);
    take_connections();
  }
  ~World() {
    doubles_.stop();
    sources_.reset();
    if (engine_) engine_->stop(0s);
    engine_.reset();
    hooks_.reset();
    store_.reset();
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end, ignored);
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void build() {
    store_ = must(journal::Store::open({.path = path_, .clock = &clock_}));
    {
      const std::lock_guard lock(ground_.at_the_registry);
      make_doubles();
      make_parts();
    }
    know_loans();
    doubles_.mark_by([this] {
      const auto sent = store_->audit({.kind = "intent", .limit = 1, .newest_first = true});
      return sent.empty() ? std::string() : sent.front().row.step;
    });
    must(sources_->start());
    engine_->start(false);
    settle(clock_.now());
  }

  void run() {
    for (const auto& entry : case_.events) {
      const Time when = std::max(clock_.now(), entry.at ? *entry.at : clock_.now() + entry.after);
      settle(when);
      if (entry.kind == Stimulus::Kind::deliver) deliver(entry);
      if (entry.kind == Stimulus::Kind::emit) emit(entry);
      settle(when);
    }
    if (case_.lasts) return settle(clock_.now() + *case_.lasts);
    const Time end = clock_.now() + kLongest;
    for (Time next = rest(); !ended() && next <= end && !held_up(); next = rest()) clock_.move_to(next);
  }

  Played tell() const {
    auto out = outcome_of({*store_, doubles_, deployment_.programs, answers_, case_, *ground_.loans, clock_.now()});
    out.hidden = hidden_;
    return out;
  }

 private:
  // ---- time ----

  /// Until nothing more happens now: when something does next. What runs out of a loan is looked at here, not every half
  /// minute as the host does, since a case may last for months.
  Time rest() {
    while (true) {
      const auto next = clock_.rest(kPatience);
      if (!next) throw Stuck("it did not come to rest within 20 s: a plugin hangs, or something is done without end");
      if (must(loans::look_at_due(*store_, *ground_.loans, clock_.now())) > 0) continue;
      const auto due = store_->next_loan_due();
      return due && *due > clock_.now() ? std::min(*next, *due) : *next;
    }
  }
  /// Everything that happens until then.
  void settle(Time until) {
    for (Time next = rest(); next <= until; next = rest()) clock_.move_to(next);
    clock_.move_to(until);
    rest();
  }
  bool ended() const {
    return store_->count(journal::EventState::open) == 0 && store_->count(journal::EventState::waiting) == 0;
  }

  /// A connection has been paused for long, without a break.
  bool held_up() {
    const auto connections = engine_->status().connections;
    if (std::ranges::none_of(connections, [](const auto& one) { return one.state == "paused"; })) paused_since_.reset();
    else if (!paused_since_) paused_since_ = clock_.now();
    return paused_since_ && clock_.now() - *paused_since_ > kPausedLong;
  }

  // ---- what it is made of ----

  plugins::Services services() { return {&doubles_, &clock_, store_.get()}; }

  void make_doubles() {
    std::set<std::string> wanted;
    for (const auto& [name, connection] : deployment_.folder.connections) wanted.insert(connection.use);
    for (const auto& [name, faults] : case_.faults) wanted.insert(name);
    for (const auto& [name, requests] : case_.before) wanted.insert(name);
    for (const auto& entry : case_.events)
      if (!entry.vendor.empty()) wanted.insert(entry.vendor);
    for (const auto& installed : ground_.registry->sandboxes()) {
      const auto name = installed.name.substr(0, installed.name.rfind("-sandbox"));
      if (!wanted.contains(name)) continue;
      const auto faults = case_.faults.find(name);
      doubles_.add(name, must(ground_.registry->sandbox(name, {nullptr, &clock_, nullptr})),
                   faults == case_.faults.end() ? std::vector<VendorFault>() : faults->second);
    }
    for (const auto& [name, requests] : case_.before)
      for (const auto& request : requests)
        if (const auto answer = doubles_.ask(name, request); answer && !answer->ok())
          throw Stuck(name + ", before " + request.method + " " + request.target + ": the double answers " +
                      std::to_string(answer->status) + ": " + answer->body);
  }

  /// Of the pipelines here, in this process, with the secrets that the doubles take.
  void take_connections() {
    auto& out = deployment_.folder.connections;
    const auto take = [&](const std::string& name) {
      const auto found = ground_.connections.find(name);
      if (found == ground_.connections.end()) return;
      auto& connection = out.insert(*found).first->second;
      connection.isolation.reset();
      connection.allow_private = true;
      use_samples(connection);
    };
    for (const auto& program : deployment_.programs) {
      for (const auto& step : program->steps) take(step.definition.connection);
      for (const auto& source : program->pipeline.sources) take(source.connection);
    }
  }

  /// A double takes the secrets of its plugin's sample. Those that the file gives go before.
  void use_samples(config::Connection& connection) {
    const auto installed = ground_.registry->installed();
    const auto plugin = std::ranges::find(installed, connection.use, &plugins::Installed::name);
    if (plugin == installed.end()) return;
    const auto beside = std::filesystem::path(plugin->path).parent_path() / (connection.use + ".conformance.json");
    const auto sample = conformance::Sample::read(beside.string());
    if (!sample) return;
    auto& with = connection.with.json;
    const Json given = sample->connection_like(with);
    for (auto setting = with.begin(); with.is_object() && setting != with.end(); ++setting) {
      const Json& tagged = setting.value();
      if (!tagged.is_object() || tagged.size() != 1 || !tagged.begin().key().starts_with('!')) continue;
      if (file_.secrets.contains(get<std::string>(tagged, "/!secret").value_or(""))) continue;
      auto text = get<std::string>(given, "/" + setting.key()).value_or("");
      if (text.empty()) continue;
      if (text.starts_with('/')) text.insert(0, "https://" + connection.use + ".test");
      hidden_.push_back(text);
      setting.value() = std::move(text);
    }
  }

  void make_parts() {
    engine_ = std::make_unique<engine::Engine>(*store_, services(), clock_);
    engine_->set_loans(ground_.loans);
    const auto& folder = deployment_.folder;
    engine::Lineup lineup{deployment_.registry, deployment_.programs, folder.connections};
    for (const auto& [name, connection] : folder.connections) lineup.renewed.insert(name);
    must(engine_->deploy(std::move(lineup), deployment_.secrets));
    hooks_ = std::make_unique<intake::Hooks>(*store_, clock_);
    hooks_->deploy(must(deploy::make_hooks(deployment_, services(), deployment_.pipelines(), deploy::Calls::rehearsed)));
    sources_ = std::make_unique<deploy::Sources>(services(), *store_, clock_);
    sources_->judge_by([this] { return ground_.loans; });
    sources_->adopt({}, must(sources_->ready(deployment_, deployment_.pipelines())));
  }

  void know_loans() {
    if (!case_.links.empty())
      must(store_->run([&](journal::Writer& writer) {
        for (const auto& link : case_.links) writer.put(link);
      }));
    if (!case_.suppressed.empty())
      must(store_->run([&](journal::Writer& writer) {
        for (const auto& [key, reason] : case_.suppressed) writer.put(journal::Suppression{key, reason, "milepost test", clock_.now()});
      }));
    for (const auto& [subject, known] : case_.loans) {
      Time since = clock_.now();
      if (const auto text = get<std::string>(known, "/stage_since")) telemetry::from_text(*text, since);
      const Json fields = said_of(known);
      if (auto fault = loans::fault_in(fields, *ground_.loans); !fault.empty()) throw Stuck("loans." + subject + ": " + fault);
      journal::Event before;
      before.subject = subject;
      before.time = before.accepted_at = since;
      const auto merged = loans::merge(nullptr, fields, before, *ground_.loans);
      if (!merged) continue;
      must(store_->run([&](journal::Writer& writer) {
        writer.append({subject, 1, 0, clock_.now(), milepost::text(merged->state)});
      }));
    }
    must(loans::adopt(*store_, *ground_.loans));  // sets their timers
  }

  // ---- what comes in ----

  const config::Pipeline& pipeline(const std::string& name) const {
    for (const auto& program : deployment_.programs)
      if (program->pipeline.name == name) return program->pipeline;
    throw Stuck("there is no pipeline " + name);
  }
  const config::Source& source_of(const std::string& name, const std::string& wanted) const {
    for (const auto& source : pipeline(name).sources)
      if (source.use == wanted || (!source.path.empty() && source.path == wanted)) return source;
    throw Stuck("the pipeline " + name + " has no source " + wanted);
  }

  void deliver(const Stimulus& entry) {
    const auto& source = source_of(entry.pipeline, entry.source);
    if (!source.path.empty() && !entry.decoded) {
      auto headers = entry.headers;
      if (std::ranges::none_of(headers, [](const auto& one) { return same_header(one.first, "Content-Type"); }))
        headers.emplace_back("Content-Type", "application/json");
      return call(source.path, "", headers, entry.body);
    }
    const auto field = [&](const char* name) {
      const auto found = entry.event.find(name);
      return found == entry.event.end() ? std::string() : found->second;
    };
    Event event;
    event.id = field("id");
    event.type = field("type");
    event.subject = field("subject");
    event.actor = field("actor");
    event.reason = field("reason");
    event.revision = field("revision");
    event.time = clock_.now();
    if (Time time; telemetry::from_text(field("time"), time)) event.time = time;
    event.payload = Document(entry.body);
    const auto& into = pipeline(entry.pipeline);
    intake::Feed feed({into.name, source.use, into.version, "", 202}, must(deploy::mapping_of(into)), "milepost test", *store_, clock_);
    const auto before = store_->newest();
    const auto counts = must(feed.store({event}, ""));
    Json answer{{"answer", counts.accepted > 0 ? "accepted" : counts.duplicate > 0 ? "duplicate" : "quarantined"}};
    // The next one, and not the newest: whoever follows the pipeline may have journaled his own since.
    for (const auto& stored : store_->events({.pipeline = into.name, .after = before, .limit = 1, .oldest_first = true})) answer["receipt"] = stored.receipt;
    answers_.push_back(std::move(answer));
  }

  void call(const std::string& path, const std::string& query, const HttpHeaders& headers, const std::string& body) {
    http::Incoming request;
    request.method = "POST";
    request.path = path;
    request.query = query;
    request.target = path + (query.empty() ? "" : "?" + query);
    request.headers = {headers.begin(), headers.end()};
    request.body = body;
    request.peer = "milepost test";
    request.scheme = "https";
    const auto answer = http::answer_to([&](http::Responder respond) { hooks_->handle(std::move(request), std::move(respond)); });
    const auto told = read_json(answer.body).value_or(Json::object());
    if (answer.status == 204) return answers_.push_back({{"answer", "nothing"}});
    if (answer.status > 299)
      return answers_.push_back({{"answer", "refused"}, {"reason", get<std::string>(told, "/detail").value_or("")}});
    const auto one = [&](const Json& event) {
      answers_.push_back({{"answer", get<std::string>(event, "/status").value_or("")},
                          {"receipt", get<std::string>(event, "/id").value_or("")}});
    };
    if (const Json* several = milepost::find(told, "/events"); several != nullptr && several->is_array())
      for (const auto& event : *several) one(event);
    else
      one(told);
  }

  void emit(const Stimulus& entry) {
    Json emission = entry.emission;
    // To the hook that it names by its path, else to the vendor's first.
    const auto wanted = get<std::string>(emission, "/url").value_or("");
    const auto path = wanted.substr(0, wanted.find('?'));
    const config::Source* into = nullptr;
    for (const auto& program : deployment_.programs)
      for (const auto& source : program->pipeline.sources)
        if (into == nullptr && !source.path.empty() && (path.empty() ? source.use.starts_with(entry.vendor + ".") : source.path == path)) into = &source;
    if (into == nullptr && !path.empty()) throw Stuck("no pipeline of this file has a hook at " + path);
    if (emission.is_object() && into != nullptr) emission["url"] = "https://milepost.test" + (wanted.empty() ? into->path : wanted);
    if (emission.is_object() && !emission.contains("secret")) emission["secret"] = "made-up";
    for (const auto& request : must(doubles_.emit(entry.vendor, emission))) {
      // Without a hook it may still put something where a poll finds it.
      if (into == nullptr) throw Stuck(entry.vendor + " would send a webhook, and no pipeline of this file has a source of it that takes one");
      const auto mark = request.target.find('?');
      call(into->path, mark == request.target.npos ? "" : request.target.substr(mark + 1), request.headers, request.body);
    }
  }

  const CaseFile& file_;
  const Case& case_;
  const Ground& ground_;
  deploy::Deployment deployment_;  ///< of the pipelines here
  std::vector<std::string> hidden_;
  std::optional<Time> paused_since_;
  telemetry::VirtualClock clock_;
  Doubles doubles_;
  const std::string path_;
  std::unique_ptr<journal::Store> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<intake::Hooks> hooks_;
  std::unique_ptr<deploy::Sources> sources_;
  std::vector<Json> answers_;  ///< {"answer", "receipt", "reason"} of what was delivered, in order
};

}  // namespace

Played play(const CaseFile& file, const Case& what, const Ground& ground, std::size_t number) {
  Played out;
  try {
    World world(file, what, ground, number);
    std::string failure;
    try {
      world.build();
      world.run();
    } catch (const Stuck& stuck) {
      failure = stuck.what();
    }
    if (failure.empty()) out = world.tell();
    out.failure = failure;
  } catch (const std::exception& error) {
    out.failure = error.what();
  }
  return out;
}

}  // namespace milepost::cases
