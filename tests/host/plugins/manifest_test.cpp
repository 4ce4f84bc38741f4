#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/plugins/preflight.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using ::testing::HasSubstr;

Json sound() {
  return *read_json(R"({
    "name": "acme", "version": "1.0", "summary": "Acme.", "sdk": "0.1.0",
    "connection": {
      "settings": {"type": "object", "required": ["token"], "properties": {
        "token": {"type": "string", "x-secret": true}, "vendor": {"type": "string"}}},
      "credentials": [{"scheme": "basic", "user": "token", "password": "", "when": {"vendor": "lob"}},
                      {"scheme": "login", "path": "/login", "body": {"apiKey": "token"}, "token": "/token", "expires": "/exp",
                       "lifetime": "1h"}],
      "probe": true},
    "sources": [
      {"name": "hook", "kind": "webhook", "summary": "Hook.", "settings": {"type": "object", "properties": {"secret": {"type": "string"}}},
       "verify": {"hmac": {"secret": {"setting": "secret"}}}, "pointers": {"id": "/id"}, "accepted_status": 204, "connection": false},
      {"name": "poll", "kind": "polling", "summary": "Poll.", "settings": {"type": "object", "properties": {}}, "connection": true}],
    "actions": [
      {"name": "send", "summary": "Sends.", "settings": {"type": "object", "properties": {}}, "lookup": true,
       "traits": {"max_batch": 1, "replay": "never", "effect": "mail", "key_lifetime_s": 86400, "batch_key": "/x"}}],
    "news": "a later minor may add keys"})");
}

TEST(Manifest, AcceptsASoundOne) {
  EXPECT_EQ(check_manifest(sound()), "");
  EXPECT_EQ(check_manifest({{"name", "acme-sandbox"}, {"version", "1"}, {"summary", "A double."}, {"sandbox", true}}),
            "");
}

struct Row {
  const char* pointer;
  const char* value;  ///< JSON
  const char* words;
};

TEST(Manifest, NamesTheFieldWhatWasExpectedAndWhatCame) {
  const Row rows[] = {
      {"/name", "5", "/name: expected text, found number"},
      {"/name", "\"Acme\"", "/name: expected a name of lower-case letters"},
      {"/name", "\"a/../b\"", "/name: expected a name"},
      {"/version", "\"\"", "/version: expected text of 1 to 64 bytes, found 0"},
      {"/summary", "null", "/summary: expected text, found null"},
      {"/connection", "[]", "/connection: expected an object, found array"},
      {"/connection", "null", "/sources/1/connection: expected false, since the plugin has no connection"},
      {"/connection/settings/type", "\"array\"", "/connection/settings/type: expected object, found \"array\""},
      {"/connection/settings/properties/token/type", "\"secret\"", "expected one of string, integer"},
      {"/connection/settings/properties/token/x-secret", "1", "x-secret: expected true or false, found number"},
      {"/connection/settings/required/0", "\"tokn\"",
       "/connection/settings/required: expected names of properties, found \"tokn\""},
      {"/connection/credentials/0/scheme", "\"kerberos\"",
       "expected one of none, bearer, basic, header, query, secret_url, login, jwt_bearer, found \"kerberos\""},
      {"/connection/credentials/0/user", "\"usr\"",
       "/connection/credentials/0/user: expected the name of one of the connection's settings, found \"usr\""},
      {"/connection/credentials/0/when", "{\"vndor\": 1}",
       "/when: expected names of the connection's settings, found \"vndor\""},
      {"/connection/credentials/1/path", "\"login\"", "expected a path that begins with \"/\""},
      {"/connection/credentials/1/lifetime", "\"soon\"", "expected a duration"},
      {"/connection/credentials/1/token", "\"token\"", "expected a JSON pointer"},
      {"/connection/probe", "\"yes\"", "/connection/probe: expected true or false"},
      {"/sources", "{}", "/sources: expected a list, found object"},
      {"/sources/0/kind", "\"carrier pigeon\"", "/sources/0/kind: expected one of webhook, polling"},
      {"/connection/credentials/0", "{\"scheme\": \"secret_url\", \"url\": \"vendor\"}",
       "/connection/credentials/0/url: expected a setting with \"x-secret\": true, found \"vendor\""},
      {"/sources/0/quarantined_status", "404", "expected a whole number from 200 to 299, found 404"},
      {"/sources/0/accepted_status", "302", "expected a whole number from 200 to 299, found 302"},
      {"/sources/0/pointers", "{\"colour\": \"/x\"}", "/sources/0/pointers: expected id, revision"},
      {"/sources/0/pointers/id", "\"id\"", "/sources/0/pointers/id: expected a JSON pointer"},
      {"/sources/0/verify/hmac/secret/setting", "\"scret\"", "expected the name of one of the source's settings"},
      {"/sources/0/connection", "true", "expected false for a webhook source"},
      {"/sources/1/connection", "false", "expected true for a polling source"},
      {"/sources/1/name", "\"hook\"", "\"hook\" twice"},
      {"/actions/0/name", "\"Send It\"", "/actions/0/name: expected a name"},
      {"/actions/0/settings", "true", "/actions/0/settings: expected an object, found boolean"},
      {"/actions/0/traits", "null", "/actions/0/traits: expected an object"},
      {"/actions/0/traits/max_batch", "0", "expected a whole number from 1 to 10000, found 0"},
      {"/actions/0/traits/max_batch", "1e400", "found 1e400"},
      {"/actions/0/traits/replay", "\"maybe\"", "expected one of never, with_key, always"},
      {"/actions/0/traits/effect", "\"fax\"", "expected one of record, message, mail, other"},
      {"/actions/0/traits/key_lifetime_s", "-1", "found -1"},
      {"/sandbox", "1", "/sandbox: expected true or false"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.pointer) + " = " + row.value);
    Json manifest = sound();
    manifest[Json::json_pointer(row.pointer)] = *read_json(row.value);
    EXPECT_THAT(check_manifest(manifest), HasSubstr(row.words));
  }
}

TEST(Manifest, WantsAConnectionForActions) {
  Json manifest = sound();
  manifest.erase("connection");
  manifest.erase("sources");
  EXPECT_THAT(check_manifest(manifest), HasSubstr("/connection: expected a connection"));
}

TEST(Manifest, RefusesWhatIsNoObject) {
  for (const char* value : {"null", "5", "[]", "\"acme\"", "true", "1e400"})
    EXPECT_THAT(check_manifest(*read_json(value)), HasSubstr("expected an object")) << value;
}

TEST(Manifest, ReasonsFitOneLine) {
  Json manifest = sound();
  manifest["name"] = "line\nline" + std::string(50, 'x');
  EXPECT_EQ(check_manifest(manifest).find('\n'), std::string::npos);
  manifest = sound();
  manifest["actions"][0]["settings"]["properties"]["a\nkey" + std::string(5000, 'x')] = 5;
  EXPECT_EQ(check_manifest(manifest).find('\n'), std::string::npos);
  EXPECT_LT(check_manifest(manifest).size(), 500u);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
