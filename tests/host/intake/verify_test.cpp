#include "host/intake/verify.hpp"
#include "host/intake/verify_choice.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "host/intake/encoding.hpp"
#include "milepost/testing/hmac.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using namespace std::chrono_literals;

const telemetry::Time kNow{std::chrono::seconds(1709740800)};

Verifier make(const char* source, const Json& with = nullptr) {
  auto made = Verifier::make(*read_json(source), {}, with);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : Verifier();
}
std::string fault(const char* source) {
  const auto made = Verifier::make(*read_json(source), {});
  return made ? "" : made.error().message;
}
http::Incoming request(std::string body, http::Headers headers) {
  return {.method = "POST",
          .target = "/hooks/a?x=1",
          .path = "/hooks/a",
          .query = "x=1",
          .headers = std::move(headers),
          .body = std::move(body),
          .peer = "127.0.0.1",
          .scheme = "https"};
}

TEST(Verifier, LetsEverythingPassWithoutAVerifier) {
  EXPECT_EQ(make("null").refusal(request("", {}), kNow), "");
  EXPECT_EQ(make("\"none\"").refusal(request("", {}), kNow), "");
}

TEST(Verifier, KnowsAVendorsVectorInHexAndBase64) {
  const std::string body = R"({"Event":"Mail Tracking","Data":{"Status":"delivered","OrderID":3345121}})";
  const http::Headers hex{{"mail-timestamp", "1709740800"},
                          {"mail-signature", "04b3207caa50743d869be435ce78fd75b68016e45c90e7dd8b8f0b1674e5c0ab"}};
  const http::Headers base64{{"mail-timestamp", "1709740800"},
                             {"mail-signature", "BLMgfKpQdD2Gm+Q1znj9dbaAFuRckOfdi48LFnTlwKs="}};
  const Verifier by_hex =
      make(R"({"hmac":{"header":"mail-signature","secret":"test-secret","signed":"${timestamp}.${body}",
                                  "timestamp":{"header":"mail-timestamp","tolerance":"20m"}}})");
  const Verifier by_base64 =
      make(R"({"hmac":{"header":"mail-signature","secret":"test-secret","signed":"${timestamp}.${body}",
                                     "encoding":"base64","timestamp":{"header":"mail-timestamp","unit":"s"}}})");
  EXPECT_EQ(by_hex.refusal(request(body, hex), kNow), "");
  EXPECT_EQ(by_base64.refusal(request(body, base64), kNow), "");
  EXPECT_NE(by_hex.refusal(request(body + " ", hex), kNow), "");
  EXPECT_NE(by_hex.refusal(request(body, base64), kNow), "");
}

TEST(Verifier, SignsMethodAddressBodyAndTimestamp) {
  const std::string body =
      R"([{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1760000000000,"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":55,"propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM"}])";
  const Verifier verifier =
      make(R"({"hmac":{"header":"X-Signature-v3","secret":"11111111-2222-3333-4444-555555555555","encoding":"base64",
      "signed":"${method}${url}${body}${timestamp}","timestamp":{"header":"X-Request-Timestamp","unit":"ms","tolerance":"5m"}}})");
  http::Incoming delivery = request(body, {{"Host", "hooks.example.test"},
                                           {"X-Request-Timestamp", "1760000001000"},
                                           {"X-Signature-v3", "BTT/f2prPTiSdtZXPcevbJoIcUPkqQi50A/d0Ndl6pA="}});
  delivery.target = "/in/hubspot?tenant=acme/west&x=a%20b";
  EXPECT_EQ(verifier.refusal(delivery, telemetry::Time(1760000001s)), "");
  delivery.scheme = "http";
  EXPECT_NE(verifier.refusal(delivery, telemetry::Time(1760000001s)), "");
}

