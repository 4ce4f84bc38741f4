#include "host/http/syntax.hpp"

#include <gtest/gtest.h>

#include "host/http/address.hpp"
#include "host/http/target.hpp"
#include "host/http/url.hpp"

namespace milepost::http {
namespace TEST_FILE {

TEST(HttpSyntax, KnowsWhichBytesMayStandInAHeader) {
  EXPECT_TRUE(is_token("X-Api_Key"));
  for (const char* bad : {"", "X Key", "X:", "X\r\nY", "Schlüssel", "a/b"}) EXPECT_FALSE(is_token(bad)) << bad;
  EXPECT_FALSE(is_token(std::string_view("\0", 1)));
  EXPECT_TRUE(is_field_value("text/html; charset=\"utf-8\"\tü"));
  for (const char* bad : {"a\r\nb", "a\nb", "a\rb", "a\x7f", "a\x01"}) EXPECT_FALSE(is_field_value(bad)) << bad;
  EXPECT_FALSE(is_field_value(std::string_view("a\0b", 3)));
}

TEST(HttpSyntax, EncodesAllThatCouldEndAQuerysValue) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a&b=c d%+\xc3\xbc"), "a%26b%3Dc%20d%25%2B%C3%BC");
}

TEST(HttpUrl, TakesAnAbsoluteUrlApart) {
  const auto plain = parse_url("HTTP://Api.Example.com:8080/v1/a?b=c");
  ASSERT_TRUE(plain) << plain.error();
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->host, "api.example.com");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->target, "/v1/a?b=c");
  EXPECT_EQ(plain->authority, "api.example.com:8080");

  const auto secure = parse_url("https://[2001:DB8::1]");
  ASSERT_TRUE(secure) << secure.error();
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(secure->host, "2001:db8::1");
  EXPECT_EQ(secure->port, 443);
  EXPECT_EQ(secure->target, "/");
  EXPECT_EQ(secure->authority, "[2001:db8::1]");

  EXPECT_EQ(parse_url("https://a.b?x=1")->target, "/?x=1");
  EXPECT_EQ(parse_url("https://a.b:443/")->authority, "a.b");
}

TEST(HttpUrl, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  for (const char* bad : {"",
                          "example.com",
                          "/path",
                          "ftp://a/",
                          "file:///etc/passwd",
                          "http://",
                          "http:///x",
                          "http://user@a/",
                          "http://u:p@a/",
                          "http://a b/",
                          "http://a/b c",
                          "http://a/\r\nX: y",
                          "http://a/\tb",
                          "http://a/#f",
                          "http://a\\@b/",
                          "http://a:0/",
                          "http://a:65536/",
                          "http://a:-1/",
                          "http://a:80x/",
                          "http://a:/",
                          "http://[::1/",
                          "http://[::1]x/",
                          "http://[zz]/",
                          "http://[]/",
                          "http://m\xc3\xbcller.de/",
                          "http://a%2e/",
                          "http://a,b/"})
    EXPECT_FALSE(parse_url(bad)) << bad;
  EXPECT_FALSE(parse_url("http://a/" + std::string(20000, 'x')));
  EXPECT_FALSE(parse_url(std::string_view("http://a/\0b", 11)));
}

TEST(HttpUrl, QuotesNothingOfAUrlThatItRefuses) {
  EXPECT_EQ(parse_url("http://user:hunter2@a/").error().find("hunter2"), std::string::npos);
}

TEST(HttpAddress, TellsThePublicInternetFromTheRest) {
  for (const char* hidden :
       {"0.0.0.0",     "0.1.2.3",     "10.0.0.1",         "10.255.255.255", "100.64.0.1",       "100.127.255.255",
        "127.0.0.1",   "127.9.9.9",   "169.254.169.254",  "172.16.0.1",     "172.31.255.255",   "192.0.0.8",
        "192.0.2.1",   "192.88.99.1", "192.168.1.1",      "198.18.0.1",     "198.19.255.255",   "198.51.100.1",
        "203.0.113.1", "224.0.0.1",   "239.255.255.255",  "240.0.0.1",      "255.255.255.255",  "::",
        "::1",         "::7f00:1",    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",  "64:ff9b::a00:1",
        "100::1",      "2001::1",     "2001:db8::1",      "2002:7f00:1::",  "2002:0a00:0001::", "2002:c0a8:101::1",
        "fc00::1",     "fdff::1",     "fe80::1",          "febf::1",        "fec0::1",          "ff02::1"}) {
    const auto address = literal_address(hidden, 80);
    ASSERT_TRUE(address) << hidden;
    EXPECT_TRUE(is_private(*address)) << hidden;
  }
  for (const char* open : {"1.1.1.1",         "8.8.8.8",         "9.255.255.255",        "11.0.0.0",
                           "100.63.255.255",  "100.128.0.0",     "126.255.255.255",      "128.0.0.0",
                           "169.253.255.255", "172.15.255.255",  "172.32.0.0",           "192.0.1.0",
                           "192.167.255.255", "192.169.0.0",     "198.17.255.255",       "198.20.0.0",
                           "223.255.255.255", "2606:4700::1111", "2001:4860:4860::8888", "2002:0808:0808::1",
                           "2a00::1"}) {
    const auto address = literal_address(open, 80);
    ASSERT_TRUE(address) << open;
    EXPECT_FALSE(is_private(*address)) << open;
  }
}

TEST(HttpTarget, DecodesThePathAndLeavesTheQuery) {
  const auto target = parse_target("/hooks/l%C3%B6s%20a%2Fb?x=%20&y");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/hooks/l\xc3\xb6s a/b");
  EXPECT_EQ(target->query, "x=%20&y");
  EXPECT_EQ(parse_target("http://a.b:80/c?d")->path, "/c");
  EXPECT_EQ(parse_target("HTTPS://a.b")->path, "/");
  EXPECT_EQ(parse_target("http://a.b?q")->query, "q");
  EXPECT_EQ(parse_target("*")->path, "*");
}

TEST(HttpTarget, RefusesWhatLeavesSomethingToGuess) {
  for (const char* bad : {"",     "x",         "a/b",        "example.com:443", "/%",        "/%4",
                          "/%zz", "/%00",      "/a%00b",     "/%0d%0aX",        "/%7f",      "/%1b",
                          "/%ff", "/%c0%af",   "/%ed%a0%80", "/%f4%90%80%80",   "/%c2%85",   "/a#b",
                          "/a b", "/\xc3\xbc", "http://",    "http:///a",       "ftp://a/b", "/%e2%82"})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

}  // namespace TEST_FILE
}  // namespace milepost::http
