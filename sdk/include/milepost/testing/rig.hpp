// Drives a plugin over its exported table, as the host does, so that a test sees what the host will see: what crossed,
// no more.
//
//   extern "C" const mp_plugin milepost_plugin_v1;   // the plugin's own plugin.cpp, compiled into the test
//   FakeHost host;
//   Rig rig(milepost_plugin_v1, host);
//   ASSERT_TRUE(rig.connect({{"base_url", "https://api.acme.test"}}));
//   EXPECT_EQ(rig.run("send", {{"to", "…"}}).kind(), ErrorKind::indeterminate);
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "milepost/plugin.hpp"
#include "milepost/testing/fake_host.hpp"

namespace milepost::testing {

/// An event of the LOS, as the examples have it.
inline Event loan(std::string subject = "L-1001", std::string stage = "approval") {
  Event event;
  event.id = "evt-" + subject + "-" + stage;
  event.type = "stage.changed";
  event.subject = subject;
  event.actor = "u-17";
  event.payload = Document(Json{{"type", "stage.changed"},
                                {"loan", {{"id", subject}, {"stage", stage}, {"amount", Number{"25000.00"}.json()}}}});
  return event;
}

/// An idempotency key as the host makes one: 32 hex digits of what names the delivery.
inline std::string key_of(std::string_view name) { return hex(sha256(name)).substr(0, 32); }

/// What came of one delivery.
class Ran {
 public:
  Ran(Result<Answer> result) : result_(std::move(result)) {}  // NOLINT: a view of a result
  explicit operator bool() const { return result_.has_value(); }
  const Answer& operator*() const { return *result_; }
  const Answer* operator->() const { return &*result_; }
  std::optional<ErrorKind> kind() const { return result_ ? std::nullopt : std::optional(result_.error().kind); }
  std::string message() const { return result_ ? std::string() : result_.error().message; }
  std::string origin() const { return result_ ? std::string() : result_.error().origin; }
  std::optional<std::chrono::milliseconds> retry_after() const {
    return result_ ? std::nullopt : result_.error().retry_after;
  }