TEST(Verifier, DecodesOfAnAddressWhatItsSenderDecodes) {
  // The vector that the one above has decoded already: as it is called.
  const std::string body =
      R"([{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1760000000000,"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":55,"propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM"}])";
  const auto source = [](const std::string& url) {
    return R"({"hmac":{"header":"S","secret":"11111111-2222-3333-4444-555555555555","encoding":"base64",
      "signed":"${method}${url}${body}${timestamp}","timestamp":{"header":"T","unit":"ms"},"url":{"decode":":/?@!$'()*,;")" +
           url + "}}}";
  };
  http::Incoming delivery = request(
      body,
      {{"Host", "hooks.example.test"}, {"T", "1760000001000"}, {"S", "BTT/f2prPTiSdtZXPcevbJoIcUPkqQi50A/d0Ndl6pA="}});
  delivery.target = "/in/hubspot?tenant=acme%2Fwest&x=a%20b";
  const auto at = telemetry::Time(1760000001s);
  EXPECT_EQ(make(source("").c_str()).refusal(delivery, at), "");
  EXPECT_EQ(make(source("").c_str()).refusal(delivery, at + 5min), "");
  EXPECT_EQ(make(source("").c_str()).refusal(delivery, at + 5min + 1ms), "the timestamp is too old");
  EXPECT_EQ(make(source("").c_str()).refusal(delivery, at - 5min - 1ms), "the timestamp is in the future");
  delivery.target = "/in/hubspot?tenant=acme%2fwest&x=a%20b";  // another text, whatever it means
  EXPECT_NE(make(source("").c_str()).refusal(delivery, at), "");
  delivery.target = "/in/hubspot?tenant=acme%2Fwest&x=a b";
  EXPECT_NE(make(source("").c_str()).refusal(delivery, at), "");

  // Behind a proxy neither scheme, host nor path are what the sender called.
  delivery.scheme = "http";
  delivery.headers[0].second = "10.0.0.7:8080";
  delivery.target = "/hooks/crm?tenant=acme%2Fwest&x=a%20b";
  EXPECT_NE(make(source("").c_str()).refusal(delivery, at), "");
  const auto shown = source(R"(,"public":"https://hooks.example.test/in/hubspot")");
  EXPECT_EQ(make(shown.c_str()).refusal(delivery, at), "");
  delivery.target = "/in/hubspot?tenant=acme%2Fwest&x=a%20b";
  EXPECT_EQ(make(source(R"(,"public":"https://hooks.example.test/")").c_str()).refusal(delivery, at), "");
  const auto named = source(R"(,"public":{"setting":"public_url","default":""})");
  EXPECT_EQ(make(named.c_str(), {{"public_url", "https://hooks.example.test"}}).refusal(delivery, at), "");
  EXPECT_NE(make(named.c_str(), {{"public_url", "https://other.test"}}).refusal(delivery, at), "");
  EXPECT_NE(make(named.c_str()).refusal(delivery, at), "");
  for (const char* bad : {"hooks.example.test", "https://a.test/x?y=1", "ftp://a.test"})
    EXPECT_NE(fault(source(R"(,"public":")" + std::string(bad) + "\"").c_str()).find("url.public"), std::string::npos);
}

TEST(Verifier, KnowsABareDigestThatBeginsWithTheSecret) {
  const Verifier body = make(R"({"digest":{"header":"S","secret":["other","k"]}})");
  http::Incoming delivery = request("body", {{"S", testing::hex(testing::sha256("kbody"))}, {"Host", "a.test"}});
  EXPECT_EQ(body.refusal(delivery, kNow), "");
  delivery.body += "x";
  EXPECT_EQ(body.refusal(delivery, kNow), "the signature is wrong");
  const Verifier all = make(R"({"digest":{"header":"S","secret":"k","signed":"${secret}${method}${url}${body}"}})");
  delivery = request("body",
                     {{"S", testing::hex(testing::sha256("kPOSThttps://a.test/hooks/a?x=1body"))}, {"Host", "a.test"}});
  EXPECT_EQ(all.refusal(delivery, kNow), "");
  EXPECT_NE(body.refusal(delivery, kNow), "");
  delivery.headers[0].second = testing::hex(testing::hmac_sha256("k", "kbody"));
  EXPECT_NE(body.refusal(delivery, kNow), "");
  EXPECT_NE(fault(R"({"digest":{"header":"S","secret":"k","signed":"${body}"}})").find("does not begin with ${secret}"),
            std::string::npos);
  EXPECT_NE(fault(R"({"digest":{"header":"S","secret":"k","signed":"${secret}"}})").find("has no ${body}"),
            std::string::npos);
  EXPECT_NE(fault(R"({"hmac":{"header":"S","secret":"k","signed":"${secret}${body}"}})").find("unknown ${secret}"),
            std::string::npos);
}

TEST(Verifier, TakesEitherCasePaddingOrNone) {
  const std::string mac = testing::hmac_sha256("k", "body");
  std::string upper = testing::hex(mac);
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const Verifier hex = make(R"({"hmac":{"header":"S","secret":"k","prefix":"sha256="}})");
  EXPECT_EQ(hex.refusal(request("body", {{"s", "sha256=" + upper}}), kNow), "");
  EXPECT_NE(hex.refusal(request("body", {{"s", upper}}), kNow), "");
  std::string base64 = testing::base64(mac);
  const Verifier other = make(R"({"hmac":{"header":"S","secret":"k","encoding":"base64"}})");
  EXPECT_EQ(other.refusal(request("body", {{"S", base64}}), kNow), "");
  base64.pop_back();
  EXPECT_EQ(other.refusal(request("body", {{"S", base64}}), kNow), "");
}

TEST(Verifier, SaysInTheLogWhyItRefuses) {
  const Verifier verifier = make(R"({"hmac":{"header":"S","secret":"k"}})");
  EXPECT_EQ(verifier.refusal(request("b", {}), kNow), "the header S is missing");
  EXPECT_EQ(verifier.refusal(request("b", {{"S", "aa"}, {"s", "aa"}}), kNow), "there are several headers S");
  EXPECT_EQ(verifier.refusal(request("b", {{"S", "abc"}}), kNow), "the signature in S is no hex");
  EXPECT_EQ(verifier.refusal(request("b", {{"S", ""}}), kNow), "the signature is wrong");
  EXPECT_EQ(verifier.refusal(request("b", {{"S", std::string(64, '0')}}), kNow), "the signature is wrong");
}

TEST(Verifier, TakesBothSecretsDuringARotation) {
  const Verifier verifier = make(R"({"hmac":{"header":"S","secret":["old","new"]}})");
  for (const char* secret : {"old", "new"})
    EXPECT_EQ(verifier.refusal(request("b", {{"S", testing::hex(testing::hmac_sha256(secret, "b"))}}), kNow), "");
  EXPECT_NE(verifier.refusal(request("b", {{"S", testing::hex(testing::hmac_sha256("", "b"))}}), kNow), "");
}

TEST(Verifier, HoldsTimestampsToTheToleranceBothWays) {
  const Verifier verifier = make(
      R"({"hmac":{"header":"S","secret":"k","signed":"${timestamp}.${body}","timestamp":{"header":"T","tolerance":"5m"}}})");
  const auto refusal = [&](const std::string& timestamp) {
    return verifier.refusal(
        request("b", {{"T", timestamp}, {"S", testing::hex(testing::hmac_sha256("k", timestamp + ".b"))}}), kNow);
  };
  EXPECT_EQ(refusal("1709740800"), "");
  EXPECT_EQ(refusal("1709740500"), "");
  EXPECT_EQ(refusal("1709741100"), "");
  EXPECT_EQ(refusal("1709740800000"), "");
  EXPECT_EQ(refusal("1709740499"), "the timestamp is too old");
  EXPECT_EQ(refusal("1709741101"), "the timestamp is in the future");
  EXPECT_EQ(refusal("1709740499999"), "the timestamp is too old");
  for (const char* none : {"", "-1", "1709740800.5", "now", "99999999999999999999", "0x10", "999999999999999"})
    EXPECT_EQ(refusal(none), "the timestamp in T is none") << none;
  EXPECT_EQ(verifier.refusal(request("b", {{"S", "00"}}), kNow), "the header T is missing");
  EXPECT_EQ(verifier.refusal(request("b", {{"T", "1"}, {"T", "1"}, {"S", "00"}}), kNow), "there are several headers T");
}

TEST(Verifier, KnowsASecretInAHeader) {
  const Verifier verifier = make(R"({"secret_header":{"header":"X-Secret","secret":["one","two"]}})");
  EXPECT_EQ(verifier.secret_header(), "X-Secret");
  EXPECT_EQ(verifier.refusal(request("", {{"x-secret", "one"}}), kNow), "");
  EXPECT_EQ(verifier.refusal(request("", {{"X-Secret", "two"}}), kNow), "");
  for (const char* wrong : {"", "on", "onee", "ONE", "one,two"})
    EXPECT_EQ(verifier.refusal(request("", {{"X-Secret", wrong}}), kNow), "the secret in X-Secret is wrong");
}

TEST(Verifier, ReadsASecretThatAPluginNamesByItsSetting) {
  const char* source = R"({"secret_header":{"header":"S","secret":{"setting":"token"}}})";
  EXPECT_EQ(make(source, {{"token", "t"}}).refusal(request("", {{"S", "t"}}), kNow), "");
  const auto missing = Verifier::make(*read_json(source), {}, Json::object());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("token"), std::string::npos);
}

TEST(Verifier, KnowsAUserAndAPassword) {
  const Verifier verifier = make(R"({"basic":{"user":"los","password":["one","tw:o"]}})");
  EXPECT_EQ(verifier.secret_header(), "Authorization");
  EXPECT_EQ(verifier.challenge(), "Basic realm=\"hooks\", charset=\"UTF-8\"");
  const auto refusal = [&](const std::string& value) {
    return verifier.refusal(request("", {{"authorization", value}}), kNow);
  };
  EXPECT_EQ(refusal("Basic " + testing::base64("los:one")), "");
  EXPECT_EQ(refusal("basic " + testing::base64("los:tw:o")), "");
  for (const char* wrong : {"los:on", "los:", "los", "LOS:one", ":one"})
    EXPECT_EQ(refusal("Basic " + testing::base64(wrong)), "the user or the password is wrong") << wrong;
  EXPECT_EQ(refusal("Bearer one"), "the header Authorization is not Basic");
  EXPECT_EQ(refusal("Basic los:one"), "the header Authorization holds no base64");
  EXPECT_EQ(verifier.refusal(request("", {}), kNow), "the header Authorization is missing");
}

/// The example of the specification's reference libraries.
const char* const kStandard = R"({"standard_webhooks":{"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})";
const telemetry::Time kSent{std::chrono::seconds(1614265330)};
http::Headers standard(const std::string& signatures) {
  return {{"Webhook-Id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
          {"Webhook-Timestamp", "1614265330"},
          {"Webhook-Signature", signatures}};
}

TEST(Verifier, KnowsTheVectorOfStandardWebhooks) {
  const Verifier verifier = make(kStandard);
  const std::string body = R"({"test": 2432232314})", right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
  EXPECT_EQ(verifier.refusal(request(body, standard(right)), kSent), "");
  EXPECT_EQ(verifier.refusal(request(body, standard("v1,AAAA v2,x " + right + " v1,BBBB")), kSent), "");
  EXPECT_EQ(verifier.delivery_id(request(body, standard(right))), "msg_p5jXN8AQM9LWM0D4loKWxJek");
  EXPECT_EQ(verifier.refusal(request(body, standard(right)), kSent + 6min), "the timestamp is too old");
  EXPECT_EQ(verifier.refusal(request(body, standard(right)), kSent - 6min), "the timestamp is in the future");
  for (const char* wrong : {"", "v1", "v1,", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                            "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="})
    EXPECT_EQ(verifier.refusal(request(body, standard(wrong)), kSent), "no signature is right") << wrong;
  EXPECT_EQ(verifier.refusal(request(body + " ", standard(right)), kSent), "no signature is right");
  auto without = standard(right);
  without.erase(without.begin());
  EXPECT_EQ(verifier.refusal(request(body, without), kSent), "the header webhook-id is missing");
}

TEST(Verifier, KnowsAPublicKeyOfStandardWebhooks) {
  const std::string seed(32, '\x07');
  auto* key =
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(seed.data()), 32);
  std::string open(32, '\0'), signature(64, '\0');
  std::size_t size = 32;
  ASSERT_EQ(EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(open.data()), &size), 1);
  const std::string text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{}";
  auto* context = EVP_MD_CTX_new();
  size = 64;
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key);
  ASSERT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                           reinterpret_cast<const unsigned char*>(text.data()), text.size()),
            1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  const std::string settings = R"({"standard_webhooks":{"secret":"whpk_)" + testing::base64(open) + "\"}}";
  const Verifier verifier = make(settings.c_str());
  EXPECT_EQ(verifier.refusal(request("{}", standard("v1a," + testing::base64(signature))), kSent), "");
  EXPECT_EQ(verifier.refusal(request("{ }", standard("v1a," + testing::base64(signature))), kSent),
            "no signature is right");
  EXPECT_EQ(verifier.refusal(request("{}", standard("v1," + testing::base64(signature))), kSent),
            "no signature is right");
}

