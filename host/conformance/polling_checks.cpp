#include <algorithm>
#include <set>

#include "host/conformance/checks.hpp"
#include "host/conformance/error_table.hpp"
#include "host/conformance/stopping.hpp"
#include "host/conformance/usage.hpp"

namespace milepost::conformance {
namespace {

using namespace std::chrono_literals;
using Kinds = std::vector<ErrorKind>;

/// A polling source on its sample's account, asked as the host asks.
class Asked {
 public:
  Asked(Stage& stage, const Json& source) : stage_(stage), name_(get<std::string>(source, "/name").value_or("")) {
    expect(stage.sample().has_source(name_),
           "the sample says nothing of it: add \"" + name_ + "\" below \"sources\" (docs/conformance.md)");
    with_ = stage.sample().at("sources/" + name_ + "/with");
    if (with_.is_null()) with_ = Json::object();
    account_ = stage.opened(stage.sample().at("sources/" + name_ + "/connection"));
    again();
  }

  /// A fresh instance, as after a restart; the requests seen until then are forgotten.
  void again() {
    source_ = account_->polling(name_, with_);
    stage_.vendor().disarm();
  }
  Result<Page> poll(const Cursor& after, std::chrono::milliseconds patience = 10s,
                    const std::function<bool()>& stopped = {}) {
    const plugins::HostCall call(patience, stopped);
    auto page = source_->poll(after, 2, call.call());
    if (!page) stage_.told(page.error());
    return page;
  }
  /// The page after `after`; a failure ends the check.
  Page page(const Cursor& after, const std::string& when = "") {
    auto got = poll(after);
    if (!got) failed("poll" + when + ": " + shown(got.error()));
    return std::move(*got);
  }
  /// What is handed over is hidden for a while by vendors that lend it out; the host's time passes anyway.
  void let_time_pass() { stage_.advance(1h); }
  /// "It is on disk": for sources that settle.
  void commit(const Cursor& next) {
    auto* settles = dynamic_cast<Settle*>(source_.get());
    if (settles == nullptr) return;
    for (const char* which : {"committed", "committed, once more"}) {
      const plugins::HostCall call(10s);
      if (auto done = settles->committed(next, call.call()); !done)
        failed(std::string(which) + ": " + shown(stage_.told(done.error())));
    }
  }

