// Loans: the list, one with its way through the stages, and its revisions.
#include <algorithm>

#include "host/api/routes.hpp"
#include "host/audit/trail.hpp"
#include "host/loans/loan_state.hpp"
#include "host/loans/pieces.hpp"
#include "host/loans/signals.hpp"

namespace milepost::api {
namespace {

constexpr std::size_t kLoansPage = 500;
/// So many loans are looked at for one answer: a filter that fits few gives an early `next`.
constexpr std::size_t kMostLoans = 50'000;

Json parsed_state(const journal::LoanRevision& revision) { return read_json(revision.state).value_or(nullptr); }

Json summary(const Sources& sources, const journal::LoanRevision& revision, const loans::Model& model) {
  return {{"subject", revision.subject},
          {"revision", revision.revision},
          {"time", telemetry::to_text(revision.time)},
          {"state", loans::view(parsed_state(revision), model, sources.clock->now(), revision.subject)}};
}

bool fits(const Json& state, const Query& query) {
  for (const char* field : {"stage", "branch", "broker", "loan_type"}) {
    const auto wanted = query.text(field == std::string_view("loan_type") ? "type" : field);
    if (!wanted) continue;
    const Json* value = find(state, std::string("/") + field);
    if (value == nullptr || (value->is_string() ? value->get<std::string>() : text(*value)) != *wanted) return false;
  }
  if (const auto stuck = query.text("stuck"); stuck && get<bool>(state, "/stuck").value_or(false) != (*stuck == "yes")) return false;
  if (const auto overdue = query.text("overdue"); overdue && (get<std::uint64_t>(state, "/overdue_tasks").value_or(0) > 0) != (*overdue == "yes"))
    return false;
  return true;
}

/// What the vendor said to a piece of mail; null where it is not known yet, or pruned.
Json answer_to(const Sources& sources, const journal::MailPiece& piece) {
  for (const auto& effect : sources.store->effects(piece.event))
    if (effect.step == piece.step) return read_json(effect.answer).value_or(nullptr);
  return nullptr;
}

Json told_json(const loans::Told& told) {
  Json out{{"time", telemetry::to_text(told.at)}, {"piece", told.piece}, {"state", told.state}};
  if (!told.by.empty()) out["by"] = told.by;
  return out;
}

/// From the first piece (or the moment at which it was held out) on: pieces, what is told of them, responses and moves of the loan, in order.
Json chain_of(const Json& loan, const std::vector<loans::Told>& told) {
  std::vector<Json> links;
  std::string first;
  const auto add = [&](const std::string& time, const char* what, const Json& more) {
    Json link{{"time", time}, {"what", what}};
    link.update(more);
    links.push_back(std::move(link));
  };
  const auto begins = [&](const std::string& time) { first = first.empty() ? time : std::min(first, time); };
  for (const auto& piece : *find(loan, "/mail")) {
    const auto sent = get<std::string>(piece, "/sent_at").value_or("");
    begins(sent);
    Json more{{"step", piece.at("step")}, {"use", piece.at("use")}};
    if (const auto code = get<std::string>(piece, "/answer/tracking_code")) more["piece"] = *code;
    add(sent, "mailed", more);
    if (const auto back = get<std::string>(piece, "/recalled_at")) add(*back, "asked_back", {{"step", piece.at("step")}});
  }
  if (const auto held = get<std::string>(loan, "/held_out_at")) begins(*held), add(*held, "held_out", Json::object());
  if (first.empty()) return Json::array();
  for (const auto& one : told) add(telemetry::to_text(one.at), one.by.empty() ? "told" : "responded", told_json(one));
  for (const auto& stay : *find(loan, "/path"))
    if (const auto since = get<std::string>(stay, "/since").value_or(""); since >= first) add(since, "stage", {{"stage", stay.at("stage")}});
  std::ranges::stable_sort(links, {}, [](const Json& link) { return link.at("time").get<std::string>(); });
  return links;
}

http::Outgoing no_such_loan() { return http::problem(404, "Not Found", "No track step has told of a loan of this name."); }

}  // namespace

Json loan_view(const Sources& sources, const journal::LoanRevision& revision) {
  return loans::view(parsed_state(revision), *sources.loans(), sources.clock->now(), revision.subject);
}

Json loan_path(const Sources& sources, const journal::LoanRevision& revision) {
  const auto model = sources.loans();
  const auto stays = loans::Path::from(parsed_state(revision)).stays();
  Json out = Json::array();
  for (std::size_t i = 0; i < stays.size(); ++i) {
    const auto since = telemetry::from_micros(stays[i].since);
    const bool last = i + 1 == stays.size();
    const auto until = last ? sources.clock->now() : telemetry::from_micros(stays[i + 1].since);
    Json stay{{"stage", stays[i].stage}, {"since", telemetry::to_text(since)}};
    if (!last) stay["until"] = telemetry::to_text(until);
    stay["days"] = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::days>(until - since).count());
    stay["business_days"] = model->calendar().business_days(since, until);
    if (const auto event = sources.store->event(stays[i].event)) stay["event"] = event->receipt;
    out.push_back(std::move(stay));
  }
  return out;
}

