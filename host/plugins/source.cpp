#include "host/plugins/source.hpp"

#include <utility>

#include "host/config/utf8.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/request.hpp"

namespace milepost::plugins {

namespace {

constexpr std::size_t kMostCursor = 64u << 10;
constexpr std::chrono::seconds kDecoding(10);

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = config::utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// Events in the order they were emitted, which their indices must agree with. Payloads pass as they are: intake judges
/// them one by one, and quarantines what is no JSON.
Result<std::vector<Event>> read_events(const Instance& instance, std::span<detail::Emitted> items, std::uint32_t op,
                                       const mp_call* call) {
  std::vector<Event> events;
  for (auto& item : items) {
    const std::string at = "event " + std::to_string(events.size() + 1);
    if (item.kind == MP_ERROR) return fail(instance.emitted_error(item, op, call));
    if (item.kind != MP_ITEM) return fail(instance.broken(op, call, "emitted a cursor in place of " + at));
    if (item.index != events.size())
      return fail(instance.broken(op, call,
                                  "emitted " + at + " with index " + std::to_string(item.index) + ", expected " +
                                      std::to_string(events.size())));
    if (item.parts.size() < 2) return fail(instance.broken(op, call, "emitted " + at + " without a payload"));
    if (auto event = detail::scan_event(item.part(0))) {
      event->payload = Document(std::move(item.parts[1]));
      events.push_back(std::move(*event));
      continue;
    }
    auto head = detail::read_head(item.part(0));
    if (!head) return fail(instance.broken(op, call, "emitted " + at + " with a head that is " + head.error().message));
    if (!head->is_object()) return fail(instance.broken(op, call, "emitted " + at + " with a head that is no object"));
    auto event = detail::to_event(std::move(*head), std::move(item.parts[1]));
    if (!event) return fail(instance.broken(op, call, "emitted " + at + " with " + event.error().message));
    events.push_back(std::move(*event));
  }
  return events;
}

class PollingAdapter : public PollingSource {
 public:
  explicit PollingAdapter(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override {
    const std::string head = text(Json{{"cursor", after}, {"limit", limit}});
    auto items = instance_->call(MP_POLL, call.raw(), {detail::bytes(head)});
    if (!items) return fail(items.error());
    const auto broken = [&](const std::string& what) { return fail(instance_->broken(MP_POLL, call.raw(), what)); };
    for (const auto& item : *items)
      if (item.kind == MP_ERROR) return fail(instance_->emitted_error(item, MP_POLL, call.raw()));
    if (items->empty() || items->back().kind != MP_NEXT) return broken("emitted no cursor after its events");
    if (items->size() - 1 > limit)
      return broken("emitted " + std::to_string(items->size() - 1) + " events, expected at most " +
                    std::to_string(limit));
    Page page;
    page.next = std::string(items->back().part(0));
    if (page.next.size() > kMostCursor)
      return broken("emitted a cursor of " + std::to_string(page.next.size()) + " bytes, expected at most 64 KiB");
    if (!is_utf8(page.next)) return broken("emitted a cursor that is not valid UTF-8");
    auto events = read_events(*instance_, std::span(*items).first(items->size() - 1), MP_POLL, call.raw());
    if (!events) return fail(events.error());
    page.events = std::move(*events);
    return page;
  }

 protected:
  Instance& instance() const { return *instance_; }

 private:
  std::shared_ptr<Instance> instance_;
};

class SettlingAdapter final : public PollingAdapter, public Settle {
 public:
  using PollingAdapter::PollingAdapter;
  Status committed(const Cursor& next, const Call& call) override {
    const std::string head = text(Json{{"cursor", next}});
    const auto done = instance().call_for_one(MP_COMMITTED, call.raw(), {detail::bytes(head)});
    if (!done) return fail(done.error());
    return {};
  }
};

class FailedPolling final : public PollingSource {
 public:
  explicit FailedPolling(Error reason) : reason_(std::move(reason)) {}
  Result<Page> poll(const Cursor&, std::size_t, const Call&) override { return fail(reason_); }

 private:
  Error reason_;
};

class WebhookAdapter final : public WebhookSource {
 public:
  explicit WebhookAdapter(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<std::vector<Event>> receive(const HttpRequest& request) override {
    const HostCall call(kDecoding);
    const auto* raw = call.call().raw();
    const std::string head = request_head(request);
    auto items = instance_->call(MP_RECEIVE, raw, {detail::bytes(head), detail::bytes(request.body)});
    if (!items) return fail(items.error());
    auto events = read_events(*instance_, *items, MP_RECEIVE, raw);
    // Whatever a decoder calls it, it is about this delivery, and would be the same another time.
    if (!events && events.error().kind != ErrorKind::internal) events.error().kind = ErrorKind::permanent;
    return events;
  }

 private:
  std::shared_ptr<Instance> instance_;
};

}  // namespace

std::unique_ptr<PollingSource> adapt_polling(std::shared_ptr<Instance> instance, bool settle) {
  if (settle) return std::make_unique<SettlingAdapter>(std::move(instance));
  return std::make_unique<PollingAdapter>(std::move(instance));
}

std::unique_ptr<PollingSource> failed_polling(Error reason) {
  return std::make_unique<FailedPolling>(std::move(reason));
}

std::unique_ptr<WebhookSource> adapt_webhook(std::shared_ptr<Instance> instance) {
  return std::make_unique<WebhookAdapter>(std::move(instance));
}

}  // namespace milepost::plugins