 private:
  Stage& stage_;
  std::string name_;
  Json with_;
  std::unique_ptr<plugins::Account> account_;
  std::unique_ptr<PollingSource> source_;
};

std::set<std::string> ids(const Page& page) {
  std::set<std::string> out;
  for (const auto& event : page.events) out.insert(event.id);
  return out;
}

/// Its pages end, a cursor leads on, and what was not journaled comes again.
std::string pages(Stage& stage, const Json& source) {
  Asked asked(stage, source);
  std::set<std::string> seen;
  Cursor cursor;
  for (int turn = 0; turn < 1000; ++turn) {
    const auto first = asked.page(cursor);
    if (first.events.empty() && first.next == cursor) {
      expect(!seen.empty(), "the double has no events for it: let the sandbox begin with some");
      return std::to_string(seen.size()) + " events";
    }
    asked.let_time_pass();
    const auto again = asked.page(cursor, ", the same cursor once more");
    expect(ids(again) == ids(first),
           "the same cursor once more gives another page: what was not journaled would be lost");
    for (const auto& event : again.events) {
      expect(read_json(event.payload.text()).has_value(), "an event's payload is no JSON");
      expect(event.id.empty() || seen.insert(event.id).second, "the cursor leads to the event " + event.id + " twice");
    }
    expect(again.next != cursor, "the cursor does not move past its events");
    asked.commit(again.next);
    cursor = again.next;
  }
  failed("the pages do not end");
}

Kinds expected(const TableRow& row) {
  if (row.meaning == TableRow::Meaning::known) return {row.kind};
  if (row.meaning == TableRow::Meaning::nonsense)
    return {ErrorKind::retryable, ErrorKind::permanent, ErrorKind::indeterminate};
  return {ErrorKind::retryable};
}

void expect_kind(const Error& error, const Kinds& kinds, const std::string& where) {
  std::string list;
  for (const auto kind : kinds) list += (list.empty() ? "" : " or ") + std::string(name(kind));
  expect(std::find(kinds.begin(), kinds.end(), error.kind) != kinds.end(),
         where + "expected " + list + ", came " + shown(error));
}

/// A fault at each of a poll's requests in turn: it is called by the table, and nothing is lost by it.
std::string strike(Stage& stage, const Json& source, const TableRow& row) {
  Asked asked(stage, source);
  const auto sound = asked.page("");
  const auto requests = stage.vendor().seen();
  expect(!requests.empty(), "a poll sends no request: there is nothing to strike");
  for (std::size_t at = 0; at < requests.size(); ++at) {
    const auto where =
        "request " + std::to_string(at + 1) + " (" + requests[at].method + " " + requests[at].path + "): ";
    asked.let_time_pass();
    asked.again();
    stage.vendor().arm(row.at(stage.now()), at);
    const auto page = asked.poll("", row.patience);
    stage.vendor().disarm();
    if (page)
      expect(row.meaning == TableRow::Meaning::nonsense && !page->events.empty(),
             where + "expected an error, came a page of " + std::to_string(page->events.size()));
    else
      expect_kind(page.error(), expected(row), where);
    if (!page && row.at_least > 0s)
      expect(page.error().retry_after.value_or(0ms) >= row.at_least,
             where + "the vendor asked for " + std::to_string(row.at_least.count()) + " s, retry_after says " +
                 std::to_string(page.error().retry_after.value_or(0ms).count()) + " ms");
    asked.let_time_pass();
    expect(ids(asked.page("", " after it, " + where)) == ids(sound),
           where + "the page after it is another: events are lost");
  }
  return std::to_string(requests.size()) + (requests.size() == 1 ? " request" : " requests");
}

std::string refused_connection(Stage& stage, const Json& source) {
  Asked asked(stage, source);
  stage.vendor().leave();
  const auto page = asked.poll("");
  expect(!page, "expected retryable, came a page though nobody listens");
  expect_kind(page.error(), {ErrorKind::retryable}, "");
  return "";
}

/// Returns within a second of being stopped; sends nothing when it was stopped before.
std::string stop(Stage& stage, const Json& source) {
  Asked asked(stage, source);
  std::chrono::milliseconds longest{0};
  for (const bool before : {true, false}) {
    asked.again();
    stage.vendor().arm({.how = Fault::How::hang}, 0);
    const Stopping stopping(stage.vendor(), before);
    const auto page = asked.poll("", 20s, std::ref(stopping));
    const auto took = stopping.took();
    const auto sent = stage.vendor().seen().size();
    stage.vendor().disarm();
    longest = std::max(longest, took);
    expect(took < 1s, "returned " + std::to_string(took.count()) + " ms after it was stopped, expected less than 1000");
    if (before) expect(sent == 0, "sent " + std::to_string(sent) + " requests though it was stopped before");
    expect(!page, "stopped while it waited: expected an error, came a page");
    expect_kind(page.error(), {ErrorKind::cancelled, ErrorKind::retryable}, "stopped: ");
  }
  return "after at most " + std::to_string(longest.count()) + " ms";
}

/// Memory flat, no thread and no descriptor left, over many polls of the first page.
std::string endurance(Stage& stage, const Json& source) {
  Asked asked(stage, source);
  stage.vendor().watch(false);
  const std::size_t count = stage.job().deliveries;
  Usage middle;
  for (std::size_t i = 0; i < count; ++i) {
    if (i == count / 2) middle = Usage::now();
    if (i % 50 == 0) stage.vendor().reset();  // a double may count how often it lent something out
    asked.let_time_pass();
    expect(!asked.page("").events.empty(), "poll " + std::to_string(i + 1) + " finds nothing, the first found some");
  }
  return flat(middle, count - count / 2);
}

}  // namespace

std::vector<Check> polling_checks(const Json& source, std::size_t deliveries) {
  const auto prefix = get<std::string>(source, "/name").value_or("") + ": ";
  std::vector<Check> out;
  const auto add = [&](const char* name, std::string (*run)(Stage&, const Json&), std::chrono::seconds patience = 20s) {
    out.push_back({prefix + name, [run, &source](Stage& stage) { return run(stage, source); }, patience});
  };
  add("pages", pages);
  add("stops within 1 s", stop);
  add("connection refused", refused_connection);
  for (const auto& row : error_table())
    out.push_back({prefix + row.name, [row, &source](Stage& stage) { return strike(stage, source, row); }, 40s});
  add("memory, threads, descriptors", endurance, (60s + std::chrono::seconds(deliveries / 100)) * kSlower);
  return out;
}

}  // namespace milepost::conformance
