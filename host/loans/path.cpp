#include "host/loans/path.hpp"

#include <algorithm>

namespace milepost::loans {
namespace {

constexpr std::size_t kMostClaims = 64;
constexpr std::size_t kMostStays = 100;

void put_text(Json& out, const char* key, const std::string& text) {
  if (!text.empty()) out[key] = text;
}
std::string text_of(const Json& json, const char* pointer) { return get<std::string>(json, pointer).value_or(""); }

Json claim_json(const Claim& claim) {
  Json out{{"at", claim.stamp.json()}};
  put_text(out, "stage", claim.stage);
  put_text(out, "text", claim.text);
  put_text(out, "pipeline", claim.pipeline);
  put_text(out, "source", claim.source);
  put_text(out, "reason", claim.reason);
  return out;
}

Claim claim_of(const Json& json) {
  const Json* at = find(json, "/at");
  return {at == nullptr ? Stamp() : Stamp::from(*at), text_of(json, "/stage"), text_of(json, "/text"),
          text_of(json, "/pipeline"), text_of(json, "/source"), text_of(json, "/reason")};
}

Json stays_json(const std::vector<Stay>& stays) {
  Json out = Json::array();
  for (const auto& stay : stays) out.push_back(Json::array({stay.stage, stay.since, stay.event}));
  return out;
}

std::vector<Stay> stays_of(const Json* json) {
  std::vector<Stay> out;
  for (std::size_t i = 0; json != nullptr && i < json->size(); ++i)
    out.push_back({(*json)[i][0].get<std::string>(), (*json)[i][1].get<std::int64_t>(), (*json)[i][2].get<journal::Sequence>()});
  return out;
}

}  // namespace

std::string_view name(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::moved:
      return "moved";
    case Verdict::Kind::kept:
      return "kept";
    case Verdict::Kind::late:
      return "late";
    case Verdict::Kind::refused:
      return "refused";
    default:
      return "unmapped";
  }
}

Path Path::from(const Json& state) {
  Path out;
  if (const Json* claims = find(state, "/claims"))
    for (const auto& claim : *claims) out.claims_.push_back(claim_of(claim));
  out.base_ = stays_of(find(state, "/base"));
  out.stays_ = stays_of(find(state, "/path"));
  if (const Json* settled = find(state, "/settled")) out.settled_ = Stamp::from(*settled);
  if (const auto stage = get<std::string>(state, "/fields/stage"); stage && out.stays_.empty()) {
    const Json* at = find(state, "/at/stage");
    const Stamp stamp = at == nullptr ? Stamp() : Stamp::from(*at);
    out.base_ = out.stays_ = {{*stage, get<std::int64_t>(state, "/since/stage").value_or(stamp.time), stamp.event}};
    out.settled_ = stamp;
  }
  return out;
}

void Path::write(Json& state) const {
  Json claims = Json::array();
  for (const auto& claim : claims_) claims.push_back(claim_json(claim));
  state["claims"] = std::move(claims);
  if (!base_.empty()) state["base"] = stays_json(base_);
  if (settled_) state["settled"] = settled_->json();
  state["path"] = stays_json(stays_);
  if (stays_.empty()) return;
  state["fields"]["stage"] = stays_.back().stage;
  state["since"]["stage"] = stays_.back().since;
}

Verdict Path::add(Claim claim, const Model& model) {
  if (settled_ && claim.stamp < *settled_) return {Verdict::Kind::late, stays_.empty() ? "" : stays_.back().stage, ""};
  std::erase_if(claims_, [&](const Claim& other) { return other.stamp.event == claim.stamp.event; });
  const auto event = claim.stamp.event;
  const auto place = std::upper_bound(claims_.begin(), claims_.end(), claim.stamp, [](const Stamp& stamp, const Claim& other) { return stamp < other.stamp; });
  claims_.insert(place, std::move(claim));
  const auto verdict = walk(model, event);
  while (claims_.size() > kMostClaims) {
    Path oldest;
    oldest.claims_ = {claims_.front()};
    oldest.base_ = base_;
    oldest.walk(model, {});
    base_ = std::move(oldest.stays_);
    if (base_.size() > kMostStays) base_.erase(base_.begin());
    settled_ = claims_.front().stamp;
    claims_.erase(claims_.begin());
  }
  return verdict;
}

void Path::join(const Path& other, const Model& model) {
  if (claims_.empty() && base_.empty()) {
    *this = other;
    return;
  }
  if (base_.empty() && !settled_) base_ = other.base_, settled_ = other.settled_;
  for (const auto& claim : other.claims_) add(claim, model);
  walk(model, {});
}

bool Path::map_again(const Model& model) {
  bool mapped = false;
  for (auto& claim : claims_) {
    if (!claim.stage.empty()) continue;
    const auto stage = model.stage(claim.text, claim.pipeline, claim.source);
    if (!stage) continue;
    claim.stage = *stage;
    claim.text.clear(), claim.pipeline.clear(), claim.source.clear();
    mapped = true;
  }
  if (mapped) walk(model, {});
  return mapped;
}

bool Path::waits_for_mapping() const {
  return std::ranges::any_of(claims_, [](const Claim& claim) { return claim.stage.empty(); });
}

Verdict Path::walk(const Model& model, std::optional<journal::Sequence> asked) {
  Verdict verdict;
  bool ours = false;  // the last move is the one that is asked about
  stays_ = base_;
  for (const auto& claim : claims_) {
    const std::string from = stays_.empty() ? "" : stays_.back().stage;
    const bool it = asked == claim.stamp.event;
    if (it) verdict = {Verdict::Kind::kept, from, ""};
    if (claim.stage.empty()) {
      if (it) verdict.kind = Verdict::Kind::unmapped;
      continue;
    }
    if (claim.stage == from) continue;
    if (auto why = from.empty() ? "" : model.refusal(from, claim.stage, !claim.reason.empty()); !why.empty()) {
      if (it) verdict.kind = Verdict::Kind::refused, verdict.why = std::move(why);
      continue;
    }
    stays_.push_back({claim.stage, claim.stamp.time, claim.stamp.event});
    if (it) verdict.kind = Verdict::Kind::late;
    ours = it;
  }
  if (ours) verdict.kind = Verdict::Kind::moved;
  return verdict;
}

}  // namespace milepost::loans
