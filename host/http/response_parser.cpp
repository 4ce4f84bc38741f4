#include "host/http/response_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "milepost/http.hpp"

namespace milepost::http {

namespace {
namespace beast = boost::beast;
constexpr std::size_t kMaxHead = 64 * 1024;
constexpr unsigned kMaxInterim = 16;
// Beast asserts this much when the last chunk comes in pieces. As much is always still to come: "0", CR LF, CR LF.
constexpr std::size_t kLeastChunk = 5;
}  // namespace

struct ResponseParser::Message : beast::http::basic_parser<false> {
  using Base = beast::http::basic_parser<false>;
  using Field = beast::http::field;
  using View = beast::string_view;
  using Code = beast::error_code;

  Message(bool head_only, std::size_t max_body_bytes) {
    skip(head_only);
    eager(true);
    header_limit(kMaxHead);
    body_limit(max_body_bytes);
  }

  void on_request_impl(beast::http::verb, View, View, int, Code&) override {}
  void on_response_impl(int code, View, int, Code&) override { response.status = code; }
  void on_field_impl(Field field, View name, View value, Code& code) override {
    if (in_body) return;  // a trailer: nothing here reads one
    // Any other coding would reach the caller undecoded, or make the length a guess.
    if (field == Field::transfer_encoding && !same_header({value.data(), value.size()}, "chunked"))
      code = beast::http::error::bad_transfer_encoding;
    response.headers.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(Code&) override { in_body = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Code&) override {
    if (length) response.body.reserve(static_cast<std::size_t>(*length));  // below body_limit: checked by then
  }
  std::size_t on_body_impl(View body, Code&) override {
    response.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, Code& code) override { return on_body_impl(body, code); }
  void on_finish_impl(Code&) override {}

  Response response;
  bool in_body = false;
};

ResponseParser::ResponseParser(bool head_only, std::size_t max_body_bytes)
    : message_(std::make_unique<Message>(head_only, max_body_bytes)),
      max_body_bytes_(max_body_bytes),
      head_only_(head_only) {}

ResponseParser::~ResponseParser() = default;

bool ResponseParser::keep_alive() const { return message_->keep_alive() && !trailing_; }

Response ResponseParser::take() { return std::move(message_->response); }

ResponseParser::State ResponseParser::refuse(State state, std::string why) {
  fault_ = std::move(why);
  return state;
}

ResponseParser::State ResponseParser::feed(std::string_view bytes) {
  started_ = started_ || !bytes.empty();
  rest_.append(bytes);
  return advance();
}

ResponseParser::State ResponseParser::advance() {
  for (;;) {
    beast::error_code code;
    std::size_t used = 0;
    while (!message_->is_done()) {
      const std::size_t least = message_->is_header_done() && message_->chunked() ? kLeastChunk : 1;
      if (rest_.size() - used < least) break;
      const std::size_t taken =
          message_->put(boost::asio::const_buffer(rest_.data() + used, rest_.size() - used), code);
      used += taken;
      if (code || taken == 0) break;
    }
    rest_.erase(0, used);
    if (code == beast::http::error::need_more) code = {};
    if (code == beast::http::error::body_limit)
      return refuse(State::too_large, "the answer is larger than " + std::to_string(max_body_bytes_) + " bytes");
    if (code == beast::http::error::header_limit)
      return refuse(State::too_large, "the answer's head is larger than 64 KiB");
    if (code) return refuse(State::malformed, "the answer is not HTTP/1.1: " + code.message());
    if (!message_->is_done()) {
      // A chunk's line or the trailers, which no limit of the parser covers.
      if (rest_.size() > kMaxHead) return refuse(State::too_large, "the answer's head is larger than 64 KiB");
      return State::more;
    }
    if (message_->response.status / 100 != 1) {
      trailing_ = !rest_.empty();
      return State::done;
    }
    if (message_->response.status == 101) return refuse(State::malformed, "the answer switches protocols unasked");
    if (++interim_ > kMaxInterim) return refuse(State::malformed, "too many interim answers");
    message_ = std::make_unique<Message>(head_only_, max_body_bytes_);
    if (rest_.empty()) return State::more;
  }
}

ResponseParser::State ResponseParser::end() {
  if (!message_->got_some()) return refuse(State::malformed, "the connection was closed before an answer");
  beast::error_code code;
  message_->put_eof(code);
  if (code || !message_->is_done()) return refuse(State::malformed, "the answer was cut short");
  return State::done;
}

}  // namespace milepost::http
