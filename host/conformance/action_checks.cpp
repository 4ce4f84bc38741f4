#include <algorithm>
#include <deque>

#include "host/conformance/checks.hpp"
#include "host/conformance/error_table.hpp"
#include "host/conformance/stopping.hpp"
#include "host/conformance/trial.hpp"
#include "host/conformance/usage.hpp"

namespace milepost::conformance {
namespace {

using namespace std::chrono_literals;
using How = Fault::How;
using Kinds = std::vector<ErrorKind>;

Expected expected(const TableRow& row, const Trial& trial, std::size_t at) {
  if (row.meaning == TableRow::Meaning::known) return {{row.kind}, row.at_least};
  // An answer that is no answer: a read may be called anything but a defect.
  if (row.meaning == TableRow::Meaning::nonsense && !trial.writes(at))
    return {{ErrorKind::retryable, ErrorKind::permanent, ErrorKind::indeterminate}, {}};
  return {trial.unknown(at), {}};
}

std::string strike(Stage& stage, const Json& action, const TableRow& row) {
  Trial trial(stage, action);
  for (std::size_t at = 0; at < trial.course().requests.size(); ++at) {
    const Fault fault = row.at(stage.now());  // settling moves the clock
    trial.run(fault, at, expected(row, trial, at), row.patience);
  }
  const auto count = trial.course().requests.size();
  return std::to_string(count) + (count == 1 ? " request" : " requests");
}

std::string refused_connection(Stage& stage, const Json& action) {
  Trial trial(stage, action);
  stage.vendor().leave();
  const auto result = trial.once(trial.fresh());
  expect(!result, "expected retryable, came an answer though nobody listens");
  expect(result.error().kind == ErrorKind::retryable, "expected retryable, came " + shown(result.error()));
  return "";
}

/// Returns within a second of being stopped, whatever it waits for; sends nothing when it was stopped before.
std::string stop(Stage& stage, const Json& action) {
  Trial trial(stage, action);
  const auto name = get<std::string>(action, "/name").value_or("");
  std::chrono::milliseconds longest{0};
  for (std::size_t at = 0; at <= trial.course().requests.size(); ++at) {
    const bool before = at == trial.course().requests.size();
    Parcel parcel;
    make_parcel(parcel, stage.sample(), name, trial.fresh(), stage.now());
    stage.vendor().arm({.how = How::hang}, at);
    const Stopping stopping(stage.vendor(), before);
    const plugins::HostCall call(20s, std::ref(stopping));
    auto results = trial.account().action(name)->run({&parcel.delivery, 1}, call.call());
    const auto took = stopping.took();
    longest = std::max(longest, took);
    const auto sent = stage.vendor().seen().size();
    stage.vendor().disarm();
    expect(took < 1s, "returned " + std::to_string(took.count()) + " ms after it was stopped, expected less than 1000");
    if (results[0]) continue;
    const auto kind = stage.told(results[0].error()).kind;
    if (before) expect(sent == 0, "sent " + std::to_string(sent) + " requests though it was stopped before");
    auto kinds = before ? Kinds{ErrorKind::cancelled} : trial.unknown(at);
    if (!before && !trial.writes(at)) kinds.push_back(ErrorKind::cancelled);
    expect(std::find(kinds.begin(), kinds.end(), kind) != kinds.end(),
           std::string(before ? "stopped before it began" : "stopped while it waited") + ": expected " +
               std::string(milepost::name(kinds[0])) + ", came " + shown(results[0].error()));
  }
  return "after at most " + std::to_string(longest.count()) + " ms";
}

/// The delivery lacks a key that its settings call mandatory: an expression gave nil. Nullopt: there is no such key.
std::optional<Json> spoilt(const Json& action, Json with) {
  const Json* needed = find(action, "/settings/required");
  if (needed == nullptr || needed->empty()) return std::nullopt;
  with.erase((*needed)[0].get<std::string>());
  return with;
}

std::string missing_settings(Stage& stage, const Json& action) {
  Trial trial(stage, action);
  const auto name = get<std::string>(action, "/name").value_or("");
  const Json* needed = find(action, "/settings/required");
  std::size_t count = 0;
  for (std::size_t i = 0; needed != nullptr && i < needed->size(); ++i, ++count) {
    const auto key = (*needed)[i].get<std::string>();
    Parcel parcel;
    make_parcel(parcel, stage.sample(), name, trial.fresh(), stage.now());
    parcel.delivery.with.erase(key);
    const plugins::HostCall call(10s);
    const auto before = stage.vendor().size();
    const auto results = trial.account().action(name)->run({&parcel.delivery, 1}, call.call());
    expect(!results[0], "without " + key + ": expected permanent, came an answer");
    const auto& error = stage.told(results[0].error());
    expect(error.kind == ErrorKind::permanent, "without " + key + ": expected permanent, came " + shown(error));
    expect(error.message.find(key) != error.message.npos,
           "without " + key + ": the error does not name it: " + error.message);
    expect(stage.vendor().size() == before, "without " + key + ": it was refused, but the double has changed");
  }
  return std::to_string(count) + " keys";
}

/// As many results as deliveries, in order; a bad one spoils no other.
std::string batch(Stage& stage, const Json& action) {
  Trial trial(stage, action);
  const auto name = get<std::string>(action, "/name").value_or("");
  const std::size_t size = std::min<std::size_t>(trial.info().traits.max_batch, 5);
  for (std::size_t bad = 0; bad <= size; ++bad) {  // == size: none
    std::deque<Parcel> parcels;
    std::vector<Delivery> deliveries;
    bool spoils = false;
    for (std::size_t i = 0; i < size; ++i) {
      make_parcel(parcels.emplace_back(), stage.sample(), name, trial.fresh(), stage.now());
      deliveries.push_back(parcels.back().delivery);
      if (i != bad) continue;
      if (auto with = spoilt(action, deliveries.back().with)) deliveries.back().with = std::move(*with), spoils = true;
    }
    const plugins::HostCall call(10s);
    const auto before = stage.vendor().size();
    const auto results = trial.account().action(name)->run(deliveries, call.call());
    for (std::size_t i = 0; i < size; ++i) {
      const std::string which = "delivery " + std::to_string(i + 1) + " of " + std::to_string(size);
      if (!results[i]) stage.told(results[i].error());
      if (spoils && i == bad)
        expect(!results[i] && results[i].error().kind == ErrorKind::permanent,
               which + " lacks a mandatory key: expected permanent, came " +
                   (results[i] ? std::string("an answer") : shown(results[i].error())));
      else
        expect(results[i].has_value(), which + ", beside " + (spoils ? "a bad one" : "good ones") +
                                           ": expected an answer, came " +
                                           (results[i] ? "" : shown(results[i].error())));
    }
    const auto good = spoils ? size - 1 : size;
    expect(stage.vendor().size() - before == good * trial.course().grown,
           "of " + std::to_string(good) + " good deliveries the double holds " +
               std::to_string(stage.vendor().size() - before) + " values, expected " +
               std::to_string(good * trial.course().grown));
    // Once more, the other way round: each answer belongs to its delivery.
    if (spoils || trial.info().traits.replay == Replay::never) continue;
    std::vector<Delivery> turned(deliveries.rbegin(), deliveries.rend());
    const auto again = trial.account().action(name)->run(turned, call.call());
    for (std::size_t i = 0; i < size; ++i) {
      const auto& other = again[size - 1 - i];
      expect(other.has_value(), "repeated: expected an answer, came " + (other ? "" : shown(other.error())));
      if (results[i]->record && other->record)
        expect(results[i]->record->id == other->record->id,
               "the answers are out of order: delivery " + std::to_string(i + 1) + " got record " +
                   results[i]->record->id + ", and " + other->record->id + " when sent in reverse");
    }
    expect(stage.vendor().size() - before == size * trial.course().grown,
           "the same keys once more are a second effect");
  }
  return "of " + std::to_string(size);
}

std::optional<std::chrono::milliseconds> wait_asked(const Result<Answer>& result) {
  if (result || result.error().kind != ErrorKind::rate_limited) return std::nullopt;
  return result.error().retry_after.value_or(1min);
}

/// Memory flat, no thread and no descriptor left.
std::string endurance(Stage& stage, const Json& action) {
  Trial trial(stage, action);
  const auto name = get<std::string>(action, "/name").value_or("");
  stage.vendor().disarm();
  stage.vendor().watch(false);
  const std::size_t count = stage.job().deliveries;
  Usage middle;
  auto acting = trial.account().action(name);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 50 == 0) stage.vendor().reset();  // the double must not be what grows
    if (i % 50 == 0) acting = trial.account().action(name);
    stage.advance(1s);
    Parcel parcel;
    make_parcel(parcel, stage.sample(), name, i % 50, stage.now());
    const plugins::HostCall call(10s), later(10s);
    auto results = acting->run({&parcel.delivery, 1}, call.call());
    if (const auto wait = wait_asked(results[0])) {  // the double has its vendor's limits
      stage.advance(*wait);
      results = acting->run({&parcel.delivery, 1}, later.call());
    }
    if (!results[0]) failed("delivery " + std::to_string(i + 1) + ": " + shown(stage.told(results[0].error())));
    if (i + 1 == count / 2) middle = Usage::now();  // caches and pools are filled by then
  }
  acting.reset();
  return flat(middle, count - count / 2);
}

}  // namespace

std::vector<Check> action_checks(const Json& action, std::size_t deliveries) {
  const auto prefix = get<std::string>(action, "/name").value_or("") + ": ";
  std::vector<Check> out;
  const auto add = [&](const char* name, std::string (*run)(Stage&, const Json&), std::chrono::seconds patience = 20s) {
    out.push_back({prefix + name, [run, &action](Stage& stage) { return run(stage, action); }, patience});
  };
  add("mandatory settings", missing_settings);
  add("results in order, a bad one alone", batch);
  add("stops within 1 s", stop);
  add("connection refused", refused_connection);
  for (const auto& row : error_table())
    out.push_back({prefix + row.name, [row, &action](Stage& stage) { return strike(stage, action, row); }, 40s});
  add("memory, threads, descriptors", endurance, (60s + std::chrono::seconds(deliveries / 100)) * kSlower);
  return out;
}

}  // namespace milepost::conformance
