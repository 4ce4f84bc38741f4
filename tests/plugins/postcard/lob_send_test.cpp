#include "send_fixture.hpp"

namespace milepost::postcard {
namespace TEST_FILE {

using namespace std::chrono_literals;

/// Lob's part of the double, which hears what the connection's base_url names.
class LobDouble : public Sandbox {
 public:
  explicit LobDouble(LobSandbox& lob) : lob_(lob) {}
  HttpResponse handle(const HttpRequest& request) override { return lob_.handle(request); }
  Json state() const override { return lob_.state(); }
  void reset() override { lob_.reset(); }
  Result<std::vector<HttpRequest>> emit(const Json&) override { return fail(ErrorKind::permanent, "not here"); }

 private:
  LobSandbox& lob_;
};

class LobCards : public SendFixture {
 protected:
  LobCards() {
    host.http.serve(below).basic("test_sandbox", "");
    opened = rig.connect(account());
  }
  static Json account() {
    return {{"vendor", "lob"},
            {"base_url", "https://api.lob.com/v1"},
            {"use_type", "operational"},
            {"designs", {{"approval", {{"front", "tmpl_a"}, {"back", "tmpl_b"}}}}}};
  }
  std::size_t postcards() const { return lob.state()["postcards"].size(); }

  LobSandbox lob{host.host()};
  LobDouble below{lob};
  Status opened;
};

TEST_F(LobCards, AsksForAVersionOfTheApiWhereOneIsSet) {
  for (const auto& request : host.http.requests()) EXPECT_EQ(request.header("Lob-Version"), "");
  host.http.forget();
  testing::Rig versioned(milepost_plugin_v1, host);
  auto with = account();
  with["api_version"] = "2020-02-11";
  ASSERT_TRUE(versioned.connect(with));
  EXPECT_EQ(host.http.requests().back().header("Lob-Version"), "2020-02-11");
  testing::Rig unknown(milepost_plugin_v1, host);
  with["api_version"] = "2019-01-01";
  const auto refused = unknown.connect(with);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the vendor answered 422 (unsupported_lob_version)");
}

TEST_F(LobCards, SendsOneCardUnderTheDeliverysKey) {
  ASSERT_TRUE(opened) << opened.error().message;
  const auto ran = send();
  ASSERT_TRUE(ran) << ran.message();
  ASSERT_EQ(postcards(), 1u);
  const auto id = get<std::string>(lob.state(), "/postcards/0/id").value_or("");
  EXPECT_EQ(get<std::string>(ran->body, "/order_id").value_or(""), id);
  EXPECT_EQ(get<std::string>(ran->body, "/vendor").value_or(""), "lob");
  EXPECT_EQ(find(ran->body, "/batch_id"), nullptr);
  EXPECT_EQ(get<std::string>(ran->body, "/expected_delivery").value_or(""), "2026-11-07");
  EXPECT_EQ(ran->record->system, "lob");
  EXPECT_EQ(ran->record->url, "");  // the vendor's is a signed link
  EXPECT_EQ(host.http.requests().back().header("Idempotency-Key"), testing::key_of("one"));
}

TEST_F(LobCards, IsOneEffectForOneKey) {
  ASSERT_TRUE(send() && send());
  EXPECT_EQ(postcards(), 1u);
}

TEST_F(LobCards, SaysWhatTheHostMayDoNext) {
  const std::pair<int, ErrorKind> rows[] = {{503, ErrorKind::retryable},     {429, ErrorKind::rate_limited},
                                            {401, ErrorKind::auth},          {403, ErrorKind::auth},
                                            {409, ErrorKind::permanent},     {422, ErrorKind::permanent},
                                            {408, ErrorKind::indeterminate}, {500, ErrorKind::indeterminate}};
  for (const auto& [status, kind] : rows) {
    host.http.on("POST", "/postcards").answers(status);
    EXPECT_EQ(send().kind(), kind) << status;
  }
  EXPECT_EQ(postcards(), 0u);
}

TEST_F(LobCards, NamesTheVendorsCode) {
  const auto ran = send("small", {{"mail_class", "standard"}});
  EXPECT_EQ(ran.kind(), ErrorKind::permanent);
  EXPECT_EQ(ran.message(), "the vendor answered 422 (invalid)");
}

TEST_F(LobCards, WaitsForTheWindowToOpenInEitherSpelling) {
  const auto in_30s = std::to_string((host.clock.now() + 30s).time_since_epoch().count() / 1'000'000);
  for (auto name : {"X-Rate-Limit-Reset", "ratelimit-reset"}) {
    host.http.on("POST", "/postcards").answers(429).header(name, in_30s);
    EXPECT_EQ(send().retry_after(), 30s);
  }
  host.http.on("POST", "/postcards").answers(429).header("ratelimit-reset", "soon");
  EXPECT_EQ(send().retry_after(), std::nullopt);
  host.http.on("POST", "/postcards").answers(429).header("ratelimit-reset", "1").retry_after(5s);
  EXPECT_EQ(send().retry_after(), 5s);
}

TEST_F(LobCards, AfterALostAnswerIsFoundByMetadataEvenWhenTheKeyIsForgotten) {
  host.http.on("POST", "/postcards").cuts_after();
  EXPECT_EQ(send("one", {{"reference", "L-1001"}}).kind(), ErrorKind::indeterminate);
  host.clock.advance(48h);
  host.http.forget();
  const auto found = look_up("one", {{"reference", "L-1001"}});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->record->id, get<std::string>(lob.state(), "/postcards/0/id").value_or(""));
  EXPECT_EQ(postcards(), 1u);
  EXPECT_EQ(host.http.requests()[0].target, "/postcards?limit=10&metadata%5Bref%5D=mp-" + testing::key_of("one"));
}

TEST_F(LobCards, AfterALostRequestIsNotFound) {
  ASSERT_TRUE(send("other"));
  host.http.on("POST", "/postcards").cuts_before();
  EXPECT_EQ(send().kind(), ErrorKind::indeterminate);
  const auto found = look_up();
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(LobCards, DoesNotCallAnUnreadableListNotFound) {
  for (auto body :
       {"", "<html>", "{}", R"({"data":{}})", R"({"data":[{"id":"psc_other","metadata":{"ref":"mp-other"}}]})"}) {
    host.http.on("GET", "/postcards").answers(200).body(body);
    const auto found = look_up();
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().kind, ErrorKind::retryable);
  }
}

TEST_F(LobCards, NeverTakesAnAnswerWithoutAPostcardForSuccess) {
  for (auto body : {"", "<html>", "{}", R"({"id":7})", R"({"error":{"message":"x","status_code":422}})",
                    R"({"id":"psc_1","metadata":{"ref":"mp-another"}})"}) {
    host.http.on("POST", "/postcards").answers(200).body(body);
    EXPECT_EQ(send().kind(), ErrorKind::indeterminate) << body;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