http::Outgoing list_loans(const Sources& sources, const Request& request) {
  const auto& query = request.query;
  const auto limit = static_cast<std::size_t>(query.number("limit", 50));
  const auto model = sources.loans();
  Json body{{"loans", Json::array()}};
  std::string after = query.text("after").value_or("");
  for (std::size_t looked = 0; looked < kMostLoans;) {
    const auto page = sources.store->loans(after, kLoansPage);
    for (const auto& revision : page) {
      ++looked;
      Json loan = summary(sources, revision, *model);
      const bool wanted = fits(loan["state"], query);
      if (wanted && body["loans"].size() == limit) {
        body["next"] = after;
        return json_answer(body);
      }
      after = revision.subject;
      if (wanted) body["loans"].push_back(std::move(loan));
    }
    if (page.size() < kLoansPage) return json_answer(body);
  }
  body["next"] = after;
  return json_answer(body);
}

http::Outgoing show_loan(const Sources& sources, const Request& request) {
  const auto subject = sources.store->known_as(request.key);
  const auto revision = sources.store->loan(subject);
  if (!revision) return no_such_loan();
  Json body = summary(sources, *revision, *sources.loans());
  if (const auto names = sources.store->names_of(subject); !names.empty()) body["names"] = names;
  body["path"] = loan_path(sources, *revision);
  Json mail = Json::array();
  const auto told = loans::told_of_pieces(parsed_state(*revision));
  for (const auto& piece : sources.store->mail_of(subject)) {
    const auto answer = answer_to(sources, piece);
    Json shown{{"step", piece.step}, {"use", piece.action}, {"connection", piece.connection}, {"sent_at", telemetry::to_text(piece.sent_at)}};
    if (piece.recalled_at) shown["recalled_at"] = telemetry::to_text(*piece.recalled_at);
    if (const auto event = sources.store->event(piece.event)) shown["event"] = event->receipt;
    if (const Json* answered = find(answer, "/body")) shown["answer"] = *answered;
    shown["told"] = Json::array();
    for (const auto& one : told)
      if (loans::names_piece(answer, one.piece)) shown["told"].push_back(told_json(one));
    mail.push_back(std::move(shown));
  }
  body["mail"] = std::move(mail);
  if (const auto held = sources.store->state(loans::kHeldOutScope, subject)) body["held_out_at"] = telemetry::to_text(telemetry::from_micros(std::stoll(held->value)));
  body["chain"] = chain_of(body, told);
  return json_answer(body);
}

http::Outgoing loan_history(const Sources& sources, const Request& request) {
  const auto limit = static_cast<std::size_t>(request.query.number("limit", 50));
  const auto subject = sources.store->known_as(request.key);
  auto revisions = sources.store->loan_history(subject, static_cast<std::int64_t>(request.query.number("before", 0)), limit + 1);
  if (revisions.empty() && !sources.store->loan(subject)) return no_such_loan();
  Json body{{"subject", subject}, {"revisions", Json::array()}};
  const bool more = revisions.size() > limit;
  if (more) revisions.resize(limit);
  for (const auto& revision : revisions) {
    const auto state = parsed_state(revision);
    const Json* fields = find(state, "/fields");
    Json shown{{"revision", revision.revision}, {"time", telemetry::to_text(revision.time)}, {"fields", fields == nullptr ? Json::object() : *fields}};
    if (const auto event = sources.store->event(revision.event)) shown["event"] = event->receipt, shown["pipeline"] = event->pipeline, shown["type"] = event->type;
    body["revisions"].push_back(std::move(shown));
  }
  if (more) body["next"] = revisions.back().revision;
  return json_answer(body);
}

