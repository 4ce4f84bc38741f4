#include "host/plugins/instance.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/plugins/call.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::plugins {

namespace {

constexpr std::size_t kMostMessage = 1000;

/// One line, without what could steer a terminal, at most kMostMessage bytes.
std::string one_line(std::string text) {
  if (text.size() > kMostMessage) {
    std::size_t end = kMostMessage;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    text += "…";
  }
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text;
}

bool write_left(const mp_call* call) {
  const auto* ours = HostCall::from(call);
  return ours != nullptr && ours->has_write_left();
}

}  // namespace

std::string_view op_name(std::uint32_t op) noexcept {
  switch (op) {
    case MP_MANIFEST:
      return "manifest";
    case MP_CREATE:
      return "create";
    case MP_DESTROY:
      return "destroy";
    case MP_OPEN:
      return "open";
    case MP_CLOSE:
      return "close";
    case MP_PROBE:
      return "probe";
    case MP_RUN:
      return "run";
    case MP_FIND:
      return "find";
    case MP_POLL:
      return "poll";
    case MP_COMMITTED:
      return "committed";
    case MP_RECEIVE:
      return "receive";
    case MP_SANDBOX_HANDLE:
      return "sandbox handle";
    case MP_SANDBOX_STATE:
      return "sandbox state";
    case MP_SANDBOX_RESET:
      return "sandbox reset";
    case MP_SANDBOX_EMIT:
      return "sandbox emit";
    default:
      return "unknown op";
  }
}

namespace {

/// An instance that cannot be had now is no fault of the delivery that needs it: the connection waits.
Error later(Error error) {
  if (error.kind == ErrorKind::auth || error.kind == ErrorKind::cancelled || error.kind == ErrorKind::rate_limited)
    return error;
  error.kind = ErrorKind::rate_limited;
  error.retry_after = std::max<std::chrono::milliseconds>(error.retry_after.value_or(std::chrono::milliseconds(0)),
                                                          std::chrono::seconds(1));
  return error;
}

bool passes(const Error& error) { return error.kind == ErrorKind::rate_limited || error.kind == ErrorKind::cancelled; }

}  // namespace

Result<std::shared_ptr<Instance>> Instance::create(std::shared_ptr<Runner> runner, std::shared_ptr<Scope> scope,
                                                   Wanted wanted, std::shared_ptr<Instance> on) {
  const bool needs_another = on != nullptr;
  std::shared_ptr<Instance> made(new Instance(std::move(runner), std::move(scope), std::move(wanted), std::move(on)));
  const auto there = made->revive(nullptr);
  if (!there && !(needs_another && passes(there.error()))) return fail(there.error());
  return made;
}

Instance::~Instance() {
  if (place_.life == 0) return;
  const HostCall call(std::chrono::seconds(10));
  const std::lock_guard held(runner_->control());
  // Nothing comes back; in a process that has ended nothing is left to destroy.
  static_cast<void>(cross(place_, MP_DESTROY, call.call().raw(), {}).has_value());
}

Result<Instance::Place> Instance::revive(const mp_call* call) {
  const std::lock_guard held(mutex_);
  const auto life = runner_->alive();
  if (!life) return fail(life.error());
  if (*life == place_.life) return place_;
  auto made = make(*life, call);
  if (!made) return fail(made.error());
  place_ = *made;
  if (!open_) return place_;

  // Its own time: the call that happens to need it may have little left.
  const Call asked(call);
  const HostCall opening(std::chrono::seconds(30), [&] { return asked.stopped(); });
  const auto* raw = opening.call().raw();
  const auto opened = only(checked(cross(place_, MP_OPEN, raw, {detail::bytes("{}")}), MP_OPEN, raw), MP_OPEN, raw);
  if (opened) return place_;
  place_.life = 0;  // made and opened, or neither
  return fail(later(opened.error()));
}

Result<Instance::Place> Instance::make(Runner::Life life, const mp_call* call) {
  const std::string head = text(Json{{"kind", wanted_.kind}, {"name", wanted_.name}, {"settings", wanted_.settings}});
  std::vector<mp_bytes> parts{detail::bytes(head), {scope_->table(), sizeof(mp_host)}};
  Place on;
  if (on_ != nullptr) {
    const auto there = on_->revive(call);
    if (!there) return fail(later(there.error()));
    if (there->life != life) return fail(ErrorKind::cancelled, "the plugin's process was started again meanwhile");
    on = *there;
    parts.push_back({&on.self, sizeof(void*)});
  }
  HostCall creating(std::chrono::seconds(10));
  creating.lend_no_http();
  const auto* raw = creating.call().raw();
  auto outcome = [&] {
    const std::lock_guard held(runner_->control());
    return cross({nullptr, life}, MP_CREATE, raw, parts);
  }();
  const auto item = only(checked(std::move(outcome), MP_CREATE, raw), MP_CREATE, raw);
  if (!item) return fail(item.error());
  if (item->part(1).size() != sizeof(void*))
    return fail(broken(MP_CREATE, raw,
                       "gave an instance of " + std::to_string(item->part(1).size()) + " bytes, expected a pointer"));
  Place made{nullptr, life};
  std::memcpy(&made.self, item->part(1).data(), sizeof(void*));
  if (made.self == nullptr) return fail(broken(MP_CREATE, raw, "gave a null pointer as its instance"));
  return made;
}

