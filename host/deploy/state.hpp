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
  Json host = Json::object();    ///< milepost.yaml's settings that only a start takes up
  std::set<std::string> broken;  ///< pipelines with a fault: nothing is said of them
};

State state_of(const Deployment& deployment);
/// A pipeline's definition as it may be shown: *** for a secret that stands in it.
Json shown(Json definition);
/// What ran last. Throws StoreError.
State recorded(const journal::Store& store);

}  // namespace milepost::deploy
