#include "host/http/credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <thread>

#include "host/http/server.hpp"
#include "tests/host/http/sockets.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::Contains;
using testing::fresh_folder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

config::Secrets secrets() {
  const std::string folder = fresh_folder();
  std::ofstream(folder + "/secrets.yaml") << "key: 'k&y =1'\nid: 'the-id'\nempty: ''\n";
  config::Faults faults;
  return config::Secrets::load(folder, {.file = "secrets.yaml", .env_prefix = {}, .folder = {}}, faults);
}

Json json(const std::string& source) {
  auto value = read_json(source);
  EXPECT_TRUE(value) << source;
  return value ? *value : Json();
}

class HttpCredentials : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Signer>> make(const std::string& declared, const std::string& with,
                                       const std::string& base_url = "http://a") {
    return make_signer(json(declared), json(with), base_url, known, clock);
  }
  /// A request after the signer has seen it.
  Request signed_by(const std::string& declared, const std::string& with, Request request = {.url = "http://a/b"}) {
    auto signer = make(declared, with);
    EXPECT_TRUE(signer) << signer.error().message;
    if (!signer) return {};
    EXPECT_TRUE((*signer)->sign(request, client, {}));
    EXPECT_FALSE((*signer)->refresh());
    hidden = (*signer)->hidden();
    return request;
  }

  config::Secrets known = secrets();
  telemetry::ManualClock clock{telemetry::Time(1'700'000'000s)};
  Client client;
  std::vector<std::string> hidden;
};

TEST_F(HttpCredentials, SignsWithABearer) {
  const Request request = signed_by(R"({"scheme":"bearer","token":"token"})", R"({"token":{"!secret":"id"}})",
                                    {.url = "http://a/b", .headers = {{"authorization", "Bearer forged"}, {"X", "1"}}});
  EXPECT_THAT(request.headers,
              UnorderedElementsAre(std::pair<std::string, std::string>("X", "1"),
                                   std::pair<std::string, std::string>("Authorization", "Bearer the-id")));
  EXPECT_THAT(hidden, UnorderedElementsAre("the-id"));
}

TEST_F(HttpCredentials, SignsWithBasic) {
  // RFC 7617's own example, and a key without a password.
  EXPECT_EQ(signed_by(R"({"scheme":"basic","user":"u","password":"p"})", R"({"u":"Aladdin","p":"open sesame"})")
                .headers.at(0)
                .second,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(signed_by(R"({"scheme":"basic","user":"api_key","password":""})", R"({"api_key":{"!secret":"id"}})")
                .headers.at(0)
                .second,
            "Basic dGhlLWlkOg==");
  EXPECT_THAT(hidden, UnorderedElementsAre("dGhlLWlkOg==", "the-id"));
}

TEST_F(HttpCredentials, SignsWithAHeaderOfTheConnectorsOwn) {
  const Request request =
      signed_by(R"({"scheme":"header","name":"X-API-Key","value":"key"})", R"({"key":{"!secret":"key"}})");
  EXPECT_EQ(request.headers.at(0), (std::pair<std::string, std::string>("X-API-Key", "k&y =1")));
}

TEST_F(HttpCredentials, SignsInTheQuery) {
  const std::string declared = R"({"scheme":"query","name":"key","value":"key"})",
                    with = R"({"key":{"!secret":"key"}})";
  EXPECT_EQ(signed_by(declared, with).url, "http://a/b?key=k%26y%20%3D1");
  EXPECT_EQ(signed_by(declared, with, {.url = "http://a/b?c=d"}).url, "http://a/b?c=d&key=k%26y%20%3D1");
  EXPECT_THAT(hidden, UnorderedElementsAre("k&y =1", "k%26y%20%3D1"));
}

TEST_F(HttpCredentials, AppendsTheQueryOfASecretUrl) {
  const std::string declared = R"({"scheme":"secret_url","url":"url"})";
  const std::string with =
      R"({"url":"https://acct.store.test:8443/leads?sp=rp&se=2030-01-01T00%3A00%3A00Z&sig=c2VjcmV0LWNhbmFyeQ%3D%3D"})";
  const std::string query = "sp=rp&se=2030-01-01T00%3A00%3A00Z&sig=c2VjcmV0LWNhbmFyeQ%3D%3D";
  EXPECT_EQ(signed_by(declared, with, {.url = "https://acct.store.test:8443/leads/messages"}).url,
            "https://acct.store.test:8443/leads/messages?" + query);
  EXPECT_EQ(signed_by(declared, with, {.url = "https://a/b?c=d"}).url, "https://a/b?c=d&" + query);
  for (const char* text : {"sig=c2VjcmV0LWNhbmFyeQ%3D%3D", "c2VjcmV0LWNhbmFyeQ%3D%3D", "c2VjcmV0LWNhbmFyeQ==", "sp=rp"})
    EXPECT_THAT(hidden, Contains(text));
  EXPECT_THAT(hidden, Contains(query));
  EXPECT_THAT(hidden, Not(Contains("rp")));

  const auto split = secret_url(json(declared), json(with), known);
  ASSERT_TRUE(split && *split);
  EXPECT_EQ((*split)->setting, "url");
  EXPECT_EQ((*split)->base, "https://acct.store.test:8443/leads");
  EXPECT_EQ((*split)->expires, telemetry::Time(std::chrono::sys_days(std::chrono::year(2030) / 1 / 1)));
  EXPECT_FALSE(*secret_url(json(R"({"scheme":"bearer","token":"t"})"), json(R"({"t":"x"})"), known));
  EXPECT_FALSE(*secret_url(json("null"), json("{}"), known));
}

TEST_F(HttpCredentials, KnowsWhenASecretUrlExpiresWhereItSaysSo) {
  using namespace std::chrono_literals;
  const telemetry::Time day = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1);
  const std::pair<const char*, std::optional<telemetry::Time>> rows[] = {
      {"se=2026-12-01T08:30:00Z&sig=x", day + 8h + 30min},   {"sig=x&se=2026-12-01T08%3a30Z", day + 8h + 30min},
      {"sp=r&se=2026-12-01&sig=x", day},                     {"sig=x", std::nullopt},
      {"si=policy&sig=x", std::nullopt},                     {"use=2026-12-01&sig=x", std::nullopt},
      {"se=soon&sig=x", std::nullopt},                       {"se=&sig=x", std::nullopt},
  };
  for (const auto& [query, expires] : rows) {
    const auto split = secret_url(json(R"({"scheme":"secret_url","url":"url"})"),
                                  {{"url", "https://acct.store.test/leads?" + std::string(query)}}, known);
    ASSERT_TRUE(split && *split) << query;
    EXPECT_EQ((*split)->expires, expires) << query;
  }
}

TEST_F(HttpCredentials, RefusesASecretUrlWithoutQuotingIt) {
  for (const char* url : {"https://a/canary", "https://a/canary?", "ftp://a/canary?sig=canary", "canary",
                          "https://u:canary@a/b?sig=canary", "https://a/b?sig=can ary", "https://a/b#canary?sig=canary"}) {
    const std::string with = text(Json{{"url", url}});
    for (const auto& error : {make(R"({"scheme":"secret_url","url":"url"})", with).error(),
                              secret_url(json(R"({"scheme":"secret_url","url":"url"})"), json(with), known).error()}) {
      EXPECT_EQ(error.kind, ErrorKind::permanent) << url;
      EXPECT_THAT(error.message, HasSubstr("the setting `url`: ")) << url;
      EXPECT_THAT(error.message, Not(HasSubstr("canary"))) << url;
    }
  }
  EXPECT_FALSE(make(R"({"scheme":"secret_url","url":"url"})", "{}"));
}

TEST_F(HttpCredentials, AddsNothingWhereNothingIsDeclared) {
  for (const char* declared : {"null", "{}", R"({"scheme":"none"})"}) {
    const Request request = signed_by(declared, "{}");
    EXPECT_THAT(request.headers, IsEmpty());
    EXPECT_EQ(request.url, "http://a/b");
  }
}

TEST_F(HttpCredentials, PicksTheSchemeThatFitsTheSettings) {
  const std::string declared =
      R"([{"when":{"vendor":"a"},"scheme":"none"},{"when":{"vendor":"b"},"scheme":"bearer","token":"t"}])";
  EXPECT_THAT(signed_by(declared, R"({"vendor":"a"})").headers, IsEmpty());
  EXPECT_EQ(signed_by(declared, R"({"vendor":"b","t":"x"})").headers.size(), 1u);
  for (const char* with : {R"({"vendor":"c"})", "{}"}) {
    const auto signer = make(declared, with);
    ASSERT_FALSE(signer);
    EXPECT_EQ(signer.error().kind, ErrorKind::permanent);
    EXPECT_THAT(signer.error().message, HasSubstr("none of the connector's credential schemes fits"));
  }
}

TEST_F(HttpCredentials, NamesWhatIsMissing) {
  for (const auto& [declared, with, words] : std::vector<std::array<std::string, 3>>{
           {R"({"scheme":"bearer","token":"token"})", "{}", "lacks the setting `token`"},
           {R"({"scheme":"bearer","token":"token"})", R"({"token":null})", "lacks the setting `token`"},
           {R"({"scheme":"bearer","token":"token"})", R"({"token":{"!secret":"unknown"}})", "unknown"},
           {R"({"scheme":"bearer"})", R"({"token":"x"})", "lack the text `token`"},
           {R"({"scheme":"header","name":"X Y","value":"v"})", R"({"v":"x"})", "no usable header"},
           {R"({"scheme":"kerberos"})", "{}", "unknown scheme `kerberos`"},
           {R"({"token":"x"})", "{}", "lack the text `scheme`"},
           {R"({"scheme":"login","path":"/l","body":{"k":"key"},"token":"/t"})", "{}", "lacks the setting `key`"},
           {R"({"scheme":"login","path":"/l","body":{},"token":"/t","lifetime":"soon"})", "{}", "lifetime"}}) {
    const auto signer = make(declared, with);
    ASSERT_FALSE(signer) << declared;
    EXPECT_EQ(signer.error().kind, ErrorKind::permanent);
    EXPECT_THAT(signer.error().message, HasSubstr(words));
  }
}

TEST_F(HttpCredentials, LetNoLineBreakOfASecretReachTheWire) {
  auto signer = make(R"({"scheme":"bearer","token":"t"})", R"({"t":"hunter2\nX-Forged: 1"})");
  ASSERT_TRUE(signer);
  Request request{.url = "http://127.0.0.1:1/"};
  ASSERT_TRUE((*signer)->sign(request, client, {}));
  Options options;
  options.allow_private = true;
  const auto response = client.exchange(request, options);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Failure::Kind::malformed);
  EXPECT_THAT(response.error().message, Not(HasSubstr("hunter2")));
}

