#include "plugins/hubspot/pipelines.hpp"

#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {
namespace {

template <class Named>
std::string labels(const std::vector<Named>& all) {
  std::string out;
  for (const auto& one : all) out += (out.empty() ? "" : ", ") + one.label;
  return out;
}

/// By id first: it is exact, and a label may look like another's id.
template <class Named>
const Named* named(const std::vector<Named>& all, std::string_view text) {
  for (const auto& one : all)
    if (one.id == text) return &one;
  for (const auto& one : all)
    if (same_text(one.label, text)) return &one;
  return nullptr;
}

}  // namespace

Pipelines to_pipelines(const Json& answer) {
  Pipelines out;
  const auto each = [](const Json& from, std::string_view pointer, const auto& take) {
    const auto* list = find(from, pointer);
    if (list == nullptr || !list->is_array()) return;
    for (const auto& entry : *list) {
      const auto* id = find(entry, "/id");
      const auto text = id != nullptr ? scalar_text(*id) : std::nullopt;
      if (text && !text->empty()) take(entry, *text, get<std::string>(entry, "/label").value_or(*text));
    }
  };
  each(answer, "/results", [&](const Json& entry, const std::string& id, const std::string& label) {
    auto& pipeline = out.emplace_back(Pipeline{id, label, {}});
    each(entry, "/stages", [&](const Json&, const std::string& stage_id, const std::string& stage_label) {
      pipeline.stages.push_back({stage_id, stage_label});
    });
  });
  return out;
}

Result<Place> place(const Pipelines& pipelines, const std::string& within, const std::string& stage) {
  if (!within.empty()) {
    const auto* pipeline = named(pipelines, within);
    if (pipeline == nullptr)
      return fail(ErrorKind::permanent, "no such deal pipeline; the account has: " + labels(pipelines));
    const auto* found = named(pipeline->stages, stage);
    if (found == nullptr)
      return fail(ErrorKind::permanent,
                  "dealstage: no such stage in pipeline " + pipeline->label + "; it has: " + labels(pipeline->stages));
    return Place{pipeline->id, found->id};
  }
  Pipelines with_it;
  for (const auto& pipeline : pipelines)
    if (named(pipeline.stages, stage) != nullptr) with_it.push_back(pipeline);
  if (with_it.size() == 1) return Place{with_it[0].id, named(with_it[0].stages, stage)->id};
  if (with_it.size() > 1)
    return fail(ErrorKind::permanent, "dealstage: several pipelines have this stage (" + labels(with_it) +
                                          "): set deal_pipeline on the connection");
  std::string known;
  for (const auto& pipeline : pipelines)
    known += (known.empty() ? "" : "; ") + pipeline.label + ": " + labels(pipeline.stages);
  return fail(ErrorKind::permanent,
              "dealstage: no pipeline has this stage; the account has " + (known.empty() ? "none" : known));
}

}  // namespace milepost::hubspot
