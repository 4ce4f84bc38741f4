#include "host/plugins/instance.hpp"

#include <cstring>
#include <utility>

#include "host/plugins/call.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::plugins {

namespace {

constexpr detail::Bounds kBounds{.items = 100'000, .bytes = 16u << 20};
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

Result<std::shared_ptr<Instance>> Instance::create(Library& library, std::shared_ptr<Scope> scope, const Wanted& wanted,
                                                   std::shared_ptr<Instance> on) {
  std::shared_ptr<Instance> made(new Instance(library, std::move(scope), std::move(on)));
  const std::string head = text(Json{{"kind", wanted.kind}, {"name", wanted.name}, {"settings", wanted.settings}});
  std::vector<mp_bytes> parts{detail::bytes(head), {made->scope_->table(), sizeof(mp_host)}};
  if (made->on_ != nullptr) parts.push_back({&made->on_->self_, sizeof(void*)});
  const HostCall call(std::chrono::seconds(10));
  const auto* raw = call.call().raw();
  auto outcome = [&] {
    const std::lock_guard held(library.control());
    return made->cross(nullptr, MP_CREATE, raw, parts);
  }();
  auto item = made->only(made->checked(std::move(outcome), MP_CREATE, raw), MP_CREATE, raw);
  if (!item) return fail(item.error());
  if (item->part(1).size() != sizeof(void*))
    return fail(made->broken(
        MP_CREATE, raw, "gave an instance of " + std::to_string(item->part(1).size()) + " bytes, expected a pointer"));
  std::memcpy(&made->self_, item->part(1).data(), sizeof(void*));
  if (made->self_ == nullptr) return fail(made->broken(MP_CREATE, raw, "gave a null pointer as its instance"));
  return made;
}

Instance::~Instance() {
  if (self_ == nullptr) return;
  const HostCall call(std::chrono::seconds(10));
  const std::lock_guard held(library_.control());
  library_.plugin().call(self_, MP_DESTROY, call.call().raw(), nullptr, 0, nullptr);
}

detail::Outcome Instance::cross(void* self, std::uint32_t op, const mp_call* call,
                                const std::vector<mp_bytes>& parts) const {
  return detail::cross(library_.plugin().call, self, op, call, parts, kBounds);
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

Result<std::vector<detail::Emitted>> Instance::checked(detail::Outcome outcome, std::uint32_t op,
                                                       const mp_call* call) const {
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
                                                    const std::vector<mp_bytes>& parts) const {
  return checked(cross(self_, op, call, parts), op, call);
}

Result<detail::Emitted> Instance::call_for_one(std::uint32_t op, const mp_call* raw,
                                               const std::vector<mp_bytes>& parts) const {
  return only(call(op, raw, parts), op, raw);
}

Result<Json> Instance::call_for_head(std::uint32_t op, const mp_call* call, const std::vector<mp_bytes>& parts) const {
  const auto item = call_for_one(op, call, parts);
  if (!item) return fail(item.error());
  auto head = detail::read_head(scope_->redacted(std::string(item->part(0))));
  if (!head) return fail(broken(op, call, "emitted a head that is " + head.error().message));
  if (!head->is_object())
    return fail(broken(op, call, std::string("emitted ") + head->type_name() + " as its head, expected an object"));
  return head;
}

}  // namespace milepost::plugins
