#include "host/loans/mail_budget.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace milepost::loans {
namespace {

constexpr const char* kQueue = "host/mail/queue";
constexpr const char* kDraw = "host/mail/draw";

std::string name_of(const PieceKey& piece) { return fmt::format("{:020}/{}", piece.event, piece.step); }

void put_item(journal::Writer& writer, const char* scope, const std::string& key, const std::string& value) {
  const auto before = writer.state(scope, key);
  writer.put_state(scope, key, value, before ? before->version : 0);
}

struct Waiting {
  std::string key;
  std::optional<double> worth;
  std::int64_t since = 0;
  bool granted = false;

  /// {"worth", "since", "granted"}.
  static Waiting from(const std::string& key, const std::string& value) {
    const auto json = read_json(value).value_or(nullptr);
    Waiting out{key, {}, get<std::int64_t>(json, "/since").value_or(0), get<bool>(json, "/granted").value_or(false)};
    if (const auto worth = get<double>(json, "/worth")) out.worth = *worth;
    return out;
  }
  std::string text() const {
    Json out{{"since", since}};
    if (worth) out["worth"] = *worth;
    if (granted) out["granted"] = true;
    return milepost::text(out);
  }
};

/// The draw that was due last: the latest time of that kind that is not after `now`.
Time last_draw(const Calendar& calendar, std::chrono::minutes at, Time now) {
  Time draw = calendar.next(at, now - std::chrono::days(3));
  for (auto next = draw; next <= now; next = calendar.next(at, next)) draw = next;
  return draw;
}

void draw_turns(journal::Writer& writer, const config::MailBudget& budget, Time draw) {
  std::vector<Waiting> waiting;
  std::size_t granted = 0;  // before, and not gone yet: their connection is away. They go beside those of today
  for (const auto& [key, value] : writer.states(kQueue)) {
    auto one = Waiting::from(key, value);
    const auto event = writer.event(std::stoull(key.substr(0, 20)));
    // Given up meanwhile, or settled by a person.
    if (!event || event->state == journal::EventState::done || event->state == journal::EventState::dead) writer.drop_state(kQueue, key);
    else if (one.granted) ++granted;
    else if (one.since < telemetry::to_micros(draw)) waiting.push_back(std::move(one));
  }
  std::ranges::sort(waiting, [](const Waiting& a, const Waiting& b) {
    if (a.worth != b.worth) return b.worth < a.worth;  // none is the least
    return a.since != b.since ? a.since < b.since : a.key < b.key;
  });
  waiting.resize(std::min(waiting.size(), budget.a_day - std::min(budget.a_day, granted)));
  for (auto& chosen : waiting) {
    chosen.granted = true;
    put_item(writer, kQueue, chosen.key, chosen.text());
  }
  put_item(writer, kDraw, "last", std::to_string(telemetry::to_micros(draw)));
}

}  // namespace

void take_turn(journal::Writer& writer, const Model& model, const PieceKey& piece, MailVerdict& verdict, Time now) {
  const auto& rules = model.mail().rules();
  if (!rules || !rules->budget) return;
  const auto& budget = *rules->budget;
  const auto key = name_of(piece);
  const auto wait = [&] {
    verdict.kind = MailVerdict::Kind::wait;
    verdict.until = model.calendar().next(budget.at, now);
    verdict.reason = fmt::format("{} pieces a day: its turn is drawn at {}", budget.a_day, telemetry::to_text(verdict.until));
  };
  auto item = writer.state(kQueue, key);
  if (!item) {
    put_item(writer, kQueue, key, Waiting{key, verdict.worth, telemetry::to_micros(now), false}.text());
    return wait();
  }
  const auto draw = last_draw(model.calendar(), budget.at, now);
  const auto drawn = writer.state(kDraw, "last");
  if (draw <= now && (!drawn || std::stoll(drawn->value) < telemetry::to_micros(draw))) {
    draw_turns(writer, budget, draw);
    item = writer.state(kQueue, key);
  }
  const auto mine = item ? Waiting::from(key, item->value) : Waiting();
  if (mine.granted) return leave_queue(writer, piece);
  if (budget.lapse && now - telemetry::from_micros(mine.since) >= *budget.lapse) {
    verdict.kind = MailVerdict::Kind::lapse;
    verdict.reason = "it waited for its turn in the day's budget since " + telemetry::to_text(telemetry::from_micros(mine.since)) + ": lapsed";
    return leave_queue(writer, piece);
  }
  wait();
}

void leave_queue(journal::Writer& writer, const PieceKey& piece) {
  writer.drop_state(kQueue, name_of(piece));
}

}  // namespace milepost::loans