// --- login

class HttpLogin : public HttpCredentials {
 protected:
  static constexpr const char* kDeclared = R"({"scheme":"login","path":"/auth/login",
    "body":{"apiKey":"api_key","apiSecret":"api_secret"},"token":"/token","expires":"/expires","lifetime":"1h"})";
  static constexpr const char* kWith = R"({"api_key":{"!secret":"id"},"api_secret":{"!secret":"key"}})";

  void SetUp() override {
    options.allow_private = true;
    options.timeout = 3s;
    ASSERT_TRUE(vendor.listen({.address = "127.0.0.1:0"}, {}, [this](Incoming&& request, Responder respond) {
      const int number = ++logins;
      const std::lock_guard guard(mutex);
      seen = request.method + " " + request.target + " " + request.body;
      if (hold)
        held.push_back(respond);
      else
        respond(answer ? *answer
                       : Outgoing{200, {}, R"({"token":"t)" + std::to_string(number) + R"(")" + expires + "}"});
    }));
    vendor.start();
    auto made = make(kDeclared, kWith, "http://" + vendor.address(0) + "/");
    ASSERT_TRUE(made) << made.error().message;
    signer = std::move(*made);
  }
  /// The header that the signer gives, or the error's message.
  std::string signature() {
    Request request{.url = "http://a/b"};
    const auto status = signer->sign(request, client, options);
    return status ? request.headers.at(0).second
                  : std::string(name(status.error().kind)) + ": " + status.error().message;
  }

  std::atomic<int> logins = 0;
  std::mutex mutex;
  std::string seen, expires;
  std::optional<Outgoing> answer;
  bool hold = false;
  std::vector<Responder> held;
  Options options;
  std::unique_ptr<Signer> signer;
  Server vendor;
};

