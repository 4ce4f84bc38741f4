#include "host/cli/store_link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <filesystem>
#include <mutex>
#include <optional>

#include "host/api/admin.hpp"
#include "host/deploy/data_folder.hpp"
#include "host/deploy/planner.hpp"
#include "host/deploy/remap.hpp"
#include "host/http/client.hpp"
#include "host/config/load.hpp"
#include "host/http/answer_to.hpp"
#include "host/http/target.hpp"
#include "host/journal/store.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::cli {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

Result<Json> answered(int status, const std::string& body) {
  auto json = read_json(body);
  if (!json) return fail(ErrorKind::permanent, "the host's answer cannot be read (status " + std::to_string(status) + ")");
  if (status == 200) return json;
  return fail(ErrorKind::permanent, get<std::string>(*json, "/detail").value_or("the host answered " + std::to_string(status)));
}

/// Speaks to the running host.
class Remote : public StoreLink {
 public:
  explicit Remote(std::string path) : path_(std::move(path)) {}

 protected:
  Result<Json> exchange(const std::string& method, const std::string& target, const std::string& body) override {
    boost::system::error_code fault;
    asio::io_context loop;
    asio::local::stream_protocol::socket socket(loop);
    socket.connect({path_}, fault);
    if (fault) return fail(ErrorKind::permanent, "a host holds the store, but " + path_ + " does not answer: " + fault.message());
    beast_http::request<beast_http::string_body> request{beast_http::string_to_verb(method), target, 11};
    request.set(beast_http::field::host, "localhost");
    request.set(beast_http::field::connection, "close");
    if (!body.empty()) {
      request.set(beast_http::field::content_type, "application/json");
      request.body() = body;
      request.prepare_payload();
    }
    beast_http::write(socket, request, fault);
    boost::beast::flat_buffer buffer;
    beast_http::response_parser<beast_http::string_body> parser;
    parser.body_limit(256u << 20);
    if (!fault) beast_http::read(socket, buffer, parser, fault);
    if (fault) return fail(ErrorKind::permanent, "the host's answer broke off: " + fault.message());
    return answered(static_cast<int>(parser.get().result_int()), parser.get().body());
  }

 private:
  std::string path_;
};

/// Holds the lock, and asks the API's own code.
class Local : public StoreLink {
 public:
  /// How loans go, by the folder.
  static std::shared_ptr<const loans::Model> loans_of(const std::string& folder) {
    config::Faults faults;
    auto model = loans::Model::compile(config::load_loans(folder), faults);
    return model ? model : loans::Model::standard();
  }
  Local(std::string folder, deploy::Lock lock, std::unique_ptr<telemetry::SystemClock> clock, std::unique_ptr<journal::Store> store)
      : folder_(std::move(folder)),
        lock_(std::move(lock)),
        clock_(std::move(clock)),
        store_(std::move(store)),
        planner_(
            *store_, [this] { return std::make_shared<const deploy::Deployment>(deploy::load(folder_, false)); }, [this] { return deploy::recorded(*store_, nullptr); }),
        loans_(loans_of(folder_)),
        admin_({.store = store_.get(),
                .clock = clock_.get(),
                .remap = [this](const journal::Event& event, const std::string& payload) { return map_again(event, payload); },
                .planner = [this] { return &planner_; },
                .versions = [this] { return &*definitions().versions; },
                .loans = [this] { return loans_; }}) {}

 protected:
  Result<Json> exchange(const std::string& method, const std::string& target, const std::string& body) override {
    const auto parsed = http::parse_target(target);
    if (!parsed) return fail(ErrorKind::permanent, "a name holds a control character or is no UTF-8");
    http::Incoming request;
    request.method = method;
    request.target = target;
    request.path = parsed->path;
    request.query = parsed->query;
    request.body = body;
    request.peer = "unix";
    const auto answer =
        http::answer_to([&](http::Responder respond) { admin_.handle(std::move(request), std::move(respond)); });
    return answered(answer.status, answer.body);
  }

 private:
  /// What the folder says, read when something asks: a list does not wait for plugins.
  struct Definitions {
    deploy::Deployment deployment;
    http::Client client;
    std::optional<engine::Versions> versions;
    std::optional<intake::Hooks> hooks;
    std::string fault;  ///< why there are no hooks
  };
  Definitions& definitions() {
    const std::lock_guard lock(mutex_);
    if (!definitions_) {
      auto& made = *(definitions_ = std::make_unique<Definitions>());
      made.deployment = deploy::load(folder_, false);
      made.versions.emplace(*store_, made.deployment.registry, made.deployment.programs);
      made.versions->set_loans(made.deployment.loans);
      made.hooks.emplace(*store_, *clock_);
      auto hooks = deploy::make_hooks(made.deployment, {nullptr, clock_.get(), store_.get()}, made.deployment.pipelines());
      if (hooks) made.hooks->deploy(std::move(*hooks));
      else made.fault = hooks.error().message;
    }
    return *definitions_;
  }
  Result<journal::NewEvent> map_again(const journal::Event& event, const std::string& payload) {
    auto& made = definitions();
    if (!made.fault.empty()) return fail(ErrorKind::permanent, made.fault);
    return deploy::map_again(made.deployment, {&made.client, clock_.get(), store_.get()}, *made.hooks, event, payload);
  }

  const std::string folder_;
  deploy::Lock lock_;
  std::unique_ptr<telemetry::SystemClock> clock_;
  std::unique_ptr<journal::Store> store_;
  deploy::Planner planner_;  // against what ran last
  std::shared_ptr<const loans::Model> loans_;
  std::mutex mutex_;
  std::unique_ptr<Definitions> definitions_;
  api::Admin admin_;  // last: its thread uses the rest
};

}  // namespace

Result<std::unique_ptr<StoreLink>> StoreLink::open(const std::string& config) {
  const std::filesystem::path path(store_path(config));
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fail(ErrorKind::permanent, "there is no store at " + path.string() + " yet: it is made by the first `milepost run`");
  const std::string folder = path.parent_path().string();
  auto lock = deploy::Lock::take(folder);
  if (!lock) return std::unique_ptr<StoreLink>(std::make_unique<Remote>(folder + "/admin.sock"));
  auto clock = std::make_unique<telemetry::SystemClock>();
  auto store = journal::Store::open({.path = path.string(), .clock = clock.get()});
  if (!store) return fail(store.error());
  return std::unique_ptr<StoreLink>(std::make_unique<Local>(config, std::move(*lock), std::move(clock), std::move(*store)));
}

std::string with_query(std::string path, const Arguments& arguments, std::initializer_list<const char*> options) {
  for (const char* option : options)
    if (arguments.has(option)) path.append(path.find('?') == path.npos ? "?" : "&").append(option).append("=").append(encoded(arguments.get(option)));
  return path;
}

std::string store_path(const std::string& folder) {
  const auto root = std::filesystem::absolute(folder).lexically_normal();
  return (root / config::load_host(root.string()).host.store).string();
}

std::string field(const Json& answer, const char* pointer) { return get<std::string>(answer, pointer).value_or(""); }

std::string encoded(const std::string& value) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~') out += c;
    else out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

}  // namespace milepost::cli
