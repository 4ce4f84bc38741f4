#include "host/config/links.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "host/config/fault_codes.hpp"
#include "host/config/host_events.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

Position place(const Value& with, const std::string& pointer, const Position& otherwise) {
  const auto found = with.at.find(pointer);
  return found == with.at.end() ? otherwise : found->second;
}
bool of_the_host(std::string_view type) { return type.starts_with(kHostTypes); }
bool is_template(const std::string& text) { return text.find("${") != text.npos; }

/// Could one type fit both?
bool overlap(const std::string& a, const std::string& b) {
  const bool open_a = a.ends_with('*'), open_b = b.ends_with('*');
  if (!open_b) return type_fits(a, b);
  if (!open_a) return type_fits(b, a);
  const auto size = std::min(a.size(), b.size()) - 1;
  return a.compare(0, size, b, 0, size) == 0;
}

/// The types that events of a pipeline may have, as far as its text says: "*" where it does not.
std::vector<std::string> types_of(const Pipeline& pipeline) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& type) { out.push_back(is_template(type) ? "*" : type); };
  for (const auto& step : pipeline.steps)
    if (step.use == "emit") add(get<std::string>(step.with.json, "/type").value_or("*"));
  if (!pipeline.event.type.empty()) {
    add(pipeline.event.type);
    return out;
  }
  for (const auto& source : pipeline.sources) {
    if (source.use == "schedule") {
      out.push_back("schedule");
    } else if (source.use == "loans") {
      out.push_back("loan");
    } else if (const auto types =
                   source.use == "events" ? texts(source.with.json, "/types") : std::vector<std::string>();
               !types.empty()) {
      // Those of the host are followed from the host alone.
      std::ranges::copy_if(types, std::back_inserter(out), [](const auto& type) { return !of_the_host(type); });
    } else {
      out.push_back("*");
    }
  }
  return out;
}

/// Does it take what the host tells of a loan that has changed?
bool follows_loans(const Source& source) {
  const auto pipelines = texts(source.with.json, "/pipelines");
  const auto types = texts(source.with.json, "/types");
  if (!pipelines.empty() && std::ranges::find(pipelines, kHostPipeline) == pipelines.end()) return false;
  return types.empty() ? !pipelines.empty() : std::ranges::any_of(types, [](const auto& type) { return type_fits(type, std::string(host_event::kLoanChanged)); });
}

/// Does this `events` source of `into` take events of `from`, or of the loans that it tracks?
bool follows(const Source& source, const Pipeline& into, const Pipeline& from) {
  if (follows_loans(source) && std::ranges::any_of(from.steps, [](const Step& step) { return step.use == "track"; })) return true;
  const auto pipelines = texts(source.with.json, "/pipelines");
  const auto types = texts(source.with.json, "/types");
  const bool named = std::ranges::find(pipelines, from.name) != pipelines.end();
  if (pipelines.empty() ? from.name == into.name : !named) return false;
  if (types.empty()) return true;
  const auto theirs = types_of(from);
  return std::ranges::any_of(types, [&](const auto& type) {
    return !of_the_host(type) && std::ranges::any_of(theirs, [&](const auto& other) { return overlap(type, other); });
  });
}

class Links {
 public:
  Links(const std::map<std::string, Pipeline>& pipelines, const std::vector<std::string>& names)
      : pipelines_(pipelines), names_(names) {
    names_.emplace_back(kHostPipeline);
  }

  LinkFaults run() {
    for (const auto& [name, pipeline] : pipelines_) {
      for (std::size_t i = 0; i < pipeline.sources.size(); ++i)
        if (pipeline.sources[i].use == "events")
          check(pipeline, pipeline.sources[i], pipeline.sources.size() > 1 ? item("source", i) : "source");
      for (std::size_t i = 0; i < pipeline.steps.size(); ++i)
        if (pipeline.steps[i].use == "emit") check_emit(pipeline, pipeline.steps[i], item("steps", i));
    }
    for (const auto& [name, pipeline] : pipelines_) check_loop(pipeline);
    return std::move(out_);
  }

 private:
  void fault(std::string_view code, const Pipeline& pipeline, Position at, std::string path, std::string message,
             std::string remedy) {
    out_.faults.push_back(
        {std::string(code), std::move(at), std::move(path), std::move(message), std::move(remedy), false});
    out_.pipelines.insert(pipeline.name);
  }