TEST_F(HttpLogin, LogsInOnceAndKeepsTheToken) {
  EXPECT_EQ(signature(), "Bearer t1");
  EXPECT_EQ(signature(), "Bearer t1");
  EXPECT_EQ(seen, R"(POST /auth/login {"apiKey":"the-id","apiSecret":"k&y =1"})");
  EXPECT_THAT(signer->hidden(), UnorderedElementsAre("the-id", "k&y =1", "t1"));
  EXPECT_EQ(logins, 1);
}

TEST_F(HttpLogin, RenewsATokenAFifthBeforeItsEnd) {
  struct Row {
    const char* expires;
    std::chrono::seconds good, over;
  };
  for (const Row& row :
       {Row{"", 2879s, 2881s}, Row{R"(,"expires":1000)", 799s, 801s}, Row{R"(,"expires":"1000")", 799s, 801s},
        Row{R"(,"expires":100.5)", 79s, 81s}, Row{R"(,"expires":"nonsense")", 2879s, 2881s}}) {
    expires = row.expires;
    signer->refresh();
    const std::string first = signature();
    clock.advance(row.good);
    EXPECT_EQ(signature(), first) << row.expires;
    clock.advance(row.over - row.good);
    EXPECT_NE(signature(), first) << row.expires;
  }
}

