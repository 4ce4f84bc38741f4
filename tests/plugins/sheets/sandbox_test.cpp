// The double by itself: who gets a token, where an append lands, what a cell takes, which quota is full.
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fstream>
#include <iterator>

#include "tests/plugins/sheets/fixture.hpp"

namespace milepost::sheets {
namespace TEST_FILE {

std::string base64url(std::string_view bytes) {
  auto out = milepost::testing::base64(bytes);
  std::ranges::replace(out, '+', '-');
  std::ranges::replace(out, '/', '_');
  while (out.ends_with('=')) out.pop_back();
  return out;
}

/// An assertion signed by demo-key.json.
std::string assertion(const Json& claims, const std::string& algorithm = "RS256") {
  static EVP_PKEY* const key = [] {
    std::ifstream file(std::string(MILEPOST_SOURCE_DIR) + "/plugins/sheets/sandbox/demo-key.json");
    const auto json = read_json(std::string{std::istreambuf_iterator<char>(file), {}});
    const auto pem = get<std::string>(*json, "/private_key").value_or("");
    BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* const out = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    return out;
  }();
  const auto input = base64url(text(Json{{"alg", algorithm}, {"typ", "JWT"}})) + "." + base64url(text(claims));
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  std::string signature(256, '\0');
  std::size_t size = signature.size();
  EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                 reinterpret_cast<const unsigned char*>(input.data()), input.size());
  EVP_MD_CTX_free(context);
  return input + "." + base64url(signature);
}

class SheetsSandboxTest : public SheetsTest {
 protected:
  long long now() const {
    return std::chrono::floor<std::chrono::seconds>(host.clock.now()).time_since_epoch().count();
  }
  Json claims(Json more = Json::object()) const {
    Json out{{"iss", sandbox::kAccount},
             {"scope", "https://www.googleapis.com/auth/spreadsheets"},
             {"aud", "https://oauth2.googleapis.com/token"},
             {"iat", now()},
             {"exp", now() + 3600}};
    out.update(more);
    return out;
  }
  Json exchange(const std::string& assertion) {
    const auto answer =
        vendor.handle({"POST",
                       "/token",
                       {{"Host", "127.0.0.1:9090"}},
                       "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion,
                       Intent::once});
    return *read_json(answer.body);
  }
  int status(const std::string& token, const std::string& method = "GET") {
    return vendor
        .handle({method,
                 root() + (method == "GET" ? "" : "/values/Loans!A2:clear"),
                 {{"Authorization", "Bearer " + token}},
                 "",
                 Intent::once})
        .status;
  }
  Json append(const std::string& range, const Json& values, const std::string& option = "INSERT_ROWS",
              const std::string& input = "RAW") {
    return *read_json(ask("POST",
                          "/values/" + range + ":append?valueInputOption=" + input + "&insertDataOption=" + option,
                          {{"values", values}})
                          .body);
  }
};

TEST_F(SheetsSandboxTest, GivesATokenForAnHour) {
  const auto answer = exchange(assertion(claims()));
  EXPECT_EQ(answer["token_type"], "Bearer");
  EXPECT_EQ(answer["expires_in"], 3599);
  const auto token = answer["access_token"].get<std::string>();
  EXPECT_EQ(status(token), 200);
  host.clock.advance(3600s);
  EXPECT_EQ(status(token), 401);
  EXPECT_EQ(status("forged"), 401);
  EXPECT_TRUE(exchange(assertion(claims({{"aud", "http://127.0.0.1:9090/sheets/token"}}))).contains("access_token"));
}

TEST_F(SheetsSandboxTest, RefusesATokenAsGoogleDoes) {
  for (const auto& [more, words] : std::vector<std::pair<Json, std::string>>{
           {{{"iss", "nobody@else.test"}}, "account not found"},
           {{{"aud", "http://elsewhere.test/token"}}, "audience"},
           {{{"iat", now() + 400}, {"exp", now() + 500}}, "reasonable timeframe"},
           {{{"iat", now() - 8000}, {"exp", now() - 4400}}, "reasonable timeframe"},
           {{{"exp", now() + 3601}}, "short-lived token (60 minutes)"}}) {
    const auto answer = exchange(assertion(claims(more)));
    EXPECT_EQ(answer["error"], "invalid_grant");
    EXPECT_THAT(answer["error_description"].get<std::string>(), HasSubstr(words));
  }
  EXPECT_EQ(exchange(assertion(claims({{"scope", "https://www.googleapis.com/auth/drive"}})))["error"],
            "invalid_scope");
  auto forged = assertion(claims());
  forged[forged.size() - 10] = forged[forged.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(exchange(forged)["error_description"], "Invalid JWT Signature.");
  EXPECT_EQ(exchange(assertion(claims(), "none"))["error"], "invalid_grant");
  EXPECT_EQ(exchange("a.b")["error"], "invalid_request");
  const auto reader =
      exchange(assertion(claims({{"scope", "https://www.googleapis.com/auth/spreadsheets.readonly"}})))["access_token"]
          .get<std::string>();
  EXPECT_EQ(status(reader), 200);
  EXPECT_EQ(status(reader, "POST"), 403);
}

TEST_F(SheetsSandboxTest, FindsTheTableUnderWhichARowGoes) {
  EXPECT_EQ(append("Loans!A1:E1", {{"L-1"}})["updates"]["updatedRange"], "Loans!A2");
  type("Loans!B4", "below a blank row, so another table");
  EXPECT_EQ(append("Loans!A1:E1", Json::array({Json::array({"L-2", "x"})}))["updates"]["updatedRange"], "Loans!A3:B3");
  EXPECT_EQ(held("Loans").back()[1], "below a blank row, so another table");  // pushed down
  const auto empty = append("Empty", {{"first"}});
  EXPECT_FALSE(empty.contains("tableRange"));
  EXPECT_EQ(empty["updates"]["updatedRange"], "Empty!A1");
  // OVERWRITE takes what stands there.
  type("Empty!A3", "gone");
  append("Empty!A1", Json::array({Json::array({"second"}), Json::array({"third"})}), "OVERWRITE");
  EXPECT_EQ(vendor.state()["Empty"],
            Json::array({Json::array({"first"}), Json::array({"second"}), Json::array({"third"})}));
  EXPECT_EQ(append("Nowhere", {{"x"}})["error"]["message"], "Unable to parse range: Nowhere");
}

TEST_F(SheetsSandboxTest, TakesWhatIsTypedAsAPersonWouldHaveIt) {
  append("Loans!A1:E1", {{"=HYPERLINK(\"x\")", "00123", "TRUE", "'007"}}, "INSERT_ROWS", "USER_ENTERED");
  const auto shown = [&](const std::string& render) {
    return (*read_json(ask("GET", "/values/Loans!A2:D2?valueRenderOption=" + render).body))["values"][0];
  };
  EXPECT_EQ(shown("FORMULA"), Json::array({"=HYPERLINK(\"x\")", 123, true, "007"}));
  EXPECT_EQ(shown("FORMATTED_VALUE"), Json::array({"#EVALUATED!", "123", "TRUE", "007"}));
  EXPECT_EQ(append("Loans!A1", {{"x"}}, "INSERT_ROWS", "")["error"]["message"],
            "'valueInputOption' is required but not specified");
  EXPECT_THAT(append("Loans!A1", {{Json::array()}})["error"]["message"].get<std::string>(),
              HasSubstr("Invalid values[0][0]: list_value"));
}

TEST_F(SheetsSandboxTest, CountsReadsAndWritesApartForAMinute) {
  vendor.handle({"POST", "/_limits", {}, R"({"user":2,"project":3})", Intent::once});
  for (const char* method : {"GET", "POST"}) {
    EXPECT_EQ(status("sandbox-token", method), 200);
    EXPECT_EQ(status("sandbox-token", method), 200);
    EXPECT_EQ(status("sandbox-token", method), 429);
  }
  host.clock.advance(60s);
  EXPECT_EQ(status("sandbox-token"), 200);
}

TEST_F(SheetsSandboxTest, WritesABatchWholeOrNotAtAll) {
  const auto both =
      ask("POST", "/values:batchUpdate",
          {{"valueInputOption", "RAW"},
           {"data", {{{"range", "Loans!A2"}, {"values", {{"x"}}}}, {{"range", "Loans!A2000"}, {"values", {{"y"}}}}}}});
  EXPECT_EQ(both.status, 400);
  EXPECT_EQ(held("Loans").size(), 0u);
  EXPECT_FALSE(vendor.emit({}));
}

}  // namespace TEST_FILE
}  // namespace milepost::sheets
