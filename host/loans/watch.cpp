#include "host/loans/watch.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/host_event.hpp"
#include "host/loans/consequences.hpp"
#include "host/loans/due.hpp"
#include "host/loans/path.hpp"
#include "host/loans/signals.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::loans {
namespace {

using namespace std::chrono_literals;
using telemetry::Level;

constexpr std::size_t kPage = 256;
constexpr auto kLook = 1h;    // the clock may be set while the thread waits
constexpr auto kAgain = 30s;  // after the store failed
constexpr const char* kScope = "host/loans";
constexpr const char* kUnmapped = "host/unmapped";

/// In the writer's transaction: tells of one loan what is due, and sets its next timer.
void tell(journal::Writer& writer, const std::string& subject, const Model& model, Time now) {
  const auto latest = writer.loan(subject);
  std::optional<Time> next;
  if (latest) {
    const auto state = read_json(latest->state).value_or(nullptr);
    for (const auto& due : dues_of(subject, state, model)) {
      if (due.at > now) next = next ? std::min(*next, due.at) : due.at;
      else if (journal::raise_once(writer, due.type, subject, due.id, due.payload))
        telemetry::count("milepost_loans_due_total", {{"what", std::string(due.type.substr(due.type.find('.') + 1))}});
    }
  }
  writer.set_loan_timer(subject, next);
}

/// One loan under another model.
void adopt_one(journal::Writer& writer, const std::string& subject, const Model& model) {
  auto latest = writer.loan(subject);
  if (!latest) return;
  auto state = read_json(latest->state).value_or(nullptr);
  const auto stage_of = [](const Json& loan) { return get<std::string>(loan, "/fields/stage").value_or(""); };
  const auto before = stage_of(state);
  auto path = Path::from(state);
  if (path.map_again(model)) {
    path.write(state);
    latest->revision += 1;
    latest->state = text(state);
    writer.append(*latest);
    if (const auto stage = stage_of(state); stage != before) {
      tell_owed(writer, subject, state, model, {{"why", "mapped"}});
      if (model.terminal(stage)) recall_mail(writer, subject, model, "the loan is " + stage + ", as loans.yaml has it now");
    }
  }
  writer.set_loan_timer(subject, next_look(subject, state, model, writer.now()));
}

}  // namespace

Result<std::size_t> look_at_due(journal::Store& store, const Model& model, Time now) {
  try {
    const auto subjects = store.loans_due(now, kPage);
    if (subjects.empty()) return std::size_t{0};
    const auto told = store.run([&](journal::Writer& writer) {
      for (const auto& subject : subjects) tell(writer, subject, model, now);
    });
    if (!told) return fail(told.error());
    return subjects.size();
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

Status adopt(journal::Store& store, const Model& model) {
  try {
    const auto known = store.state(kScope, "model");
    if (known && known->value == model.digest()) return {};
    std::string after;
    for (;;) {
      const auto page = store.loans(after, kPage);
      if (page.empty()) break;
      const auto done = store.run([&](journal::Writer& writer) {
        for (const auto& loan : page) adopt_one(writer, loan.subject, model);
      });
      if (!done) return done;
      after = page.back().subject;
    }
    // A value that is mapped now is told of again, should it ever be unmapped again.
    std::vector<std::string> mapped;
    for (const auto& [key, value] : store.states(kUnmapped)) {
      const auto told = read_json(value).value_or(nullptr);
      const auto field = [&](const char* name) { return get<std::string>(told, name).value_or(""); };
      if (model.stage(field("/value"), field("/pipeline"), field("/source"))) mapped.push_back(key);
    }
    return store.run([&](journal::Writer& writer) {
      for (const auto& key : mapped)
        if (const auto item = writer.state(kUnmapped, key)) writer.put_state(kUnmapped, key, std::nullopt, item->version);
      writer.put_definition(model.digest(), "loans", "loans", text(model.json()));
      const auto before = writer.state(kScope, "model");
      writer.put_state(kScope, "model", model.digest(), before ? before->version : 0);
    });
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

Watch::Watch(journal::Store& store, telemetry::Clock& clock, CurrentModel model, std::chrono::minutes figures)
    : store_(store), clock_(clock), model_(std::move(model)), figures_(figures) {}
Watch::~Watch() { stop(); }

void Watch::start() {
  store_.on_loan_timers([this] { look(); });
  thread_ = std::jthread([this, here = clock_.attend()](const std::stop_token& stop) { run(stop); });
}

void Watch::stop() {
  if (!thread_.joinable()) return;
  store_.on_loan_timers({});
  thread_.request_stop();
  changed_.notify_all();
  thread_.join();
}

void Watch::look() {
  const std::lock_guard lock(mutex_);
  look_ = true;
  changed_.notify_all();
}

/// Does what is due; when to look next.
Result<Time> Watch::turn() {
  const auto model = model_();
  if (adopted_ != model->digest()) {
    if (auto done = adopt(store_, *model); !done) return fail(done.error());
    adopted_ = model->digest();
  }
  for (auto looked = look_at_due(store_, *model, clock_.now());; looked = look_at_due(store_, *model, clock_.now())) {
    if (!looked) return fail(looked.error());
    if (*looked == 0) break;
  }
  try {
    const auto now = clock_.now();
    Time next = now + kLook;
    if (figures_.count() > 0) {
      if (now >= figures_at_) {
        publish_signals(store_, *model, now);
        figures_at_ = now + figures_;
      }
      next = std::min(next, figures_at_);
    }
    const auto due = store_.next_loan_due();
    return due ? std::min(next, *due) : next;
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

void Watch::run(const std::stop_token& stop) {
  telemetry::name_thread("watch loans");
  while (!stop.stop_requested()) {
    const auto next = turn();
    if (!next) telemetry::log(Level::error, "loans.watch_failed", {{"reason", next.error().message}});
    std::unique_lock lock(mutex_);
    clock_.wait_until(lock, changed_, stop, next ? *next : clock_.now() + kAgain, [&] { return look_; });
    look_ = false;
  }
}

}  // namespace milepost::loans