TEST_F(HttpLogin, ReadsAMomentOfExpiry) {
  for (const char* moment :
       {R"(,"expires":"2023-11-14T22:30:00Z")", R"(,"expires":1700001000)", R"(,"expires":1700001000000)"}) {
    clock.set(telemetry::Time(1'700'000'000s));  // 22:13:20
    expires = moment;
    signer->refresh();
    const std::string first = signature();
    clock.advance(799s);
    EXPECT_EQ(signature(), first) << moment;
    clock.advance(2s);
    EXPECT_NE(signature(), first) << moment;
  }
}

TEST_F(HttpLogin, UsesATokenThatHasExpiredAlreadyOnce) {
  expires = R"(,"expires":"2001-01-01T00:00:00Z")";
  EXPECT_EQ(signature(), "Bearer t1");
  EXPECT_EQ(signature(), "Bearer t2");
}

TEST_F(HttpLogin, ForgetsATokenThatTheVendorRefused) {
  EXPECT_EQ(signature(), "Bearer t1");
  EXPECT_TRUE(signer->refresh());
  EXPECT_EQ(signature(), "Bearer t2");
}

TEST_F(HttpLogin, KeepsATokenThatIsNewerThanTheRefusedRequest) {
  Request refused{.url = "http://a/b"};
  ASSERT_TRUE(signer->sign(refused, client, options));
  EXPECT_TRUE(signer->refresh_after(refused));
  EXPECT_EQ(signature(), "Bearer t2");
  EXPECT_TRUE(signer->refresh_after(refused));
  EXPECT_EQ(signature(), "Bearer t2");
  EXPECT_EQ(logins, 2);
}

TEST_F(HttpLogin, TellsWhoseFaultItIs) {
  const auto after = [&](Outgoing response) {
    const std::lock_guard guard(mutex);
    answer = std::move(response);
  };
  for (const auto& [status, kind] : std::vector<std::pair<int, std::string>>{{401, "auth"},
                                                                             {403, "auth"},
                                                                             {400, "auth"},
                                                                             {404, "auth"},
                                                                             {302, "auth"},
                                                                             {429, "rate_limited"},
                                                                             {500, "retryable"},
                                                                             {503, "retryable"}}) {
    after({status, {}, R"({"echo":"k&y =1"})"});
    const std::string error = signature();
    EXPECT_THAT(error, HasSubstr(kind + ": ")) << status;
    EXPECT_THAT(error, Not(HasSubstr("k&y")));
  }
  after({200, {}, "<html>"});
  EXPECT_EQ(signature(), "retryable: the login's answer is no JSON");
  after({200, {}, R"({"jwt":"x"})"});
  EXPECT_EQ(signature(), "retryable: the login's answer has no token at /token");
  after({429, {{"Retry-After", "7"}}, ""});
  Request request{.url = "http://a/b"};
  const auto status = signer->sign(request, client, options);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().retry_after, 7s);
  EXPECT_EQ(status.error().origin, "login: POST /auth/login -> 429");
  vendor.stop(0ms);
  EXPECT_THAT(signature(), HasSubstr("retryable: 127.0.0.1"));
}

TEST_F(HttpLogin, IsMadeOnceForAllWhoWait) {
  hold = true;
  std::vector<std::thread> callers;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back([&] {
      if (signature() == "Bearer shared") ++right;
    });
  for (;;) {
    const std::lock_guard guard(mutex);
    if (!held.empty()) break;
  }
  std::this_thread::sleep_for(50ms);  // for the others to arrive
  {
    const std::lock_guard guard(mutex);
    held.front()({200, {}, R"({"token":"shared"})"});
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(right, 8);
  EXPECT_EQ(logins, 1);
}

TEST_F(HttpLogin, DoesNotOutwaitItsCallersDeadline) {
  hold = true;
  std::thread first([&] { signature(); });
  while (logins == 0) std::this_thread::sleep_for(1ms);
  Options hurried = options;
  hurried.timeout = 100ms;
  Request request{.url = "http://a/b"};
  const auto late = signer->sign(request, client, hurried);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::retryable);
  hurried.stopped = [] { return true; };
  const auto stopped = signer->sign(request, client, hurried);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  {
    const std::lock_guard guard(mutex);
    for (auto& responder : held) responder({200, {}, R"({"token":"x"})"});
  }
  first.join();
}

}  // namespace TEST_FILE
}  // namespace milepost::http