 private:
  Result<Answer> result_;
};

class Rig {
 public:
  Rig(const mp_plugin& plugin, FakeHost& host) : plugin_(plugin), host_(host) {}
  ~Rig() {
    while (!made_.empty()) {
      cross(made_.back(), MP_DESTROY, Json::object());
      made_.pop_back();  // the connection was made first, so it goes last
    }
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  Json manifest() const {
    const auto outcome = cross(nullptr, MP_MANIFEST, Json::object());
    return outcome.items.empty() ? Json() : read_json(outcome.items[0].part(0)).value_or(Json());
  }

  /// Makes the connection: settings parsed, no network.
  Status create(const Json& settings) {
    auto made = make("connection", "", settings);
    if (!made) return fail(made.error());
    connection_ = *made;
    return {};
  }
  Status open() { return status(cross(connection_, MP_OPEN, Json::object())); }
  Status probe() { return status(cross(connection_, MP_PROBE, Json::object())); }
  void close() { cross(connection_, MP_CLOSE, Json::object()); }
  Status connect(const Json& settings) {
    if (auto made = create(settings); !made) return made;
    return open();
  }

  /// One result for each delivery, in order.
  std::vector<Ran> run(const std::string& action, const std::vector<Delivery>& batch) {
    auto* instance = action_named(action);
    std::vector<Result<Answer>> results(batch.size(), fail(ErrorKind::indeterminate, "the plugin gave no result"));
    if (instance == nullptr) return {results.begin(), results.end()};
    for (const auto& item : cross(instance, MP_RUN, Json::object(), parts(batch)).items) {
      const auto head = read_json(item.part(0)).value_or(Json());
      if (item.index >= results.size()) continue;
      if (item.kind == MP_ERROR)
        results[item.index] = fail(detail::to_error(head));
      else
        results[item.index] = answer(head);
    }
    return {results.begin(), results.end()};
  }
  Ran run(const std::string& action, Json with, const std::string& key = key_of("one"), const Event& event = loan()) {
    return run(action, std::vector<Delivery>{{&event, std::move(with), key}})[0];
  }
  /// The action's Lookup; an error when it has none.
  Result<std::optional<Answer>> find(const std::string& action, Json with, const std::string& key = key_of("one"),
                                     const Event& event = loan()) {
    auto* instance = action_named(action);
    const auto outcome = cross(instance, MP_FIND, Json::object(), parts({{&event, std::move(with), key}}));
    if (auto done = status(outcome); !done) return fail(done.error());
    const auto head = read_json(outcome.items[0].part(0)).value_or(Json());
    if (!get<bool>(head, "/found").value_or(false)) return std::optional<Answer>();
    auto found = answer(*milepost::find(head, "/answer"));
    if (!found) return fail(found.error());
    return std::optional<Answer>(std::move(*found));
  }

  /// What a webhook source makes of a delivery.
  Result<std::vector<Event>> receive(const std::string& source, const Json& settings, const HttpRequest& request) {
    auto made = make("source", source, settings);
    if (!made) return fail(made.error());
    const Json head{
        {"method", request.method}, {"target", request.target}, {"headers", detail::to_json(request.headers)}};
    const auto outcome = cross(*made, MP_RECEIVE, head, {request.body});
    std::vector<Event> events;
    for (const auto& item : outcome.items) {
      auto first = read_json(item.part(0)).value_or(Json());
      if (item.kind == MP_ERROR) return fail(detail::to_error(first));
      auto event = detail::to_event(std::move(first), std::string(item.part(1)));
      if (!event) return fail(event.error());
      events.push_back(std::move(*event));
    }
    return events;
  }

 private:
  detail::Outcome cross(void* self, std::uint32_t op, const Json& head,
                        const std::vector<std::string>& more = {}) const {
    const std::string first = text(head);
    std::vector<mp_bytes> raw{detail::bytes(first)};
    for (const auto& part : more) raw.push_back(detail::bytes(part));
    return detail::cross(plugin_.call, self, op, host_.call().raw(), raw);
  }
  static Status status(const detail::Outcome& outcome) {
    if (outcome.status != MP_DONE) return fail(ErrorKind::internal, "the plugin does not offer this");
    if (outcome.items.empty()) return fail(ErrorKind::internal, "the plugin answered nothing");
    if (outcome.items[0].kind == MP_ERROR)
      return fail(detail::to_error(read_json(outcome.items[0].part(0)).value_or(Json())));
    return {};
  }
  Result<void*> make(const std::string& kind, const std::string& name, const Json& settings) {
    const auto pointer = [](const auto& value) {
      return std::string(reinterpret_cast<const char*>(&value), sizeof value);
    };
    std::vector<std::string> more{pointer(*host_.table())};
    if (kind != "connection" && connection_ != nullptr) more.push_back(pointer(connection_));
    const auto outcome = cross(nullptr, MP_CREATE, {{"kind", kind}, {"name", name}, {"settings", settings}}, more);
    if (auto done = status(outcome); !done) return fail(done.error());
    void* instance = nullptr;
    std::memcpy(&instance, outcome.items[0].part(1).data(), sizeof instance);
    made_.push_back(instance);
    return instance;
  }
  void* action_named(const std::string& name) {
    const auto known = actions_.find(name);
    if (known != actions_.end()) return known->second;
    return actions_[name] = make("action", name, Json::object()).value_or(nullptr);
  }
  static std::vector<std::string> parts(const std::vector<Delivery>& batch) {
    std::vector<std::string> out;
    for (const auto& delivery : batch) {
      out.push_back(detail::delivery_head(*delivery.event, delivery.with, delivery.idempotency_key));
      out.push_back(delivery.event->payload.text());
    }
    return out;
  }
  static Result<Answer> answer(const Json& head) {
    Answer out;
    const auto effect = get<std::string>(head, "/effect").value_or("");
    for (auto known :
         {Answer::Effect::created, Answer::Effect::updated, Answer::Effect::unchanged, Answer::Effect::skipped})
      if (name(known) == effect) out.effect = known;
    if (const auto* body = milepost::find(head, "/body")) out.body = *body;
    if (const auto* record = milepost::find(head, "/record")) {
      auto read = detail::to_record(*record);
      if (!read) return fail(read.error());
      out.record = std::move(*read);
    }
    return out;
  }

  const mp_plugin& plugin_;
  FakeHost& host_;
  void* connection_ = nullptr;
  std::vector<void*> made_;
  std::map<std::string, void*> actions_;
};

}  // namespace milepost::testing
