// Acme's changes, asked for page by page. The host keeps the cursor, stores it with the events in one commit, and asks
// again in time.
#include "milepost/plugin.hpp"

namespace {

using namespace milepost;

struct Account {
  std::string base_url;
};
Settings<Account> account_settings() {
  return Settings<Account>("An account at Acme.")
      .optional("base_url", &Account::base_url, "https://api.acme.example", "API root.")
      .secret("token", "API token.");  // stays in the host, which adds it to each request
}

struct Feed {
  std::string kind;
};
Settings<Feed> feed_settings() {
  return Settings<Feed>("Changes.").optional("kind", &Feed::kind, "all", "Which: all, or one kind.");
}

Result<Json> ask(Host host, const std::string& target, const Call& call) {
  const auto answer = host.http().send({.method = "GET", .target = target, .intent = Intent::read}, call);
  if (!answer) return fail(answer.error());
  const auto origin = "acme: GET " + target.substr(0, target.find('?'));
  if (auto error = classify(*answer, Intent::read, origin, host.clock().now())) return fail(*error);
  auto body = read_json(answer->body);
  if (!body) return fail(ErrorKind::retryable, "the vendor's answer is no JSON");
  return body;
}

struct AcmeConnection : Connection {
  AcmeConnection(Account, Host given) : host(given) {}
  Status open(const Call& call) override {
    if (const auto me = ask(host, "/v1/me", call); !me) return fail(me.error());
    return {};
  }
  Host host;
};

class Changes : public PollingSource {
 public:
  Changes(Feed feed, AcmeConnection& acme, Host) : feed_(std::move(feed)), host_(acme.host) {}

  /// `after` is the last change that was seen: what was not journaled is asked for again.
  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override {
    const auto body = ask(host_, "/v1/changes?after=" + after + "&limit=" + std::to_string(limit), call);
    if (!body) return fail(body.error());
    const Json* changes = find(*body, "/changes");
    if (changes == nullptr || !changes->is_array()) return fail(ErrorKind::retryable, "the answer holds no changes");
    Page page{{}, after};
    for (const auto& change : *changes) {
      const auto id = get<std::string>(change, "/id"), kind = get<std::string>(change, "/kind");
      if (!id || !kind) return fail(ErrorKind::permanent, "a change without id or kind");
      page.next = *id;
      if (feed_.kind != "all" && feed_.kind != *kind) continue;
      Event event;
      event.id = *id;
      event.type = "acme." + *kind;
      event.subject = get<std::string>(change, "/loan").value_or("");
      event.payload = Document(change);
      page.events.push_back(std::move(event));
    }
    return page;
  }

 private:
  Feed feed_;
  Host host_;
};

Plugin plugin() {
  return Plugin("acme", "0.1.0", "Changes at Acme.")
      .connection<Account, AcmeConnection>(account_settings(), credentials::bearer("token"))
      .polling<Changes, AcmeConnection>("changes", "What has changed since the last look.", feed_settings());
}

}  // namespace

MILEPOST_PLUGIN(plugin)
