#include "host/http/request_parser.hpp"

#include <gtest/gtest.h>

namespace milepost::http {
namespace TEST_FILE {

using namespace std::string_literals;

constexpr std::size_t kHead = 1024, kBody = 64;

struct Read {
  int status = 0;  // 0: more is wanted; 200: whole; else refused
  Incoming request;
  std::string rest;
};

/// Feeds the bytes in pieces of that size, as a connection does.
Read read(std::string_view bytes, std::size_t piece, std::size_t limit = kBody) {
  RequestParser parser(kHead);
  std::string buffer;
  bool in_body = false;
  while (!bytes.empty()) {
    buffer += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    std::size_t used = 0;
    if (!in_body) {
      const auto state = parser.read_head(buffer, used);
      if (state == RequestParser::State::refused) return {parser.refusal().status, {}, {}};
      if (state == RequestParser::State::more) continue;
      buffer.erase(0, used);
      in_body = true;
      if (parser.limit_body(limit) == RequestParser::State::refused) return {parser.refusal().status, {}, {}};
    }
    if (!parser.complete() && !buffer.empty()) {
      const auto state = parser.read_body(buffer, used);
      buffer.erase(0, used);
      if (state == RequestParser::State::refused) return {parser.refusal().status, {}, {}};
    }
    if (parser.complete()) return {200, std::move(parser.request()), buffer + std::string(bytes)};
  }
  return {};
}

/// The same, however the bytes are cut.
int status_of(const std::string& bytes) {
  const int whole = read(bytes, bytes.size()).status;
  for (const std::size_t piece : {1, 2, 3, 7})
    EXPECT_EQ(read(bytes, piece).status, whole) << bytes << " in pieces of " << piece;
  return whole;
}

TEST(HttpRequestParser, ReadsARequestHoweverItsBytesAreCut) {
  const std::string bytes =
      "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-One:  padded \r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const Read result = read(bytes, piece);
    ASSERT_EQ(result.status, 200) << piece;
    EXPECT_EQ(result.request.method, "POST");
    EXPECT_EQ(result.request.target, "/a%20b?c=d");
    EXPECT_EQ(result.request.path, "/a b");
    EXPECT_EQ(result.request.query, "c=d");
    EXPECT_EQ(*result.request.header("x-ONE"), "padded");
    EXPECT_EQ(result.request.body, "hello");
    EXPECT_EQ(result.rest, "GET / HTTP/1.1\r\n");
  }
}

TEST(HttpRequestParser, JoinsChunksAndPassesOverTrailers) {
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1;q=\"a;b\"\r\n \r\n005\r\nworld\r\n0\r\nContent-Type: forged\r\nX-Trailer: "
      "1\r\n\r\nrest";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const Read result = read(bytes, piece);
    ASSERT_EQ(result.status, 200) << piece;
    EXPECT_EQ(result.request.body, "hello world");
    EXPECT_EQ(result.request.header("X-Trailer"), nullptr);
    EXPECT_EQ(result.request.header("Content-Type"), nullptr);
    EXPECT_EQ(result.rest, "rest");
  }
}

TEST(HttpRequestParser, PassesOverTwoEmptyLinesBeforeARequest) {
  EXPECT_EQ(status_of("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
  EXPECT_EQ(status_of("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
}

TEST(HttpRequestParser, RefusesWhatIsMalformed) {
  const struct {
    const char* what;
    std::string bytes;
    int status;
  } rows[] = {
      {"no method", " / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"a TLS hello", "\x16\x03\x01\x02", 400},
      {"bare LF", "GET / HTTP/1.1\nHost: x\n\n", 400},
      {"a bare LF between headers", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
      {"a bare CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400},
      {"obs-fold", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
      {"a folded first header", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
      {"NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s, 400},
      {"NUL in the target", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"s, 400},
      {"an encoded NUL", "GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"a broken escape", "GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"a header without a colon", "GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400},
      {"a header without a name", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505},
      {"a lower-case version", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"an authority as target", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET *", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"the same length twice", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400},
      {"a list of lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\nab", 400},
      {"a signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab", 400},
      {"a negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\nab", 400},
      {"a hexadecimal length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\nab", 400},
      {"an empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nab", 400},
      {"a length past 64 bits", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n", 400},
      {"a length and chunks",
       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks and a length",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 400},
      {"identity and a length",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab", 400},
      {"a foreign coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"two codings", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
      {"chunked twice",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"a foreign expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417},
      {"a chunk without a size", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n", 400},
      {"a chunk that is longer than it says",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400},
      {"a bare LF in a chunk's line",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"\n\"\r\na\r\n0\r\n\r\n", 400},
      {"a chunk's size past 64 bits",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", 400},
      {"a body over the limit", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 65\r\n\r\n", 413},
      {"a chunk over the limit", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n41\r\na", 413},
      {"chunks over the limit together",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + std::string(32, 'a') + "\r\n21\r\n",
       413},
      {"a long target", "GET /" + std::string(kHead, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", 431},
      {"a long header", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(kHead, 'a') + "\r\n\r\n", 431},
      {"a head that never ends", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(kHead, 'a'), 431},
      {"a chunk's line that never ends",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=" + std::string(2 * kHead, 'a'), 400},
      {"trailers that never end",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: " + std::string(2 * kHead, 'a'), 400},
  };
  for (const auto& row : rows) EXPECT_EQ(status_of(row.bytes), row.status) << row.what;
}

TEST(HttpRequestParser, TakesWhatIsOnlyUnusual) {
  for (const std::string bytes : {
           "GET / HTTP/1.0\r\n\r\n",
           "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n",
           "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
           "GET / HTTP/1.1\r\nHost:\r\n\r\n",
           "PURGE / HTTP/1.1\r\nHost: x\r\nA:\r\nB: \xc3\xbc\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 000\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
           "POST / HTTP/1.0\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\na",
       })
    EXPECT_EQ(status_of(bytes), 200) << bytes;
}

TEST(HttpRequestParser, CanBeUsedForRequestAfterRequest) {
  RequestParser parser(kHead);
  for (int i = 0; i < 3; ++i) {
    parser.restart();
    std::size_t used = 0;
    const std::string head = "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n";
    ASSERT_EQ(parser.read_head(head, used), RequestParser::State::ready);
    EXPECT_EQ(used, head.size());
    ASSERT_EQ(parser.limit_body(1), RequestParser::State::ready);
    EXPECT_FALSE(parser.complete());
    ASSERT_EQ(parser.read_body("x", used), RequestParser::State::ready);
    EXPECT_TRUE(parser.keep_alive());
    EXPECT_EQ(parser.request().path, "/" + std::to_string(i));
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::http
