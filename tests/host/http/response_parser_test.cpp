#include "host/http/response_parser.hpp"

#include <gtest/gtest.h>

namespace milepost::http {
namespace TEST_FILE {

using State = ResponseParser::State;

State feed(ResponseParser& parser, std::string_view bytes, std::size_t piece) {
  State state = State::more;
  while (!bytes.empty() && state == State::more) {
    state = parser.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return state;
}

TEST(HttpResponseParser, ReadsAnAnswerHoweverItsBytesAreCut) {
  const std::string bytes =
      "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 201 Created\r\nA: 1\r\na: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: "
      "x\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    ResponseParser parser(false, 64);
    ASSERT_EQ(feed(parser, bytes, piece), State::done) << piece << parser.fault();
    EXPECT_TRUE(parser.keep_alive());
    const Response response = parser.take();
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.body, "abcde");
    ASSERT_EQ(response.headers.size(), 3u);
    EXPECT_EQ(*response.header("A"), "1");
  }
}

TEST(HttpResponseParser, TakesTheEndAsTheEndOfAnAnswerWithoutALength) {
  ResponseParser parser(false, 64);
  ASSERT_EQ(parser.feed("HTTP/1.1 200 OK\r\n\r\nabc"), State::more);
  ASSERT_EQ(parser.end(), State::done);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_EQ(parser.take().body, "abc");
}

TEST(HttpResponseParser, KnowsAnswersWithoutABody) {
  ResponseParser head(true, 64);
  EXPECT_EQ(head.feed("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), State::done);
  ResponseParser empty(false, 64);
  EXPECT_EQ(empty.feed("HTTP/1.1 204 No Content\r\n\r\n"), State::done);
}

TEST(HttpResponseParser, DoesNotTrustAConnectionThatSpokeOutOfTurn) {
  ResponseParser parser(false, 64);
  ASSERT_EQ(parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n"), State::done);
  EXPECT_FALSE(parser.keep_alive());
}

TEST(HttpResponseParser, BoundsWhatItKeeps) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const std::string& bytes :
       {head + "Content-Length: 65\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\n41\r\na",
        head + "\r\n" + std::string(65, 'a'), head + "A: " + std::string(70000, 'a'),
        head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(70000, 'a')}) {
    ResponseParser parser(false, 64);
    EXPECT_EQ(feed(parser, bytes, 1000), State::too_large) << bytes.substr(0, 60);
  }
}

TEST(HttpResponseParser, RefusesWhatIsMalformed) {
  std::string endless;
  for (int i = 0; i < 20; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  for (const std::string& bytes :
       {std::string("SSH-2.0-OpenSSH\r\n\r\n"), std::string("HTTP/1.1 abc OK\r\n\r\n"),
        std::string("HTTP/2.0 200 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
        std::string("HTTP/1.1 101 Switching\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab"), endless}) {
    ResponseParser parser(false, 64);
    EXPECT_EQ(feed(parser, bytes, 5), State::malformed) << bytes;
  }
  for (const std::string bytes : {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
    ResponseParser parser(false, 64);
    ASSERT_EQ(parser.feed(bytes), State::more);
    EXPECT_EQ(parser.end(), State::malformed) << bytes;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::http
