#include <algorithm>

#include "host/conformance/checks.hpp"

namespace milepost::conformance {
namespace {

using namespace std::chrono_literals;

const Json& properties_of(const Json& settings) {
  static const Json none = Json::object();
  const Json* found = find(settings, "/properties");
  return found == nullptr ? none : *found;
}
bool secret(const Json& property) { return get<bool>(property, "/x-secret").value_or(false); }

/// The sample is made, and opens against the double: everything else rests on it.
std::string stands(Stage& stage) {
  if (find(stage.manifest(), "/connection/settings") != nullptr) stage.opened();
  return "";
}

/// What an author's manifest should say beyond what the host insists on.
std::string manifest_row(Stage& stage) {
  const Json& manifest = stage.manifest();
  const auto described = [](const Json& settings, const std::string& whose) {
    for (const auto& [key, property] : properties_of(settings).items())
      expect(find(property, "/description") != nullptr,
             whose + ": the setting " + key + " has no description: say in a sentence what it is for");
    expect(!get<bool>(settings, "/additionalProperties").value_or(true),
           whose + ": an unknown key would pass: say \"additionalProperties\": false");
  };
  if (const Json* settings = find(manifest, "/connection/settings")) described(*settings, "connection");
  for (const char* list : {"/actions", "/sources"})
    if (const Json* all = find(manifest, list))
      for (const auto& one : *all) described(one["settings"], get<std::string>(one, "/name").value_or(""));
  return "";
}

/// Each mandatory key refused when missing, an unknown one and one of another type refused; nothing of it on the
/// network.
std::string settings(Stage& stage) {
  const Json good = stage.settings();
  const Json& schema = *find(stage.manifest(), "/connection/settings");
  expect(stage.account().has_value(),
         "the sample's connection is refused: " + (stage.told().empty() ? std::string() : stage.told().back()));
  std::size_t tried = 0;
  const auto refused = [&](const Json& settings, const std::string& key, const std::string& what) {
    const auto made = stage.account(settings);
    ++tried;
    expect(!made, what + ": expected a refusal, but it was created");
    expect(key.empty() || made.error().message.find(key) != std::string::npos,
           what + ": the refusal does not name it: " + made.error().message);
  };
  if (const Json* needed = find(schema, "/required"))
    for (const auto& key : *needed) {
      const auto name = key.get<std::string>();
      if (secret(properties_of(schema)[name])) continue;  // the host's: the plugin never sees one
      Json settings = good;
      settings.erase(name);
      refused(settings, name, "without " + name);
    }
  Json unknown = good;
  unknown["no_such_setting"] = "x";
  refused(unknown, "no_such_setting", "with the unknown key no_such_setting");
  for (const auto& [key, property] : properties_of(schema).items()) {
    const auto type = get<std::string>(property, "/type").value_or("");
    if (secret(property) || key == "base_url" || type.empty()) continue;
    Json settings = good;
    settings[key] = type == "array" || type == "object" ? Json("text") : Json::array({1});
    if (type == "object") continue;  // its shape is the author's own
    refused(settings, "", key + " of another type");
  }
  expect(stage.vendor().arrived() == 0,
         "reading settings sent " + std::to_string(stage.vendor().arrived()) + " requests, expected none");
  return std::to_string(tried) + " refused";
}

std::string no_network(Stage& stage) {
  auto account = stage.account();
  if (!account) failed("the sample's connection is refused: " + shown(account.error()));
  std::size_t made = 1;
  std::vector<std::unique_ptr<Action>> actions;
  for (const auto& action : stage.manifest().value("actions", Json::array())) {
    actions.push_back((*account)->action(get<std::string>(action, "/name").value_or("")));
    ++made;
  }
  actions.clear();
  (*account)->close();
  account->reset();
  expect(stage.vendor().arrived() == 0, "creating sent " + std::to_string(stage.vendor().arrived()) +
                                            " requests, expected none: the network begins with open");
  return std::to_string(made) + " made";
}

std::string orders(Stage& stage) {
  const auto make = [&] {
    auto made = stage.account();
    if (!made) failed("the sample's connection is refused: " + shown(made.error()));
    return std::move(*made);
  };
  const auto open = [&](plugins::Account& account, const std::string& when) {
    const plugins::HostCall now(10s);
    if (auto done = account.open(now.call()); !done) failed("open " + when + ": " + shown(stage.told(done.error())));
  };
  { make(); }           // destroyed without open
  { make()->close(); }  // closed without open
  {
    const auto account = make();
    open(*account, "after create");
    open(*account, "twice");
    account->close();
    account->close();
    open(*account, "after close");
    const plugins::HostCall probing(10s);
    if (auto probed = account->probe(probing.call()); !probed) failed("probe: " + shown(stage.told(probed.error())));
    const auto action = stage.manifest().value("actions", Json::array());
    std::vector<std::unique_ptr<Action>> acting;
    for (const auto& one : action) acting.push_back(account->action(get<std::string>(one, "/name").value_or("")));
    acting.clear();
    account->close();
  }
  {  // a vendor that is away: an error, and open again once it is back
    const auto account = make();
    stage.vendor().arm({.how = Fault::How::answer, .status = 503}, 0);
    const plugins::HostCall away(10s);
    const auto refused = account->open(away.call());
    stage.vendor().disarm();
    if (!refused) {
      const auto kind = stage.told(refused.error()).kind;
      expect(kind == ErrorKind::retryable,
             "open while the vendor answers 503: expected retryable, came " + shown(refused.error()));
    }
    open(*account, "once the vendor is back");
  }
  return "";
}

}  // namespace

std::vector<Check> life_checks(const Json& manifest) {
  std::vector<Check> out{{kStands, stands}, {"descriptions", manifest_row}};
  if (find(manifest, "/connection/settings") == nullptr) return out;
  out.push_back({"settings", settings});
  out.push_back({"creating touches no network", no_network});
  out.push_back({"open and close in every order", orders});
  return out;
}

std::vector<Check> checks(const Json& manifest, std::size_t deliveries) {
  auto out = life_checks(manifest);
  const auto add = [&](const char* list, std::vector<Check> (*of)(const Json&, std::size_t)) {
    const Json* all = find(manifest, list);
    if (all == nullptr || !all->is_array()) return;
    for (const auto& one : *all)
      for (auto& check : of(one, deliveries)) out.push_back(std::move(check));
  };
  add("/actions", action_checks);
  add("/sources", source_checks);
  return out;
}

}  // namespace milepost::conformance
