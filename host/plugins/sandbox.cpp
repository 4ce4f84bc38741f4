#include <utility>

#include "host/http/syntax.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/request.hpp"
#include "host/plugins/source.hpp"

namespace milepost::plugins {

namespace {

constexpr std::chrono::seconds kHandling(30);

/// The double answers as a vendor whose server is broken; its defect is in the log and in the body.
HttpResponse broken_vendor(const Error& error) {
  return {500, {{"Content-Type", "text/plain; charset=utf-8"}}, "the sandbox failed: " + error.message + "\n"};
}

/// Headers that can be sent, or nullopt.
std::optional<HttpHeaders> sendable(HttpHeaders headers) {
  for (const auto& [name, value] : headers)
    if (!http::is_token(name) || !http::is_field_value(value)) return std::nullopt;
  return headers;
}

class SandboxAdapter final : public Sandbox {
 public:
  explicit SandboxAdapter(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}

  HttpResponse handle(const HttpRequest& request) override {
    const HostCall call(kHandling);
    const auto* raw = call.call().raw();
    const std::string head = request_head(request);
    auto item = instance_->call_for_one(MP_SANDBOX_HANDLE, raw, {detail::bytes(head), detail::bytes(request.body)});
    if (!item) return broken_vendor(item.error());
    const auto answer = detail::read_head(item->part(0)).value_or(Json(nullptr));
    const auto status = get<int>(answer, "/status").value_or(0);
    auto headers = sendable(detail::to_headers(find(answer, "/headers")));
    if (status < 200 || status > 599 || !headers)
      return broken_vendor(instance_->broken(MP_SANDBOX_HANDLE, raw,
                                             "emitted a response without a status from 200 to 599 and sound headers"));
    HttpResponse response{status, std::move(*headers), {}};
    if (item->parts.size() > 1) response.body = std::move(item->parts[1]);
    return response;
  }

  Json state() const override {
    const HostCall call(kHandling);
    const auto item = instance_->call_for_one(MP_SANDBOX_STATE, call.call().raw(), {detail::bytes("{}")});
    if (!item) return {{"error", item.error().message}};
    const auto state = detail::read_head(item->part(0));
    if (!state)
      return {
          {"error",
           instance_->broken(MP_SANDBOX_STATE, call.call().raw(), "emitted a state that is " + state.error().message)
               .message}};
    return *state;
  }

  void reset() override {
    const HostCall call(kHandling);
    // A failure is in the log already; there is nothing to undo.
    static_cast<void>(instance_->call_for_one(MP_SANDBOX_RESET, call.call().raw(), {detail::bytes("{}")}).has_value());
  }

  Result<std::vector<HttpRequest>> emit(const Json& event) override {
    const HostCall call(kHandling);
    const auto* raw = call.call().raw();
    const std::string head = text(event);
    auto items = instance_->call(MP_SANDBOX_EMIT, raw, {detail::bytes(head)});
    if (!items) return fail(items.error());
    std::vector<HttpRequest> requests;
    for (auto& item : *items) {
      if (item.kind == MP_ERROR) return fail(instance_->emitted_error(item, MP_SANDBOX_EMIT, raw));
      const auto read = detail::read_head(item.part(0)).value_or(Json(nullptr));
      auto headers = sendable(detail::to_headers(find(read, "/headers")));
      const auto method = get<std::string>(read, "/method"), target = get<std::string>(read, "/target");
      if (!method || !http::is_token(*method) || !target || !headers)
        return fail(
            instance_->broken(MP_SANDBOX_EMIT, raw, "emitted a request without a method, a target and sound headers"));
      HttpRequest& request = requests.emplace_back();
      request.method = *method;
      request.target = *target;
      request.headers = std::move(*headers);
      if (item.parts.size() > 1) request.body = std::move(item.parts[1]);
    }
    return requests;
  }

 private:
  std::shared_ptr<Instance> instance_;
};

}  // namespace

std::unique_ptr<Sandbox> adapt_sandbox(std::shared_ptr<Instance> instance) {
  return std::make_unique<SandboxAdapter>(std::move(instance));
}

}  // namespace milepost::plugins
