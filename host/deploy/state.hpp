// What a deployment comes to, as values that can be compared: with another one, or with what the store says ran last.
#pragma once

#include <map>
#include <set>
#include <string>

#include "host/deploy/deployment.hpp"
#include "host/journal/store.hpp"

namespace milepost::deploy {

/// One pipeline or connection.
struct Part {
  Json definition;      ///< in full; secrets by name, those that stand in the file as ***
  std::string version;  ///< its digest
  std::string file;     ///< "pipelines/a.yaml"
  std::string source;   ///< digest of the file's text; "": not kept (connections)
  // Not known of what the store says; then they are not compared.
  std::map<std::string, std::string> libraries;  ///< of the plugins that it uses: name -> digest
  /// Secrets and settings from elsewhere: what each is called -> digest, with a salt of this process.
  std::map<std::string, std::string> outside;
  bool known = true;
};

struct State {
  std::map<std::string, Part> pipelines, connections;
  Json loans;                    ///< loans.yaml, with what it leaves open
  Json host = Json::object();    ///< start_settings()
  // Nothing is said of what has a fault: it is there, and does not run.
  std::set<std::string> broken;  ///< pipelines, by what is taken for their names
  std::set<std::string> faulty;  ///< files of pipelines and connections, where not even the name could be read
};

State state_of(const Deployment& deployment);
/// milepost.yaml's settings that only a start takes up.
Json start_settings(const config::HostSettings& host);
/// A pipeline's definition as it may be shown: *** for a secret that stands in it. Without a catalog those that prove who sends.
Json shown(Json definition, const config::Catalog* catalog);
/// What ran last. Throws StoreError.
State recorded(const journal::Store& store, const config::Catalog* catalog);

}  // namespace milepost::deploy