  void check(const Pipeline& pipeline, const Source& source, const std::string& path) {
    const auto pipelines = texts(source.with.json, "/pipelines");
    const auto types = texts(source.with.json, "/types");
    if (pipelines.empty() && types.empty())
      return fault(code::kMissingKey, pipeline, source.at, path,
                   "the source says neither whose events it follows nor which",
                   "add with: {pipelines: [NAME]} or with: {types: [milepost.dead_letter]}");
    for (std::size_t i = 0; i < pipelines.size(); ++i)
      if (std::ranges::find(names_, pipelines[i]) == names_.end())
        fault(code::kUnknownPipeline, pipeline, place(source.with, "/pipelines/" + std::to_string(i), source.at),
              item(path + ".with.pipelines", i),
              "there is no pipeline " + in_quotes(pipelines[i]) + did_you_mean(pipelines[i], names_),
              "name a pipeline of this folder, or milepost for the host's own events");
    static const std::vector<std::string> known(host_event::kAll.begin(), host_event::kAll.end());
    for (std::size_t i = 0; i < types.size(); ++i)
      if (of_the_host(types[i]) &&
          std::ranges::none_of(known, [&](const auto& type) { return type_fits(types[i], type); }))
        fault(code::kUnknownHostEvent, pipeline, place(source.with, "/types/" + std::to_string(i), source.at),
              item(path + ".with.types", i),
              "the host has no event " + in_quotes(types[i]) + did_you_mean(types[i], known),
              "its events are " + listed(known));
  }

  void check_emit(const Pipeline& pipeline, const Step& step, const std::string& path) {
    const auto type = get<std::string>(step.with.json, "/type").value_or("");
    if (of_the_host(type))
      fault(code::kReservedType, pipeline, place(step.with, "/type", step.at), path + ".with.type",
            "the type " + in_quotes(type) + " is the host's own", "choose one that does not begin with milepost.");
  }

  /// The shortest way from a pipeline back to itself.
  void check_loop(const Pipeline& start) {
    std::map<std::string, const Pipeline*> came_from;
    std::deque<const Pipeline*> next = {&start};
    while (!next.empty()) {
      const Pipeline* from = next.front();
      next.pop_front();
      for (const auto& [name, into] : pipelines_) {
        const bool link = std::ranges::any_of(
            into.sources, [&](const Source& source) { return source.use == "events" && follows(source, into, *from); });
        if (!link || !came_from.emplace(name, from).second) continue;
        if (name == start.name) return tell_loop(start, came_from);
        next.push_back(&into);
      }
    }
  }
  void tell_loop(const Pipeline& start, const std::map<std::string, const Pipeline*>& came_from) {
    std::string way = start.name;
    const Pipeline* at = came_from.at(start.name);
    const Pipeline& last = *at;
    for (; at->name != start.name; at = came_from.at(at->name)) way = at->name + " -> " + way;
    const auto source = std::ranges::find_if(
        start.sources, [&](const Source& each) { return each.use == "events" && follows(each, start, last); });
    fault(code::kLoop, start, source->at, "source",
          "its events come back to it, without end: " + start.name + " -> " + way,
          "name only pipelines that come before this one, or types that it does not bring about");
  }

  const std::map<std::string, Pipeline>& pipelines_;
  std::vector<std::string> names_;
  LinkFaults out_;
};

}  // namespace

std::vector<std::string> texts(const Json& with, const char* pointer) {
  std::vector<std::string> out;
  const Json* list = find(with, pointer);
  if (list != nullptr && list->is_array())
    for (const auto& each : *list)
      if (each.is_string()) out.push_back(each.get<std::string>());
  return out;
}

bool type_fits(const std::string& pattern, const std::string& type) {
  if (!pattern.ends_with('*')) return pattern == type;
  return std::string_view(type).starts_with(std::string_view(pattern).substr(0, pattern.size() - 1));
}

LinkFaults check_links(const std::map<std::string, Pipeline>& pipelines, const std::vector<std::string>& names) {
  return Links(pipelines, names).run();
}

}  // namespace milepost::config
