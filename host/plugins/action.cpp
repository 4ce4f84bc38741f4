#include "host/plugins/action.hpp"

#include <array>
#include <deque>
#include <utility>

namespace milepost::plugins {

namespace {

constexpr std::size_t kMostId = 256;
constexpr std::size_t kMostUrl = 2048;

/// Deliveries as they cross: {} and then a head and a payload for each. Owns the heads.
class Batch {
 public:
  explicit Batch(std::span<const Delivery> deliveries) {
    parts_.reserve(1 + 2 * deliveries.size());
    parts_.push_back(detail::bytes("{}"));
    for (const auto& delivery : deliveries) {
      heads_.push_back(detail::delivery_head(*delivery.event, delivery.with, delivery.idempotency_key));
      parts_.push_back(detail::bytes(heads_.back()));
      parts_.push_back(detail::bytes(delivery.event->payload.text()));
    }
  }
  const std::vector<mp_bytes>& parts() const { return parts_; }

 private:
  std::deque<std::string> heads_;
  std::vector<mp_bytes> parts_;
};

/// The answer, or which of its fields is wrong.
std::expected<Answer, std::string> read_answer(const Json& json) {
  const auto wrong = [](const std::string& what) { return std::unexpected("an answer whose " + what); };
  if (!json.is_object())
    return std::unexpected(std::string("an answer that is ") + json.type_name() + ", expected an object");
  const auto effect = get<std::string>(json, "/effect");
  if (!effect) return wrong("effect is missing or no text");
  Answer answer;
  constexpr std::array kEffects{Answer::Effect::created, Answer::Effect::updated, Answer::Effect::unchanged,
                                Answer::Effect::skipped};
  const auto known = std::find_if(kEffects.begin(), kEffects.end(), [&](auto each) { return name(each) == *effect; });
  if (known == kEffects.end()) return wrong("effect is none of created, updated, unchanged and skipped");
  answer.effect = *known;
  const Json* body = find(json, "/body");
  if (body == nullptr || !body->is_object())
    return wrong(std::string("body is ") + (body == nullptr ? "missing" : body->type_name()) + ", expected an object");
  answer.body = *body;
  const Json* record = find(json, "/record");
  if (record == nullptr || record->is_null()) return answer;
  auto read = detail::to_record(*record);
  if (!read) return wrong("record has " + read.error().message);
  for (const auto& [field, value] : {std::pair{"system", &read->system}, {"type", &read->type}, {"id", &read->id}})
    if (value->empty() || value->size() > kMostId)
      return wrong("record has a " + std::string(field) + " of " + std::to_string(value->size()) +
                   " bytes, expected 1 to 256");
  if (read->version.size() > kMostId || read->url.size() > kMostUrl)
    return wrong("record has a version or url that is too long");
  answer.record = std::move(*read);
  return answer;
}

class ActionAdapter : public Action {
 public:
  explicit ActionAdapter(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}

  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call& call) override {
    const Batch crossing(batch);
    const auto items = instance_->call(MP_RUN, call.raw(), crossing.parts());
    const auto all = [&](const Error& error) {
      return std::vector<Result<Answer>>(batch.size(), Result<Answer>(fail(error)));
    };
    if (!items) return all(items.error());

    std::vector<std::optional<Result<Answer>>> found(batch.size());
    for (const auto& item : *items) {
      // A stray or second index means that the others may be shifted too: none of them is attributed.
      if (item.kind == MP_NEXT) return all(instance_->broken(MP_RUN, call.raw(), "emitted a cursor, expected results"));
      if (item.index >= batch.size())
        return all(instance_->broken(MP_RUN, call.raw(),
                                     "emitted a result with index " + std::to_string(item.index) + " for " +
                                         std::to_string(batch.size()) + " deliveries, expected 0 to " +
                                         std::to_string(batch.size() - 1)));
      if (found[item.index])
        return all(
            instance_->broken(MP_RUN, call.raw(), "emitted two results with index " + std::to_string(item.index)));
      found[item.index] = result(item, call);
    }
    std::vector<Result<Answer>> results;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i])
        results.push_back(std::move(*found[i]));
      else
        results.push_back(fail(instance_->broken(
            MP_RUN, call.raw(),
            "gave no result for delivery " + std::to_string(i + 1) + " of " + std::to_string(batch.size()))));
    }
    return results;
  }

 protected:
  Instance& instance() const { return *instance_; }

  Result<Answer> answer(const Json& json, std::uint32_t op, const Call& call) const {
    auto read = read_answer(json);
    if (!read) return fail(instance_->broken(op, call.raw(), "emitted " + read.error()));
    return std::move(*read);
  }

 private:
  Result<Answer> result(const detail::Emitted& item, const Call& call) const {
    if (item.kind == MP_ERROR) return fail(instance_->emitted_error(item, MP_RUN, call.raw()));
    // Before it is read: what the vendor echoes of our credentials must not reach the audit trail.
    const auto json = detail::read_head(instance_->scope().redacted(std::string(item.part(0))));
    if (!json) return fail(instance_->broken(MP_RUN, call.raw(), "emitted an answer that is " + json.error().message));
    return answer(*json, MP_RUN, call);
  }

  std::shared_ptr<Instance> instance_;
};

class LookupAdapter final : public ActionAdapter, public Lookup {
 public:
  using ActionAdapter::ActionAdapter;

  Result<std::optional<Answer>> find(const Delivery& delivery, const Call& call) override {
    const Batch crossing({&delivery, 1});
    const auto head = instance().call_for_head(MP_FIND, call.raw(), crossing.parts());
    if (!head) return fail(head.error());
    const auto found = get<bool>(*head, "/found");
    if (!found)
      return fail(instance().broken(MP_FIND, call.raw(), "emitted an item whose `found` is missing or no boolean"));
    if (!*found) return std::optional<Answer>();
    const Json* given = milepost::find(*head, "/answer");
    auto read = answer(given == nullptr ? Json(nullptr) : *given, MP_FIND, call);
    if (!read) return fail(read.error());
    return std::optional(std::move(*read));
  }
};

class FailedAction final : public Action {
 public:
  explicit FailedAction(Error reason) : reason_(std::move(reason)) {}
  std::vector<Result<Answer>> run(std::span<const Delivery> batch, const Call&) override {
    return std::vector<Result<Answer>>(batch.size(), Result<Answer>(fail(reason_)));
  }

 private:
  Error reason_;
};

}  // namespace

std::unique_ptr<Action> adapt_action(std::shared_ptr<Instance> instance, bool lookup) {
  if (lookup) return std::make_unique<LookupAdapter>(std::move(instance));
  return std::make_unique<ActionAdapter>(std::move(instance));
}

std::unique_ptr<Action> failed_action(Error reason) { return std::make_unique<FailedAction>(std::move(reason)); }

}  // namespace milepost::plugins
