// Acme's double: it has no API that we call, and sends signed webhooks on demand:
//   POST /_sandbox/emit  {"vendor": "acme", "event": {"id": "c-1", "kind": "paid", "loan": "L-1001"}}
#include "milepost/testing/sandbox.hpp"
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;
using namespace milepost::testing;

class AcmeSandbox : public Sandbox {
 public:
  explicit AcmeSandbox(Host host) : host_(host) {}
  HttpResponse handle(const HttpRequest&) override { return problem(404, "no such path"); }
  Json state() const override { return {{"emitted", emitted_.json()}}; }
  void reset() override { emitted_.clear(); }
  Result<std::vector<HttpRequest>> emit(const Json& event) override {
    Json change = event;
    change.erase("url");
    if (!change.contains("id")) change["id"] = "c-" + std::to_string(emitted_.size() + 1);
    emitted_.add(change);
    const auto url = get<std::string>(event, "/url").value_or("http://127.0.0.1:8080/hooks/acme");
    auto delivery = webhook(url, text(Json{{"changes", Json::array({change})}}));
    sign(delivery, "sandbox-secret", {.header = "X-Acme-Signature", .prefix = "sha256="}, host_.clock().now());
    return std::vector{std::move(delivery)};
  }

 private:
  Host host_;
  Records emitted_;
};

Plugin plugin() { return Plugin("acme-sandbox", "0.1.0", "A double of Acme.").sandbox<AcmeSandbox>(); }

}  // namespace

MILEPOST_PLUGIN(plugin)
