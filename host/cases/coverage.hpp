// Which steps ran, and which conditions said both yes and no: what no case looks at is visible.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/engine/program.hpp"
#include "milepost/json.hpp"

namespace milepost::cases {

class Coverage {
 public:
  explicit Coverage(const std::vector<std::shared_ptr<const engine::Program>>& programs);

  /// The stories of one event's steps.
  void add(const std::string& pipeline, const Json& steps);

  struct Step {
    std::string id, use, when;  ///< when: "" where there is none
    std::size_t ran = 0;        ///< events that came to it, and for which its condition held
    std::size_t passed_by = 0;  ///< events for which its condition did not hold
  };
  struct Pipeline {
    std::string name;
    std::size_t events = 0;
    std::vector<Step> steps;
    std::size_t steps_run() const;
    std::size_t conditions() const;       ///< twice the steps with a condition: yes and no
    std::size_t conditions_seen() const;
    /// "card never ran (when: …)", one for each gap.
    std::vector<std::string> gaps() const;
  };
  const std::vector<Pipeline>& pipelines() const { return pipelines_; }
  Json json() const;

 private:
  std::vector<Pipeline> pipelines_;
};

}  // namespace milepost::cases