Result<detail::Outcome> Instance::cross(const Place& place, std::uint32_t op, const mp_call* call,
                                        const std::vector<mp_bytes>& parts) {
  return runner_->cross(place.life, {place.self, op, call, parts, *scope_});
}

Error Instance::broken(std::uint32_t op, const mp_call* call, const std::string& what) const {
  Error error{write_left(call) ? ErrorKind::indeterminate : ErrorKind::internal,
              "the plugin's " + std::string(op_name(op)) + " " + what, scope_->names().plugin, std::nullopt};
  telemetry::log(
      telemetry::Level::error, "plugin.contract_broken",
      {{"plugin", scope_->names().plugin}, {"connection", scope_->names().connection}, {"error", error.message}});
  return error;
}

Error Instance::emitted_error(const detail::Emitted& item, std::uint32_t op, const mp_call* call) const {
  const auto head = detail::read_head(item.part(0));
  if (!head) return broken(op, call, "emitted an error that is " + head.error().message);
  Error error = detail::to_error(*head);
  error.message = one_line(scope_->redacted(std::move(error.message)));
  error.origin = one_line(scope_->redacted(std::move(error.origin)));
  if (error.origin.empty()) error.origin = scope_->names().plugin + ": " + std::string(op_name(op));
  // What has lost its cause, or claims that nothing was sent, is not believed once a write has left.
  const bool doubtful = error.kind == ErrorKind::internal || error.kind == ErrorKind::cancelled;
  if (doubtful && write_left(call)) error.kind = ErrorKind::indeterminate;
  return error;
}

Result<std::vector<detail::Emitted>> Instance::checked(Result<detail::Outcome> given, std::uint32_t op,
                                                       const mp_call* call) const {
  if (!given) return fail(given.error());
  auto& outcome = *given;
  if (outcome.fault.starts_with(Runner::kThrew)) return fail(broken(op, call, outcome.fault));
  if (!outcome.fault.empty()) return fail(broken(op, call, "emitted " + outcome.fault));
  if (outcome.status == MP_UNSUPPORTED)
    return fail(broken(op, call, "is not known to it, though its manifest names it"));
  if (outcome.status != MP_DONE)
    return fail(broken(op, call, "returned " + std::to_string(outcome.status) + ", expected 0 or 1"));
  for (const auto& item : outcome.items)
    if (item.kind != MP_ITEM && item.kind != MP_ERROR && item.kind != MP_NEXT)
      return fail(broken(op, call, "emitted the kind " + std::to_string(item.kind) + ", expected 1, 2 or 3"));
  return std::move(outcome.items);
}

Result<detail::Emitted> Instance::only(Result<std::vector<detail::Emitted>> items, std::uint32_t op,
                                       const mp_call* call) const {
  if (!items) return fail(items.error());
  if (items->size() != 1)
    return fail(broken(op, call, "emitted " + std::to_string(items->size()) + " items, expected one"));
  auto& item = items->front();
  if (item.kind == MP_ERROR) return fail(emitted_error(item, op, call));
  if (item.kind != MP_ITEM || item.index != 0)
    return fail(broken(op, call,
                       "emitted kind " + std::to_string(item.kind) + " with index " + std::to_string(item.index) +
                           ", expected one item with index 0"));
  return std::move(item);
}

Result<std::vector<detail::Emitted>> Instance::call(std::uint32_t op, const mp_call* call,
                                                    const std::vector<mp_bytes>& parts) {
  Place place;
  if (op == MP_CLOSE || op == MP_OPEN) {
    const std::lock_guard held(mutex_);
    open_ = false;
    place = place_;
  }
  if (op != MP_CLOSE) {  // nothing is left open in a process that has ended
    const auto there = revive(call);
    if (!there) return fail(there.error());
    place = *there;
  }
  auto items = checked(cross(place, op, call, parts), op, call);
  if (op == MP_OPEN) {
    const std::lock_guard held(mutex_);
    open_ = items && items->size() == 1 && items->front().kind == MP_ITEM;
  }
  return items;
}

Result<detail::Emitted> Instance::call_for_one(std::uint32_t op, const mp_call* raw,
                                               const std::vector<mp_bytes>& parts) {
  return only(call(op, raw, parts), op, raw);
}

Result<Json> Instance::call_for_head(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts) {
  const auto item = call_for_one(op, call, parts);
  if (!item) return fail(item.error());
  auto head = detail::read_head(scope_->redacted(std::string(item->part(0))));
  if (!head) return fail(broken(op, call, "emitted a head that is " + head.error().message));
  if (!head->is_object())
    return fail(broken(op, call, std::string("emitted ") + head->type_name() + " as its head, expected an object"));
  return head;
}

}  // namespace milepost::plugins
