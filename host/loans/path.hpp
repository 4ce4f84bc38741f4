// A loan's way through the stages: what sources claimed, in the order in which it happened, and what the model lets pass of it. The result
// is the same in whatever order the claims arrive. Pure. [any]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/loans/fields.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// That a loan is in a stage, as one event said it.
struct Claim {
  Stamp stamp;
  std::string stage;                    ///< "" while nobody mapped the text
  std::string text, pipeline, source;   ///< of an unmapped one: what to map again
  std::string reason;
  bool operator==(const Claim& other) const = default;
};

/// One stay in a stage.
struct Stay {
  std::string stage;
  std::int64_t since = 0;  ///< UTC microseconds
  journal::Sequence event = 0;
  bool operator==(const Stay& other) const = default;
};

struct Verdict {
  enum class Kind {
    moved,     ///< the loan is in this stage now, by this claim
    kept,      ///< it was there already
    late,      ///< it belongs to the past: later claims stand
    refused,   ///< the model does not allow the move: the loan keeps its stage
    unmapped,  ///< no stage has this name: the loan keeps its stage
  } kind = Kind::kept;
  std::string from;  ///< the stage before it, where the claim stands
  std::string why;   ///< of a refusal
};
std::string_view name(Verdict::Kind kind);

class Path {
 public:
  /// From {"base", "claims", "path"} of a loan's state; a state of before there were claims begins with its stage.
  static Path from(const Json& state);
  /// Writes it back, with `fields.stage` and `since.stage`.
  void write(Json& state) const;

  /// A second claim of one event replaces the first. Claims beyond the newest 64 are settled for good.
  Verdict add(Claim claim, const Model& model);
  /// The claims of another loan that turned out to be this one.
  void join(const Path& other, const Model& model);
  /// Maps again what nobody had mapped. True: something is mapped now.
  bool map_again(const Model& model);

  const std::vector<Stay>& stays() const { return stays_; }
  bool waits_for_mapping() const;
  bool operator==(const Path& other) const = default;

 private:
  Verdict walk(const Model& model, std::optional<journal::Sequence> asked);

  std::vector<Claim> claims_;  ///< by stamp
  std::vector<Stay> base_;     ///< what is settled
  std::optional<Stamp> settled_;  ///< nothing before it can be placed any more
  std::vector<Stay> stays_;    ///< all of it
};

}  // namespace milepost::loans