http::Outgoing show_signals(const Sources& sources, const Request& request) {
  const auto& query = request.query;
  const auto now = sources.clock->now();
  loans::Period period{.since = now - std::chrono::days(30), .until = now, .by = query.text("by").value_or(""), .only = {}};
  for (const auto& [name, out] : {std::pair("since", &period.since), std::pair("until", &period.until)})
    if (const auto written = query.text(name)) {
      const auto time = time_of(sources, name, *written);
      if (!time) return http::problem(400, "Bad Request", time.error().message);
      *out = std::min<telemetry::Time>(*time, now);
    }
  if (period.since >= period.until) return http::problem(400, "Bad Request", "since: the period is empty; `since` lies before `until`");
  for (const char* field : {"branch", "broker", "loan_type"})
    if (const auto value = query.text(field == std::string_view("loan_type") ? "type" : field)) period.only[field] = *value;
  const auto model = sources.loans();
  Json body{{"since", telemetry::to_text(period.since)}, {"until", telemetry::to_text(period.until)}, {"groups", Json::array()}};
  if (!period.by.empty()) body["by"] = period.by;
  for (const auto& [group, figures] : loans::signals(*sources.store, *model, period)) {
    Json told = loans::to_json(figures, *model);
    if (!period.by.empty()) told["group"] = group;
    body["groups"].push_back(std::move(told));
  }
  return json_answer(body);
}

http::Outgoing find_link(const Sources& sources, const Request& request) {
  const auto part = [&](const char* name) { return request.query.text(name).value_or(""); };
  const auto system = part("system"), type = part("type"), id = part("id");
  const auto subject = sources.store->linked(system, type, id);
  Json links = Json::array();
  if (subject) links.push_back({{"system", system}, {"type", type}, {"id", id}, {"subject", *subject}});
  return json_answer({{"links", std::move(links)}});
}

http::Outgoing list_suppressions(const Sources& sources, const Request& request) {
  const auto limit = static_cast<std::size_t>(request.query.number("limit", 50));
  auto found = sources.store->suppressions(request.query.text("after").value_or(""), limit + 1);
  const bool more = found.size() > limit;
  if (more) found.resize(limit);
  Json body{{"suppressions", Json::array()}};
  for (const auto& one : found)
    body["suppressions"].push_back({{"key", one.key}, {"reason", one.reason}, {"user", one.user}, {"since", telemetry::to_text(one.since)}});
  if (more) body["next"] = found.back().key;
  return json_answer(body);
}

namespace {

/// Puts a name on the list, or takes it off; audited under the person's name.
http::Outgoing set_suppressed(const Sources& sources, const Request& request, bool suppressed) {
  const auto key = get<std::string>(request.body, "/key").value_or(""), reason = get<std::string>(request.body, "/reason").value_or("");
  bool there = true;
  const auto written = sources.store->run([&](journal::Writer& writer) {
    if (suppressed) writer.put(journal::Suppression{key, reason, request.user, writer.now()});
    else there = writer.remove_suppression(key);
    if (!there) return;
    audit::append(writer, {.kind = "admin", .user = request.user, .action = suppressed ? "mail.suppress" : "mail.unsuppress", .subject = {}, .pipeline = {}, .version = {},
                           .event = {}, .step = {}, .outcome = {}, .plugin = {}, .details = {{"key", key}, {"reason", reason}}});
  });
  if (!written) return refusal(written.error());
  if (!there) return http::problem(404, "Not Found", "The suppression list does not hold it.");
  return json_answer({{"key", key}, {"suppressed", suppressed}});
}

}  // namespace

http::Outgoing add_suppression(const Sources& sources, const Request& request) { return set_suppressed(sources, request, true); }
http::Outgoing remove_suppression(const Sources& sources, const Request& request) { return set_suppressed(sources, request, false); }

}  // namespace milepost::api
