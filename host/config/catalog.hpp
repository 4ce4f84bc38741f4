// What a pipeline may name: the built-ins and what the installed plugins offer. The plugin registry implements it;
// config only reads it, so that it need not know plugins.
#pragma once

#include <string>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::config {

struct Component {
  std::string name;         ///< as in `use:`
  Json settings = {};       ///< JSON Schema of `with` (type object); secrets carry "x-secret": true
  bool connection = false;  ///< needs `connection:`
  bool webhook = false;     ///< sources: the host adds path, verify, accept, body_limit
  Json verify = {};         ///< sources: a verifier that the plugin names; the pipeline's own `verify` wins; null: none
  std::string connector = {};  ///< the plugin's name; "" for built-ins
  bool polling = false;        ///< sources: the host adds every
  std::string summary = {};    ///< a sentence; may be empty
  bool final_4xx = false;      ///< sources: the sender takes 4xx as final, and drops the event
  bool repeatable = true;      ///< steps: an unknown outcome can be settled, by key, look-up or repeat
};

class Catalog {
 public:
  virtual ~Catalog() = default;
  /// nullptr when nothing of that name is installed. Pointers stay valid as long as the catalog.
  virtual const Component* source(const std::string& use) const = 0;
  virtual const Component* step(const std::string& use) const = 0;
  virtual const Component* connector(const std::string& use) const = 0;  ///< for connections/*.yaml
  virtual std::vector<std::string> sources() const = 0;
  virtual std::vector<std::string> steps() const = 0;
  virtual std::vector<std::string> connectors() const = 0;
  /// Why a library that was found is not installed ("acme.so speaks ABI 3, …"), by the name its file suggests.
  virtual std::string refusal(const std::string& connector) const = 0;
};

}  // namespace milepost::config
