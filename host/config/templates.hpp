// Templates: pipelines with parameters and locked parts, under templates/. A copy is a pipeline file like any other, whose `template:`
// remembers template, version and parameters; `params.NAME` in it is replaced when it is read. What a copy was made of is kept as
// templates/kept/NAME@VERSION.yaml: by it `check` knows an edit of a locked part, and an upgrade what was edited here.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/config/fault.hpp"
#include "host/config/report.hpp"
#include "host/config/yaml.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

struct Template {
  std::string name, description, file;
  std::size_t version = 1;
  Json params;                      ///< JSON Schema of the parameters, as of any settings
  std::vector<std::string> locked;  ///< "steps.audit", or a key of the pipeline such as "event"
  std::string text;                 ///< the file's
};

/// templates/*.yaml, by name; those with a fault are left out.
std::map<std::string, Template> load_templates(const std::string& root, Faults& faults);
/// nullopt: it is not there, or has a fault.
std::optional<Template> kept_template(const std::string& root, const std::string& name, std::size_t version, Faults& faults);
std::string kept_path(const std::string& name, std::size_t version);

/// A copy's text: the template's, with its own head in the place of the template's. `params` as they were given, by name.
std::string copy_text(const Template& from, const std::map<std::string, std::string>& params);

/// What a copy says of itself; nullopt: the pipeline is none.
struct Copied {
  std::string name;
  std::size_t version = 0;
  std::map<std::string, std::string> params;  ///< as written
};
std::optional<Copied> copied_from(const yaml::Node& root);

/// The copies of one folder, as they are read.
class Templates {
 public:
  explicit Templates(std::string root) : root_(std::move(root)) {}
  /// Checks a pipeline's parameters and locked parts, and puts the parameters in. A pipeline that is no copy may not name any. [any]
  void apply(yaml::Document& document, Report& report, Faults& faults);

 private:
  const Template* kept(const std::string& name, std::size_t version, Faults& faults);
  std::string root_;
  std::mutex mutex_;  // of what follows
  std::map<std::pair<std::string, std::size_t>, std::optional<Template>> kept_;
};

}  // namespace milepost::config
