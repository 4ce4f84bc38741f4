#include "host/conformance/trial.hpp"

#include <algorithm>

namespace milepost::conformance {

using namespace std::chrono_literals;

namespace {

std::string list(const std::vector<ErrorKind>& kinds) {
  std::string out;
  for (const auto kind : kinds) out += (out.empty() ? "" : " or ") + std::string(name(kind));
  return out;
}

}  // namespace

Trial::Trial(Stage& stage, const Json& action) : stage_(stage), name_(get<std::string>(action, "/name").value_or("")) {
  expect(stage.sample().has_action(name_),
         "the sample says nothing of it: add \"" + name_ + "\" below \"actions\" (docs/conformance.md)");
  info_ = *stage.registry().action(stage.plugin() + "." + name_);
  account_ = stage.opened();
  // Twice: the first of all may fetch a token or make what later ones find.
  for (int i = 0; i < 2; ++i) {
    stage.vendor().disarm();
    const auto before = stage.vendor().size();
    const auto done = once(fresh());
    if (!done) failed("the sample's delivery fails against its own double: " + shown(done.error()));
    course_ = {stage.vendor().seen(), stage.vendor().size() - before};
  }
  expect(!course_.requests.empty(), "the sample's delivery sends no request: give it something to do");
}

bool Trial::wrote_before(std::size_t at) const {
  const auto end = course_.requests.begin() + static_cast<std::ptrdiff_t>(at);
  return std::any_of(course_.requests.begin(), end, [](const Seen& seen) { return seen.changed; });
}

std::vector<ErrorKind> Trial::unknown(std::size_t at) const {
  std::vector<ErrorKind> kinds;
  if (writes(at) || wrote_before(at)) kinds.push_back(ErrorKind::indeterminate);
  if (!writes(at) || info_.traits.replay != Replay::never) kinds.push_back(ErrorKind::retryable);
  return kinds;
}

Result<Answer> Trial::once(std::size_t n, std::chrono::milliseconds patience, unsigned attempt) {
  Parcel parcel;
  make_parcel(parcel, stage_.sample(), name_, n, stage_.now());
  const plugins::HostCall call(patience, {}, attempt);
  auto results = account_->action(name_)->run({&parcel.delivery, 1}, call.call());
  if (!results[0]) stage_.told(results[0].error());
  return std::move(results[0]);
}

Result<std::optional<Answer>> Trial::look_up(std::size_t n) {
  Parcel parcel;
  make_parcel(parcel, stage_.sample(), name_, n, stage_.now());
  const plugins::HostCall call(10s);
  const auto action = account_->action(name_);
  return dynamic_cast<Lookup&>(*action).find(parcel.delivery, call.call());
}

bool Trial::settle(std::size_t n, const Error& first, const std::string& where) {
  if (first.kind == ErrorKind::indeterminate && info_.lookup) {
    stage_.advance(info_.traits.settles_after + 1s);
    const auto found = look_up(n);
    if (!found) failed(where + ": the look-up that settles it fails: " + shown(stage_.told(found.error())));
    if (*found) return true;
  } else if (first.kind == ErrorKind::indeterminate && info_.traits.replay == Replay::never) {
    return false;
  }
  stage_.advance(first.retry_after.value_or(0ms) + 1min);
  const auto again = once(n, 10s, 2);
  if (!again) failed(where + ": its repeat fails: " + shown(again.error()));
  return true;
}

void Trial::run(const Fault& fault, std::size_t at, Expected expected, std::chrono::milliseconds patience) {
  const std::string where =
      "request " + std::to_string(at + 1) + " (" + course_.requests[at].method + " " + course_.requests[at].path + ")";
  const std::size_t n = fresh();
  const auto before = stage_.vendor().size();
  stage_.vendor().arm(fault, at);
  const auto result = once(n, patience);
  const auto seen = stage_.vendor().seen();
  stage_.vendor().disarm();
  if (std::none_of(seen.begin(), seen.end(), [](const Seen& one) { return one.struck; }))
    failed(where +
           ": was not sent again by a second instance; what came: " + (result ? "done" : shown(result.error())));
  // A 401 the host itself asks again, with fresh credentials, and a read whose connection was cut.
  const auto alike = [&](const Seen& one) {
    return one.method == course_.requests[at].method && one.path == course_.requests[at].path;
  };
  if (fault.how == Fault::How::answer && fault.status != 401 &&
      std::count_if(seen.begin(), seen.end(), alike) >
          std::count_if(course_.requests.begin(), course_.requests.end(), alike))
    failed(where + ": was sent again in the same call: the host repeats, by the error's kind");

  const auto grown = [&] { return stage_.vendor().size() - before; };
  bool done = true;
  if (!result) {
    const auto& error = result.error();
    // A step of an action that has written already may also call the whole unknown.
    if (wrote_before(at)) expected.kinds.push_back(ErrorKind::indeterminate);
    if (std::find(expected.kinds.begin(), expected.kinds.end(), error.kind) == expected.kinds.end())
      failed(where + ": expected " + list(expected.kinds) + ", came " + shown(error));
    if (expected.at_least.count() > 0 && error.retry_after.value_or(0ms) < expected.at_least)
      failed(where + ": the vendor asked for " + std::to_string(expected.at_least.count()) + " ms, retry_after says " +
             std::to_string(error.retry_after.value_or(0ms).count()));
    if (error.kind == ErrorKind::permanent || error.kind == ErrorKind::auth) return;
    done = settle(n, error, where);
  }
  if (done && grown() != course_.grown)
    failed(
        where + ": one delivery is one effect; the double holds " + std::to_string(grown()) +
        " values more where one effect is " + std::to_string(course_.grown) +
        (result ? ", and it was called done" : ", after " + std::string(name(result.error().kind)) + " was settled"));
  if (!done && grown() > course_.grown) failed(where + ": was left in doubt, with more than one effect");
}

}  // namespace milepost::conformance
