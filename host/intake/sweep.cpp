#include "host/intake/sweep.hpp"

#include <algorithm>
#include <utility>

#include "host/config/links.hpp"
#include "host/loans/loan_state.hpp"
#include "host/telemetry/ids.hpp"
#include "milepost/settings.hpp"

namespace milepost::intake {
namespace {

constexpr std::size_t kLoansAtOnce = 256;  // they share one commit, which others wait for
constexpr std::size_t kLongestId = 256;

std::optional<std::chrono::milliseconds> span_of(const Json& with, const char* pointer) {
  const auto span = parse_duration(get<std::string>(with, pointer).value_or(""));
  return span ? std::optional<std::chrono::milliseconds>(*span) : std::nullopt;
}

}  // namespace

Event swept_event(const journal::LoanRevision& loan, telemetry::Time at, const loans::Model& model, telemetry::Time now) {
  const auto when = telemetry::to_text(at);
  Event event;
  event.id = when + "/" + loan.subject;
  if (event.id.size() > kLongestId) event.id = when + "/" + telemetry::hex(telemetry::sha256(loan.subject));
  event.type = "loan";
  event.subject = loan.subject;
  event.time = at;
  event.payload = Document(text(Json{{"at", when},
                                     {"loan", loan.subject},
                                     {"revision", loan.revision},
                                     {"changed_at", telemetry::to_text(loan.time)},
                                     {"state", loans::view(read_json(loan.state).value_or(nullptr), model, now, loan.subject)}}));
  return event;
}

Sweep::Sweep(const Json& with, const journal::Store& store, const telemetry::Clock& clock, CurrentModel model)
    : stages_(config::texts(with, "/stages")), ended_(span_of(with, "/ended")), changed_(span_of(with, "/changed")), store_(store), clock_(clock), model_(std::move(model)) {
  const Json* ended = find(with, "/ended");
  if (ended == nullptr) ended_ = std::chrono::days(7);
}

bool Sweep::takes(const journal::LoanRevision& loan, const loans::Model& model, telemetry::Time now) const {
  if (changed_ && now - loan.time > *changed_) return false;
  const auto state = read_json(loan.state).value_or(nullptr);
  const auto stage = get<std::string>(state, "/fields/stage").value_or("");
  if (!stages_.empty() && std::ranges::find(stages_, stage) == stages_.end()) return false;
  if (!ended_ || (!model.terminal(stage) && stage != model.definition().stages.back())) return true;
  const auto since = get<std::int64_t>(state, "/since/stage");
  return !since || now - telemetry::from_micros(*since) <= *ended_;
}

Result<Sweep::Page> Sweep::page(telemetry::Time at, const std::string& after) const {
  const auto model = model_();
  const auto now = clock_.now();
  try {
    const auto loans = store_.loans(after, kLoansAtOnce);
    Page out{{}, after, loans.size() < kLoansAtOnce};
    for (const auto& loan : loans) {
      out.next = loan.subject;
      if (takes(loan, *model, now)) out.events.push_back(swept_event(loan, at, *model, now));
    }
    return out;
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

}  // namespace milepost::intake
