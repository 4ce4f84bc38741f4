#include "host/engine/sharing.hpp"

#include <algorithm>

#include "host/config/systems.hpp"
#include "host/loans/sync.hpp"

namespace milepost::engine {
namespace {

using loans::Holdings;

Holdings holdings_of(journal::Writer& writer, const std::string& subject, const std::string& system) {
  const auto all = writer.holdings(subject);
  const auto found = all.find(system);
  return found == all.end() ? Holdings() : Holdings::from(found->second);
}

Json fields_now(journal::Writer& writer, const std::string& subject) {
  const auto latest = writer.loan(subject);
  const Json state = latest ? read_json(latest->state).value_or(nullptr) : Json(nullptr);
  const Json* fields = find(state, "/fields");
  return fields == nullptr ? Json::object() : *fields;
}

}  // namespace

std::string shares(const loans::Model& model, const std::string& use, const std::string& connection) {
  if (model.definition().owners.empty() || connection.empty()) return "";
  auto system = config::system_of_action(model.definition(), use, connection);
  return std::ranges::find(model.systems(), system) == model.systems().end() ? "" : system;
}

journal::Work remember(Written written, Json with, std::vector<Json> seen) {
  return [written = std::move(written), with = std::move(with), seen = std::move(seen)](journal::Writer& writer) {
    const auto subject = writer.known_as(written.event.subject);
    std::map<std::string, std::vector<Json>> candidates;
    const auto add = [&](const Json& fields) {
      for (const auto& [field, rule] : written.model->definition().owners)
        if (fields.is_object() && fields.contains(field)) candidates[field].push_back(fields[field]);
    };
    for (const auto& fields : seen) add(fields);
    add(fields_now(writer, subject));
    const auto values = loans::written_in(with, candidates, *written.model, written.system);
    if (values.empty()) return;
    auto holdings = holdings_of(writer, subject, written.system);
    for (const auto& [field, value] : values) holdings.write(field, value, written.event.sequence, written.step, telemetry::to_micros(writer.now()));
    writer.put_holding(subject, written.system, holdings.json());
  };
}

journal::Work confirm(Written written, std::string version) {
  return [written = std::move(written), version = std::move(version)](journal::Writer& writer) {
    const auto subject = writer.known_as(written.event.subject);
    auto holdings = holdings_of(writer, subject, written.system);
    if (holdings.answered(written.event.sequence, written.step, version, telemetry::to_micros(writer.now())))
      writer.put_holding(subject, written.system, holdings.json());
  };
}

journal::Work forget(Written written) {
  return [written = std::move(written)](journal::Writer& writer) {
    const auto subject = writer.known_as(written.event.subject);
    auto holdings = holdings_of(writer, subject, written.system);
    if (holdings.withdraw(written.event.sequence, written.step)) writer.put_holding(subject, written.system, holdings.json());
  };
}

bool has_it_already(journal::Writer& writer, const Written& written, const Json& asked) {
  if (!asked.is_object() || asked.empty()) return false;
  const auto subject = writer.known_as(written.event.subject);
  const auto holdings = holdings_of(writer, subject, written.system);
  const Json now = fields_now(writer, subject);
  for (const auto& [field, ignored] : asked.items()) {
    const auto* rule = written.model->owner(field);
    if (rule == nullptr || !holdings.surely(field, now.contains(field) ? now[field] : Json(nullptr), rule->compare)) return false;
  }
  return true;
}

}  // namespace milepost::engine
