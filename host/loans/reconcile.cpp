#include "host/loans/reconcile.hpp"

#include <map>

#include "host/config/decimal.hpp"
#include "host/loans/compare.hpp"

namespace milepost::loans {
namespace {

bool nothing(const Json* value) { return value == nullptr || value->is_null() || (value->is_string() && value->get_ref<const std::string&>().empty()); }

std::string said(const Json& value) { return value.is_string() ? value.get<std::string>() : text(value); }

bool same_number(const std::string& ours, const std::string& theirs) {
  const auto a = config::Decimal::parse(ours), b = config::Decimal::parse(theirs);
  return a && b && *a == *b;
}

/// The stage that is meant, or the word itself where nobody mapped it: two systems may use the same unknown word.
std::string stage_or_word(const std::string& word, const Model& model, const std::string& pipeline, const std::string& system) {
  return model.stage(word, pipeline, system).value_or(word);
}

Result<bool> same(const std::string& as, const Json& ours, const Json& theirs, const Model& model, const std::string& pipeline, const std::string& system) {
  using config::Compare;
  static const std::map<std::string, Compare> ways = {
      {"exact", Compare::exact}, {"text", Compare::text}, {"phone", Compare::phone}, {"number", Compare::number}, {"date", Compare::date}};
  if (const auto way = ways.find(as); way != ways.end()) return alike(ours, theirs, way->second);
  if (as == "auto") return said(ours) == said(theirs) || same_number(said(ours), said(theirs));
  if (as == "stage") return stage_or_word(said(ours), model, pipeline, system) == stage_or_word(said(theirs), model, pipeline, system);
  return fail(ErrorKind::permanent, "compare: `as` is one of auto, exact, text, phone, number, date, stage");
}

}  // namespace

Json Comparison::answer() const {
  Json fields = Json::object();
  for (const auto& one : mismatches) fields[one.field] = {{"ours", one.ours}, {"theirs", one.theirs}};
  return {{"system", system}, {"compared", compared.size()}, {"mismatched", mismatches.size()}, {"fields", std::move(fields)}};
}

Result<Comparison> compare(const Json& with, const Model& model, const std::string& pipeline) {
  Comparison out;
  out.system = get<std::string>(with, "/system").value_or("");
  if (const Json* found = find(with, "/found"); found != nullptr && !found->is_null()) {
    if (!found->is_boolean()) return fail(ErrorKind::permanent, "compare: `found` is neither true nor false");
    if (!found->get<bool>()) {
      out.compared = {"record"};
      out.mismatches.push_back({"record", true, false});
      return out;
    }
  }
  const Json* fields = find(with, "/fields");
  if (fields == nullptr || !fields->is_object()) return out;
  for (const auto& [field, pair] : fields->items()) {
    const Json* ours = find(pair, "/ours");
    const Json* theirs = find(pair, "/theirs");
    if (nothing(ours)) continue;
    out.compared.push_back(field);
    if (!nothing(theirs)) {
      const auto equal = same(get<std::string>(pair, "/as").value_or("auto"), *ours, *theirs, model, pipeline, out.system);
      if (!equal) return fail(equal.error());
      if (*equal) continue;
    }
    out.mismatches.push_back({field, *ours, theirs == nullptr ? Json(nullptr) : *theirs});
  }
  return out;
}

}  // namespace milepost::loans