TEST(Verifier, RefusesToBeMadeOfNonsense) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({})", "verify is"},
      {R"({"hmac":7})", "verify is"},
      {R"({"hmac":{"secret":"k"}})", "header"},
      {R"({"hmac":{"header":"S"}})", "no secret"},
      {R"({"hmac":{"header":"S","secret":[]}})", "no secret"},
      {R"({"hmac":{"header":"S","secret":""}})", "empty"},
      {R"({"hmac":{"header":"S","secret":{"!secret":"gone"}}})", "gone"},
      {R"({"hmac":{"header":"S","secret":"k","algorithm":"md5"}})", "md5"},
      {R"({"hmac":{"header":"S","secret":"k","encoding":"rot13"}})", "rot13"},
      {R"({"hmac":{"header":"S","secret":"k","signed":"${timestamp}"}})", "timestamp"},
      {R"({"hmac":{"header":"S","secret":"k","signed":"x"}})", "${body}"},
      {R"({"hmac":{"header":"S","secret":"k","signed":"${body}${secret}"}})", "secret"},
      {R"({"hmac":{"header":"S","secret":"k","signed":"${body}${"}})", "unclosed"},
      {R"({"hmac":{"header":"S","secret":"k","timestamp":{"header":"T","unit":"fortnights"}}})", "fortnights"},
      {R"({"hmac":{"header":"S","secret":"k","timestamp":{"header":"T","tolerance":"soon"}}})", "tolerance"},
      {R"({"hmac":{"header":"S","secret":"k","timestamp":{"unit":"s"}}})", "no header"},
      {R"({"basic":{"user":"a:b","password":"k"}})", "colon"},
      {R"({"basic":{"user":"a"}})", "no secret"},
      {R"({"standard_webhooks":{"secret":"whsec_not base64"}})", "whsec_ and base64"},
      {R"({"standard_webhooks":{"secret":"whpk_AAAA"}})", "Ed25519"},
      {R"({"standard_webhooks":{"secret":"whsec_"}})", "whsec_ and base64"},
      {R"({"standard_webhooks":{"secret":"AAAA","tolerance":"soon"}})", "tolerance"},
  };
  for (const auto& [source, words] : bad)
    EXPECT_NE(fault(source).find(words), std::string::npos) << source << " -> " << fault(source);
}

