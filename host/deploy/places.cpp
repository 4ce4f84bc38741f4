#include "host/deploy/places.hpp"

#include <algorithm>
#include <set>

#include "host/config/load.hpp"

namespace milepost::deploy {
namespace {

/// A source that the pipeline has, or had.
struct Sourced {
  std::string name, kind, settings;  ///< `settings`: their digest
  bool gone = false;                 ///< it may come back, and then goes on
  bool taken = false;                ///< by a source of the version at hand
};

std::string kind_of(const config::Source& source) { return source.use + (source.connection.empty() ? "" : "@" + source.connection); }

/// "reports/acme.list@acme-main", "reports/acme.list@acme-main/2".
std::string numbered(const std::string& pipeline, const std::string& kind, int number) {
  return pipeline + "/" + kind + (number > 1 ? "/" + std::to_string(number) : "");
}

std::vector<Sourced> remembered(const std::string& stored) {
  std::vector<Sourced> out;
  const auto list = read_json(stored).value_or(Json::array());
  for (const auto& one : list)
    out.push_back({get<std::string>(one, "/name").value_or(""), get<std::string>(one, "/kind").value_or(""), get<std::string>(one, "/settings").value_or(""),
                   get<bool>(one, "/gone").value_or(false), false});
  return out;
}

std::string to_remember(const std::vector<Sourced>& sources) {
  Json out = Json::array();
  for (const auto& one : sources) {
    out.push_back({{"name", one.name}, {"kind", one.kind}, {"settings", one.settings}});
    if (one.gone) out.back()["gone"] = true;
  }
  return text(out);
}

}  // namespace

Places places_of(const config::Pipeline& pipeline, const journal::Store& store) {
  Places out;
  out.names.resize(pipeline.sources.size());
  std::vector<Sourced> now;
  std::vector<std::size_t> index;  // of each among all sources
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const auto& source = pipeline.sources[i];
    if (!source.path.empty()) continue;
    now.push_back({"", kind_of(source), config::digest(source.with.json)});
    index.push_back(i);
  }
  const auto row = pipeline.name + "/";
  const auto stored = store.cursor(row);
  if (now.empty() && !stored) return out;
  auto before = remembered(stored.value_or("[]"));

  const auto take = [&](auto fits) {
    for (auto& one : now) {
      if (!one.name.empty()) continue;
      const auto found = std::ranges::find_if(before, [&](const auto& other) { return !other.taken && other.kind == one.kind && fits(one, other); });
      if (found == before.end()) continue;
      found->taken = true;
      one.name = found->name;
    }
  };
  take([](const auto& one, const auto& other) { return !other.gone && other.settings == one.settings; });
  take([](const auto& one, const auto& other) { return other.settings == one.settings; });
  take([](const auto&, const auto& other) { return !other.gone; });

  // What is new begins anew: under a name that nothing lies under. Nothing was remembered yet: the names went by the order.
  std::set<std::string> used;
  for (const auto& one : before) used.insert(one.name);
  for (auto& one : now)
    for (int number = 1; one.name.empty(); ++number) {
      auto name = numbered(pipeline.name, one.kind, number);
      if (!used.contains(name) && (!stored || !store.cursor(name))) one.name = *used.insert(std::move(name)).first;
    }

  for (std::size_t i = 0; i < now.size(); ++i) out.names[index[i]] = now[i].name;
  for (auto& one : before)
    if (!one.taken) now.push_back({one.name, one.kind, one.settings, true});
  if (auto text = to_remember(now); text != stored) out.row = row, out.text = std::move(text);
  return out;
}

}  // namespace milepost::deploy