TEST(Verifiers, OfAPluginAreChosenByTheSourcesSettings) {
  const Json verify = Json::parse(
      R"([{"hmac":{"header":"A","secret":[{"setting":"secret"},{"setting":"other"}]},"when":{"vendor":"a"}},)"
      R"({"hmac":{"header":"B","secret":{"setting":"secret"},"encoding":{"setting":"encoding","default":"base64"}}}])");
  const auto chosen = [&](const char* with) {
    return text(chosen_verifier(verify, Json::parse(with)).value_or(Json()));
  };
  EXPECT_EQ(chosen(R"({"vendor":"a","secret":"1"})"), R"({"hmac":{"header":"A","secret":["1"]}})");
  EXPECT_EQ(chosen(R"({"vendor":"a","secret":"1","other":{"!secret":"two"}})"),
            R"({"hmac":{"header":"A","secret":["1",{"!secret":"two"}]}})");
  EXPECT_EQ(chosen(R"({"secret":"1"})"), R"({"hmac":{"header":"B","secret":"1","encoding":"base64"}})");
  EXPECT_EQ(chosen(R"({"encoding":"hex"})"),
            R"({"hmac":{"header":"B","secret":{"setting":"secret"},"encoding":"hex"}})");
  EXPECT_FALSE(chosen_verifier(Json::array({verify[0]}), Json{{"vendor", "b"}}));
}

TEST(Encoding, ReadsWhatSendersWriteAndNothingElse) {
  EXPECT_EQ(hex_decode("00fFA5"), std::string("\0\xff\xa5", 3));
  for (const char* bad : {"0", "0g", "0x00", "00 "}) EXPECT_FALSE(hex_decode(bad)) << bad;
  EXPECT_EQ(base64_decode("aGk="), "hi");
  EXPECT_EQ(base64_decode("aGk"), "hi");
  EXPECT_EQ(base64_decode("-_8"), "\xfb\xff");
  EXPECT_EQ(base64_decode("+/8="), "\xfb\xff");
  for (const char* bad : {"a", "aGk===", "a=Gk", "aG k", "aGl"}) EXPECT_FALSE(base64_decode(bad)) << bad;
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
